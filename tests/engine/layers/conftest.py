"""Engines for the layer tests: a sandbox with the machine's own release, one with the newest, one with the newest and
the containerd image store, and any that is given.

LABSUPPORT_TEST_ENGINES=unix:///one/socket,unix:///other/socket adds engines that have an image `busybox`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from layer_engines import BASE, DOCKERFILE, MADE, TOP, Engine
from started import started

from labsupport import hub, sandbox
from labsupport.oci.writing import Recipe, archive

WISHES = {
    "release": {"LABSUPPORT_ENGINE": "release"},
    "newest": {},
    "containerd": {"LABSUPPORT_STORE": "containerd"},
}
GIVEN = [host for host in os.environ.get("LABSUPPORT_TEST_ENGINES", "").split(",") if host]


@pytest.fixture(scope="package", params=[*WISHES, *GIVEN])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param in GIVEN:
        yield Engine({**os.environ, "DOCKER_HOST": request.param})
        return
    name = f"layers-{request.param}"
    box = started(request.config, name, **WISHES[request.param])
    try:
        hub.fill(box, lambda line: print(line, file=sys.stderr))
        made = Engine(box.environment())
        made.docker("pull", "-q", "busybox")
        yield made
    finally:
        sandbox.purge(name)


@pytest.fixture(scope="package")
def filled(engine: Engine) -> Iterator[Engine]:
    """Seven images made in seven ways."""
    engine.build("lt/classic", DOCKERFILE)
    engine.build("lt/buildkit", DOCKERFILE, buildkit=True)
    container = engine.docker("run", "-d", "busybox", "sh", "-c", "echo kept > /kept").decode().strip()
    engine.docker("wait", container)
    engine.docker("commit", "-m", "by hand", container, "lt/commit")
    exported = engine.docker("export", container)
    engine.docker("rm", container)
    engine.docker("import", "-", "lt/import", stdin=exported)
    rows = [("COPY a", False), ("ENV x", True), ("RUN rm gone", False)]
    engine.docker("load", stdin=archive([Recipe("lt/scratch:1", [BASE, TOP], rows)]))
    engine.docker("load", stdin=archive([Recipe("lt/gzip:1", [BASE, TOP, TOP])], compressed=True))
    engine.docker("load", stdin=archive([Recipe("lt/twice:1", [TOP, TOP])]))
    yield engine
    engine.docker("rmi", "-f", *MADE)
