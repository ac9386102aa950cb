"""Progress lines: what is being done, and how long it took. Standard library only: the bootstrap uses them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str) -> None:
    """Print a line of progress on stderr at once: stdout is for what a command answers."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Print `doing ...` when the block starts and its duration in seconds when it ends without an error."""
    began = time.monotonic()
    say(f"{doing} ...")
    yield
    say(f"  done in {time.monotonic() - began:.1f} s")


class Reporter:
    """The `report` that sandbox and hub call with one line per step: each line shows the seconds since start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        say(f"  {time.monotonic() - self._began:5.1f} s  {line}")
