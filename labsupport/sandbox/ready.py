"""Wait until an engine answers: as long as something goes forward, however slow the machine is.

Going forward is: the engine's log grows, its processes compute, or one of them waits for the disk (state D of
proc_pid_stat(5)). A slow disk is then no failure, and a hung engine still is. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from labsupport.sandbox import api, processes, state
from labsupport.sandbox.driver import Driver

Booted = TypeVar("Booted")

STILL_SECONDS = 60  # without anything going forward
MOST_SECONDS = 1800
LOOK_SECONDS = 5
# an engine that waits for nothing still computes a little now and then
_BUSY = 0.02  # seconds of computing in each second
# dockerd gives its containerd 15 s to answer, on every machine, and ends (moby, libcontainerd/supervisor)
_TOO_SLOW = "timeout waiting for containerd to start"
MOST_BOOTS = 5


def patiently(driver: Driver, boot: Callable[[], Booted]) -> Booted:
    """boot(), and again where dockerd gave containerd too little time: its programs are in memory by then.

    Raises RuntimeError with boot()'s reason for any other, and when it was tried MOST_BOOTS times.
    """
    for left in reversed(range(MOST_BOOTS)):
        seen = state.size(driver.engine_log)
        try:
            return boot()
        except RuntimeError:
            with contextlib.suppress(OSError), driver.engine_log.open(errors="replace") as log:
                log.seek(seen)
                if left and _TOO_SLOW in log.read():
                    driver.stop()
                    continue
            raise
    raise AssertionError("the last boot returns or raises")


def wait(
    driver: Driver,
    what: str,
    answers: Callable[[], bool] | None = None,
    stopping: Callable[[float], bool] | None = None,
) -> None:
    """Return when the engine (or what else `answers` asks) does. Raises RuntimeError with the reason it will not.

    stopping(seconds) waits so long and says whether to give up.
    """
    answers = answers or (lambda: api.answers(driver.docker_host, driver.certificates))
    began = looked = forward = time.monotonic()
    before = _Progress.of(driver)
    while not answers():
        if name := driver.ended():
            raise RuntimeError(f"{name} ended ({driver.exit_status(name)}) before {what} answered")
        now = time.monotonic()
        if now - looked > LOOK_SECONDS:
            current = _Progress.of(driver)
            if current.since(before, now - looked):
                forward = now
            looked, before = now, current
        if now - forward > STILL_SECONDS:
            raise RuntimeError(f"{what} did not answer within {now - began:.0f} s, and nothing went forward any more")
        if now - began > MOST_SECONDS:
            raise RuntimeError(f"{what} did not answer within {MOST_SECONDS / 60:.0f} minutes")
        if stopping is None:
            time.sleep(0.01)
        elif stopping(0.01):
            raise RuntimeError("stopped while starting")


class _Progress:
    """What the engine's log and processes have done so far."""

    def __init__(self, log: int, computed: float, waits: bool) -> None:
        self.log, self.computed, self.waits = log, computed, waits

    @classmethod
    def of(cls, driver: Driver) -> _Progress:
        log = state.size(driver.engine_log)
        computed, waits = 0.0, False
        for pid in processes.leftovers(str(driver.directory)) if processes.PROC.is_dir() else ():
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = Path(f"{processes.PROC}/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
                computed += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                waits = waits or fields[0] == "D"
        return cls(log, computed, waits)

    def since(self, before: _Progress, seconds: float) -> bool:
        return self.waits or self.log > before.log or self.computed - before.computed > _BUSY * seconds
