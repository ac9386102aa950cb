"""Fixtures shared by all tests. Everything happens below a temporary LABSUPPORT_HOME: never in the learner's sandbox.

The unpacked engine programs are kept between runs in the cache folder of the machine (LABSUPPORT_PACKAGES names
another), because fetching them is the slow part; all else is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport import sandbox
from labsupport.errors import NoEngine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-engine", action="store_true", help="fail, not skip, where no engine can run")


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole run, its kernels and its commands one home of their own."""
    if hasattr(config, "workerinput"):
        return  # an xdist worker inherits the controller's home
    os.environ["LABSUPPORT_PACKAGES"] = str(sandbox.paths.packages())
    home = tempfile.mkdtemp(prefix="course-test-")
    os.environ["LABSUPPORT_HOME"] = home
    for name in ("LABSUPPORT_SANDBOX", "LABSUPPORT_ENGINE", "LABSUPPORT_DRIVER", "LABSUPPORT_STORE"):
        os.environ.pop(name, None)
    config.stash[_HOME] = Path(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    home = config.stash.get(_HOME, None)
    if home is None:
        return
    os.environ["LABSUPPORT_HOME"] = str(home)
    for folder in sorted((home / "cache" / "sandbox").glob("*")):
        sandbox.purge(folder.name)
    shutil.rmtree(home, ignore_errors=True)


_HOME = pytest.StashKey[Path]()


def started(config: pytest.Config, name: str, **wishes: str) -> sandbox.Sandbox:
    """A started sandbox, or a skip (a failure with --require-engine) that says why there is none.

    wishes: LABSUPPORT_ENGINE="release", LABSUPPORT_STORE="containerd"; set for the start only, since another sandbox
    may be started while this one is in use.
    """
    os.environ.update(wishes)
    try:
        return sandbox.start(lambda line: print(line, file=sys.stderr), name)
    except NoEngine as error:
        if config.getoption("--require-engine"):
            raise
        pytest.skip(f"no engine here: {error}")
    finally:
        for wish in wishes:
            os.environ.pop(wish, None)


@pytest.fixture(scope="session")
def sb(pytestconfig: pytest.Config) -> sandbox.Sandbox:
    """The sandbox of this test run, with the newest engine; kernels and commands find it as "default"."""
    return started(pytestconfig, "default")


@pytest.fixture(scope="session", params=["release", "newest"])
def any_sb(request: pytest.FixtureRequest) -> Iterator[sandbox.Sandbox]:
    """A sandbox with the machine's own release of the engine, then one with the newest: the floor and the ceiling."""
    if request.param == "newest":
        yield request.getfixturevalue("sb")
        return
    yield started(request.config, "release", LABSUPPORT_ENGINE="release")
    sandbox.purge("release")


@pytest.fixture(scope="session")
def containerd_sb(pytestconfig: pytest.Config) -> Iterator[sandbox.Sandbox]:
    """A sandbox whose engine keeps images in the containerd image store, the newest engine; named "containerd"."""
    yield started(pytestconfig, "containerd", LABSUPPORT_STORE="containerd")
    sandbox.purge("containerd")
