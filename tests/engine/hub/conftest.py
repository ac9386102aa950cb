"""Sandboxes for the hub's tests, apart from the one other tests use: here images are removed and tags moved."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from started import started

from labsupport import hub, sandbox

Docker = Callable[..., str]


@pytest.fixture(scope="module", params=["release", "newest"])
def box(request: pytest.FixtureRequest) -> Iterator[sandbox.Sandbox]:
    """A sandbox with a filled hub and no image in its engine: the oldest engine, then the newest."""
    made = started(request.config, f"hub-{request.param}", LABSUPPORT_ENGINE=request.param)
    hub.fill(made, lambda line: print(line, file=sys.stderr))
    yield made
    sandbox.purge(made.name)


@pytest.fixture
def room(request: pytest.FixtureRequest) -> Iterator[sandbox.Sandbox]:
    """A second sandbox, its hub empty: the learner's in a room without internet."""
    yield started(request.config, "hub-room", LABSUPPORT_ENGINE="newest")
    sandbox.purge("hub-room")


@pytest.fixture(scope="session")
def client() -> Callable[[sandbox.Sandbox], Docker]:
    """client(box)("pull", "web") runs docker there and returns all it wrote; fails=True expects a refusal."""
    return _client


def _client(box: sandbox.Sandbox) -> Docker:

    def run(*words: str, fails: bool = False, stdin: str = "") -> str:
        done = subprocess.run(
            ["docker", *words],
            env=box.environment(),
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    return run


@pytest.fixture
def docker(box: sandbox.Sandbox) -> Iterator[Docker]:
    """The client of the box's engine; containers and images are removed afterwards."""
    run = _client(box)
    yield run
    if containers := run("ps", "-aq").split():
        run("rm", "-f", *containers)
    if images := set(run("images", "-q").split()):
        run("rmi", "-f", *images)
