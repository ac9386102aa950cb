"""A sandbox of its own for these tests: attempts remove images and fill the engine, so nobody shares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport import hub, sandbox
from labsupport.errors import NoEngine
from labsupport.exercises import cheats
from labsupport.exercises.stage import Bench


@pytest.fixture(scope="session")
def bench(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An engine to prove exercises on, with a filled hub; a skip that says why where none can run.

    The folders that attempts work in are below the learner's home of this run: drivers share that with the engine.
    """
    name = "proofs"
    try:
        box = sandbox.start(lambda line: print(line, file=sys.stderr), name)
    except NoEngine as error:
        if pytestconfig.getoption("--require-engine"):
            raise
        pytest.skip(f"no engine here: {error}")
    try:
        hub.fill(box, lambda line: print(line, file=sys.stderr))
        folder = sandbox.paths.work() / name
        folder.mkdir(parents=True, exist_ok=True)
        made = Bench(box.client(), box.environment(), Path(folder), reach="machine")
        cheats.neighbours(made)  # go with the sandbox
        yield made
    finally:
        sandbox.purge(name)
