"""Fixtures shared by all tests. Everything happens below a temporary LABSUPPORT_HOME: never in the learner's sandbox.

The unpacked engine programs are kept between runs in the cache folder of the machine (LABSUPPORT_PACKAGES names
another), because fetching them is the slow part; all else is removed at the end.

Run in several processes (`-n 4`), each has a home and sandboxes of its own below that one, and, as root on Linux, a
network of its own: groups.py says what stays in one process.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import groups
import own_network
import pytest
from started import started

from labsupport import sandbox
from labsupport.errors import NoEngine
from labsupport.exercises import catalog
from labsupport.lessons import Lesson, find
from labsupport.sandbox import lifecycle, processes

RUN = "COURSE_TEST_RUN"  # in the environment of all that a run starts: its home
TIMEOUT = 900  # seconds; ends what hangs: several tests at once on a busy machine take a few minutes each
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")
CHOICES = ("LABSUPPORT_SANDBOX", "LABSUPPORT_ENGINE", "LABSUPPORT_DRIVER", "LABSUPPORT_STORE")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-engine", action="store_true", help="fail, not skip, where no engine can run")
    parser.addoption("--lesson", metavar="NN", help="only what is tested lesson by lesson, of this one")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give the whole run, its kernels and its commands one home of their own; in it each process one of its own."""
    # not in pyproject.toml: an environment without pytest-timeout would refuse the option, nbval's users' above all
    if config.pluginmanager.hasplugin("timeout") and config.getoption("timeout", None) is None:
        config.option.timeout = TIMEOUT
    worker = worker_of(config)
    if worker:
        home = Path(os.environ[RUN]) / worker
        home.mkdir()
    else:
        home = Path(tempfile.mkdtemp(prefix="course-test-"))
        os.environ[RUN] = str(home)
        os.environ["LABSUPPORT_PACKAGES"] = str(sandbox.paths.packages())
    os.environ["LABSUPPORT_HOME"] = str(home)
    for name in CHOICES:
        os.environ.pop(name, None)
    config.stash[_HOME] = home


def worker_of(config: pytest.Config) -> str:
    """The number of this process among those of pytest-xdist; "" in the one that gives them work, and alone."""
    return str(getattr(config, "workerinput", {}).get("workerid", "")).removeprefix("gw")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """One process of several is given ten seconds after this: it cleans up now, when its fixtures have."""
    if worker_of(session.config):
        _clean_up(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not worker_of(config) and (home := config.stash.get(_HOME, None)):
        _clean_up(config)
        # what a process that was killed has left
        processes.kill_all(lambda: processes.leftovers(str(home), RUN))


def _clean_up(config: pytest.Config) -> None:
    home = config.stash[_HOME]
    for folder in sorted([*home.glob("cache/sandbox/*"), *home.glob("*/cache/sandbox/*")]):
        os.environ["LABSUPPORT_HOME"] = str(folder.parents[2])
        sandbox.purge(folder.name)
    for supervisor in lifecycle._SUPERVISORS:
        supervisor.wait(30)
    if end := config.stash.get(_NETWORK, None):
        end()
    shutil.rmtree(home, ignore_errors=True)


_HOME = pytest.StashKey[Path]()
_NETWORK = pytest.StashKey[Callable[[], None]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those of the wanted lesson; the long ones first. Names must be the same in every process of one run."""
    if named_by_place := [item.nodeid for item in items if ADDRESS.search(item.nodeid)]:
        raise pytest.UsageError(f"a place in memory is no name for a test, say ids=[...]: {named_by_place[0]}")
    if wanted := config.getoption("--lesson"):
        chosen = [item for item in items if _is_of(item, find(wanted))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    items.sort(key=_rank)


def _is_of(item: pytest.Item, lessons: list[Lesson]) -> bool:
    """Whether a test is called with one of these lessons, or with an exercise of theirs."""
    words = item.callspec.id if hasattr(item, "callspec") else ""
    exercises = [exercise.id for lesson in lessons for exercise in catalog.load(lesson.folder).exercises]
    return words in exercises or any(lesson.name in words for lesson in lessons)


def _rank(item: pytest.Item) -> int:
    return 0 if item.get_closest_marker("slow") else 1 if groups.needs_ports(item) else 2


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """One process of several tells its groups, and gets a network of its own if any test will need ports."""
    if not worker_of(session.config):
        return
    home, networks = session.config.stash[_HOME], own_network.possible()
    groups.write(session.items, home, networks)
    if networks and any(map(groups.needs_ports, session.items)):
        # where no engine can be had its tests skip, and say why
        with contextlib.suppress(NoEngine):
            session.config.stash[_NETWORK] = own_network.enter(home, lambda line: print(line, file=sys.stderr))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """What a fixture of many tests wishes for itself would choose for the next test in this process too."""
    yield
    left = {name: os.environ.pop(name) for name in CHOICES if name in os.environ}
    assert not left, f"the variables of this test's fixtures stay: {left}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> groups.Groups:
    return groups.Groups(config, log, config.stash[_HOME])


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
