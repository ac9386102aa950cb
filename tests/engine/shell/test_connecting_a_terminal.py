"""A notebook that `start` has not opened says that its terminals are not the sandbox's, and gives the line for one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kernels import kernel

from labsupport import hub, sandbox

pytestmark = pytest.mark.engine

# what a learner's terminal may have: an engine of their own, chosen in several ways
OWN = {
    "DOCKER_HOST": "tcp://192.0.2.1:2375",
    "DOCKER_CONTEXT": "mine",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": "/nowhere",
    "BUILDKIT_HOST": "tcp://192.0.2.1:1234",
}
PROBE = "echo x\"$DOCKER_CONTEXT$DOCKER_TLS_VERIFY$BUILDKIT_HOST\"; docker info -f '{{index .Labels 0}}'; pwd"


def learners() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, **OWN, "PATH": path, "LABSUPPORT_NO_VENV": "1", "SHELL": "/bin/bash"}


def test_a_notebook_opened_some_other_way_gives_the_line(sb: sandbox.Sandbox) -> None:
    with kernel(learners()) as running:
        seen = running.run("%load_ext labsupport")
        assert seen.error == ""
        assert "A terminal beside it is not" in seen.text("stdout")
        again = running.run("%reload_ext labsupport")
        assert again.streams == []
    line = next(line for line in seen.text("stdout").splitlines() if line.startswith("    ")).strip()
    for shell in ("bash", "dash"):
        done = subprocess.run(
            [shell, "-c", f"{line}\n{PROBE}"], env=learners(), cwd="/", capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == ["x", f"course.sandbox={sb.name}", "/"], done.stderr


def test_a_notebook_opened_by_start_says_nothing(sb: sandbox.Sandbox) -> None:
    hub.fill(sb, lambda line: None)  # as start has done
    with kernel(sb.environment()) as running:
        assert running.run("%load_ext labsupport").streams == []


def largest_layer(storage: Path, repository: str, tag: str) -> Path:
    """The file of an image's largest layer; others may lie in this registry, too."""

    def blob(digest: str) -> Path:
        word = digest.strip().removeprefix("sha256:")
        return storage / word[:2] / word / "data"

    link = storage.parents[1] / f"repositories/{repository}/_manifests/tags/{tag}/current/link"
    manifest = json.loads(blob(link.read_text()).read_text())
    while "layers" not in manifest:  # an index
        manifest = json.loads(blob(manifest["manifests"][0]["digest"]).read_text())
    return blob(max(manifest["layers"], key=lambda layer: int(layer["size"]))["digest"])


def test_a_damaged_image_is_mended_by_what_the_failed_cell_advises(sb: sandbox.Sandbox) -> None:
    """The engine finds a digest that is wrong, asks Docker Hub, and its error speaks of a host that was not found."""
    with kernel(sb.environment()) as running:
        assert running.run("%load_ext labsupport").error == ""
        storage = sb.directory / "hub/data/docker/registry/v2/blobs/sha256"
        if not storage.is_dir():
            pytest.skip("the hub's storage lies in a volume of another engine")
        with largest_layer(storage, "library/lua", "5.4").open("r+b") as file:
            file.write(bytes(1000))
        running.run("%shell --keep-going docker rmi -f $(docker images -q)")
        failed = running.run("%%shell\nfor image in busybox debian-tiny lua:5.4; do docker pull -q $image; done")
        if "registry-1.docker.io" in failed.text("stdout") + failed.text("stderr"):
            assert "next: %reload_ext labsupport" in failed.traceback
        assert failed.error
        assert "mending the hub" in running.run("%reload_ext labsupport").text("stdout")
        assert (
            running.run("%%shell\nfor image in busybox debian-tiny lua:5.4; do docker pull -q $image; done").error == ""
        )
