"""`python -m pytest --nbval notebooks/solutions/01*.ipynb`: what the committed notebooks need to be compared.

They hold what the learner "course" saw in a sandbox where nothing had been done: so the run gets one of its own, which
is removed at the end, and the caller's own sandbox, work and progress are not touched.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEPT = pytest.StashKey[ExitStack]()
PLACE = pytest.StashKey[Any]()
LAST = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    """With nbval: the rules that mask ids, times and sizes, unless others are named."""
    if runs(config) and config.option.nbval_sanitize_with is None:
        config.option.nbval_sanitize_with = str(ROOT / "tests" / "nbval-sanitize.cfg")


def runs(config: pytest.Config) -> bool:
    """Whether nbval is there and asked for."""
    return bool(config.getoption("nbval", False) or config.getoption("nbval_lax", False))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Boot the sandbox, once it is known that there is a cell to run."""
    if not (runs(session.config) and session.items) or session.config.option.collectonly:
        return
    sys.path[:0] = [str(ROOT)]
    from labsupport.lessons.place import fresh

    # engines and their sockets end before the folder goes
    kept = session.config.stash[KEPT] = ExitStack()
    home = kept.enter_context(tempfile.TemporaryDirectory(prefix="course-nbval-", ignore_cleanup_errors=True))
    place = session.config.stash[PLACE] = kept.enter_context(fresh(Path(home)))
    os.environ.update(place.environment)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each notebook begins with an empty engine, before its kernel is started."""
    place, notebook = item.config.stash.get(PLACE, None), item.parent
    if place and notebook and item.config.stash.get(LAST, None) is not notebook:
        from labsupport.lessons.place import begin_anew

        item.config.stash[LAST] = notebook
        begin_anew(place.sandbox, place.work)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove it, also after Ctrl-C."""
    if KEPT in session.config.stash:
        session.config.stash[KEPT].close()
