"""Fixtures: the engine's programs, a learner's machine, and an engine of the learner's on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from learners_machine import Computer, LearnersEngine

from labsupport.errors import NoEngine
from labsupport.sandbox import engine
from labsupport.sandbox.driver import is_root


@pytest.fixture(scope="session")
def programs(pytestconfig: pytest.Config) -> engine.Engine:
    """The newest engine's programs, fetched once."""
    if sys.platform != "linux" or not is_root():
        pytest.skip("needs root on Linux: it makes namespaces to play another machine in")
    try:
        return engine.get(lambda line: print(line, file=sys.stderr))
    except NoEngine as error:
        if pytestconfig.getoption("--require-engine"):
            raise
        pytest.skip(f"no engine here: {error}")


@pytest.fixture
def computer(programs: engine.Engine) -> Iterator[Computer]:
    """A machine without any engine."""
    made = Computer(Path(programs.roots[-1]))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def learners_engine(computer: Computer, programs: engine.Engine) -> Iterator[LearnersEngine]:
    """The learner's own engine on that machine."""
    made = LearnersEngine(computer, programs)
    try:
        yield made
    finally:
        made.close()
