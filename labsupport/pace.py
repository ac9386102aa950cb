"""Wait for a condition; and how slow this machine is now, so that a slow one gets longer before the answer is no.

A limit in seconds means seconds on an idle laptop: in an emulated or a busy machine what goes forward takes longer, and
must not be ended for it. The machine is measured only when the usual time is over. Standard library only.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

QUICK = 0.03  # seconds in which a laptop starts an empty Python
MOST = 30.0
Seen = TypeVar("Seen")


def until(condition: Callable[[], Seen], usual: float, *, every: float = 0.01) -> Seen:
    """The first true value of condition(), or its last one when the time (seconds, see above) has passed."""
    began, limit = time.monotonic(), usual
    while not (value := condition()):
        if (waited := time.monotonic() - began) > limit and waited > (limit := max(limit, seconds(usual))):
            break
        time.sleep(every)  # between two looks at a condition, never instead of one
    return value


def seconds(usual: float) -> float:
    """A limit for this machine, from that of an idle laptop; the same there, whole seconds where it is longer."""
    slow = factor()
    return usual if slow == 1 else math.ceil(usual * slow)


def factor() -> float:
    """1 on an idle laptop, 10 where programs take ten times as long to start; takes as long as two such starts."""
    return min(MOST, max(1.0, min(_once(), _once()) / QUICK))


def _once() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-IS", "-c", ""], stdin=subprocess.DEVNULL, check=False)
    return time.monotonic() - began
