"""One `start` at a time for one home: from its first look until its JupyterLab answers, and again while it undoes.

The lock is a file that the kernel lets go of when its holder ends, however it ends (flock(2)). It holds the number of
the holder's process, for `stop`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from labsupport.errors import SandboxError
from labsupport.sandbox import paths, state

WAIT_SECONDS = 1800.0  # the other one may fetch an engine over a slow line
_END_SECONDS = 60  # its undo stops an engine, which takes up to half of it


def _path() -> Path:
    return paths.cache() / "start.lock"


@contextlib.contextmanager
def held(waiting: Callable[[int], None] = lambda pid: None, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the home's lock. Where another process has it: call waiting(its number), wait until it ends, go on.

    Raises SandboxError after so many seconds, or where the cache folder can't be made.
    """
    paths.make_private(_path().parent)
    with only_one(_path(), waiting, seconds, lambda pid: "python3 -m labsupport stop"):
        yield


@contextlib.contextmanager
def only_one(
    path: Path, waiting: Callable[[int], None], seconds: float, advice: Callable[[int], str]
) -> Iterator[None]:
    """Hold any such lock; advice(the number of the process that has it) is what ends a wait that took too long."""
    deadline = time.monotonic() + seconds
    told = False
    while (file := _take(path)) is None:
        other = state.holder(path)
        if not told:
            waiting(other)
            told = True
        if time.monotonic() > deadline:
            raise SandboxError(
                f"another start has been at work for {seconds / 60:.0f} minutes",
                seen=f"process {other}",
                next_command=advice(other),
            )
        time.sleep(0.1)
    with file:
        yield


def _take(path: Path) -> IO[bytes] | None:
    """The lock's open file, or None. A purge may remove the file between opening and locking it: then another try."""
    with contextlib.suppress(FileNotFoundError):
        file = state.try_lock(path)
        if file is None:
            return None
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                state.write_holder(file)
                return file
        file.close()
    return None


def holder() -> int:
    """The process that holds the lock now; 0 when none does."""
    return state.holder(_path())


def end_other(report: Callable[[str], None]) -> None:
    """End the start that is at work, if one is, with all it has started: SIGTERM, and SIGKILL if that does not help."""
    pid = holder()
    if not pid or pid == os.getpid():
        return
    report(f"Ending the start that is at work (process {pid}) ...")
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + _END_SECONDS
        while holder() == pid:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        else:
            return
