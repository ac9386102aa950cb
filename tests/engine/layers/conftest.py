"""Engines for the layer tests: a sandbox with the machine's own release, one with the newest, and any that is
given.

LABSUPPORT_TEST_ENGINES=unix:///one/socket,unix:///other/socket adds engines that have an image `busybox`; so the
containerd image store is tested where a person set one up (`dockerd --feature containerd-snapshotter=true`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from labsupport import hub, sandbox
from labsupport.errors import NoEngine
from labsupport.layers.connection import Connection, connect

GIVEN = [host for host in os.environ.get("LABSUPPORT_TEST_ENGINES", "").split(",") if host]


@dataclass
class Engine:
    """An engine, by its API and by the docker command."""

    environment: dict[str, str]

    @property
    def api(self) -> Connection:
        return connect(self.environment)

    def docker(self, *words: str, stdin: bytes | None = None, buildkit: bool = False) -> bytes:
        """Run docker; what it wrote to standard output."""
        done = subprocess.run(
            ["docker", *words],
            env={**self.environment, "DOCKER_BUILDKIT": str(int(buildkit))},
            input=stdin,
            capture_output=True,
        )
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.decode()}"
        return done.stdout

    def build(self, tag: str, dockerfile: str, *, buildkit: bool = False) -> None:
        self.docker("build", "-q", "-t", tag, "-", stdin=dockerfile.encode(), buildkit=buildkit)


@pytest.fixture(scope="module", params=["release", "newest", *GIVEN])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param in GIVEN:
        yield Engine({**os.environ, "DOCKER_HOST": request.param})
        return
    name = f"layers-{request.param}"
    os.environ["LABSUPPORT_ENGINE"] = request.param
    try:
        box = sandbox.start(lambda line: print(line, file=sys.stderr), name)
        hub.fill(box, lambda line: print(line, file=sys.stderr))
        made = Engine(box.environment())
        made.docker("pull", "-q", "busybox")
        yield made
    except NoEngine as error:
        if request.config.getoption("--require-engine"):
            raise
        pytest.skip(f"no engine here: {error}")
    finally:
        os.environ.pop("LABSUPPORT_ENGINE", None)
        sandbox.purge(name)
