"""Engines to prove exercises on: attempts remove images and fill them, so nobody shares one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from started import started

from labsupport import hub, sandbox
from labsupport.exercises import cheats
from labsupport.exercises.stage import Bench


@contextmanager
def bench_on(config: pytest.Config, name: str, seed: str = "proof", **wishes: str) -> Iterator[Bench]:
    """A sandbox of this name with a filled hub and other people's things around; a skip where none can run.

    The folders that attempts work in are below the learner's home of this run: drivers share that with the engine.
    wishes: as `started` takes them.
    """
    box = started(config, name, **wishes)
    try:
        hub.fill(box, lambda line: print(line, file=sys.stderr))
        folder = sandbox.paths.work() / name
        folder.mkdir(parents=True, exist_ok=True)
        made = Bench(box.client(), box.environment(), folder, seed, reach="machine")
        cheats.neighbours(made)  # go with the sandbox
        yield made
    finally:
        sandbox.purge(name)
