"""Find and end what a killed supervisor or engine left running; remove the cgroups it used. Linux, standard library.

Everything a sandbox starts carries its folder in the variable MARK of its environment (containerd hands it on to the
shims), and a container's process is a descendant of a shim. A container that `engine-host runc` has left is neither:
it lies in a cgroup of the sandbox's, and runc's state has its number. Nothing else is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

PROC = Path("/proc")
MARK = "COURSE_SANDBOX_FOLDER"
KEEPER = "COURSE_SANDBOX_SUPERVISOR"  # whose it is, by process id: a sandbox made anew has the same folder
SUPERVISOR = b"labsupport.sandbox.supervisor"
RUNC = "runc"  # the folder beside the sockets that holds its state


class Stat(NamedTuple):
    """A process as proc_pid_stat(5) has it. started: clock ticks since boot; with it, a pid means one process only."""

    name: str
    state: str
    parent: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it runs, and does not only wait to be reaped."""
        return self.state not in "ZX"


def stat(pid: int, proc: Path = PROC) -> Stat | None:
    """A process of this machine, None when there is none of that number."""
    try:
        with open(f"{proc}/{pid}/stat", errors="replace") as file:  # asked often while watching: no Path
            begin, _, end = file.read().rpartition(")")
        words = end.split()
        return Stat(begin.partition("(")[2], words[0], int(words[1]), words[19] if len(words) > 19 else "")
    except (OSError, IndexError, ValueError):
        return None


def pids() -> list[int]:
    """The ids of all processes of this machine; [] where there is no /proc."""
    return [int(name) for name in os.listdir(PROC) if name.isdigit()] if PROC.is_dir() else []


def descendants(roots: Iterable[int], links: Collection[tuple[int, int]]) -> set[int]:
    """The roots and all below them. links: (process id, its parent's); one may have had several parents."""
    found = set(roots)
    while more := {pid for pid, parent in links if parent in found} - found:
        found |= more
    return found


def _table() -> dict[int, tuple[int, bytes]]:
    """Process id -> (parent, environment) of what lives, see proc_pid_environ(5)."""
    table = {}
    for pid in pids():
        found = stat(pid)
        if found is None or not found.alive:
            continue
        with contextlib.suppress(OSError):
            environment = b""
            with contextlib.suppress(PermissionError):
                environment = (PROC / str(pid) / "environ").read_bytes()
            table[pid] = (found.parent, environment)
    return table


def leftovers(folder: str, variable: str = MARK) -> set[int]:
    """Processes whose environment names this folder in the variable (those of its sandbox), and their descendants."""
    table = _table()
    marker = os.fsencode(f"{variable}={folder}")
    marked = {pid for pid, (_, environment) in table.items() if marker in environment.split(b"\0")}
    return descendants(marked, [(pid, parent) for pid, (parent, _) in table.items()]) - {os.getpid()}


def supervisors(folder: str) -> set[int]:
    """Supervisors of this folder beside this process: one may live on after its folder, and lock, were removed."""
    found = set()
    for pid in pids():
        with contextlib.suppress(OSError):
            words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            if SUPERVISOR in words and words[-2:] == [os.fsencode(folder), b""]:
                found.add(pid)
    return found - {os.getpid()}


def parent(pid: int) -> int:
    """The parent of a process, 0 when there is none."""
    found = stat(pid)
    return found.parent if found else 0


def _runc_states(root: Path) -> Iterator[dict[str, Any]]:
    """What runc itself has written about each container it keeps below root."""
    for path in root.glob("*/state.json") if root.is_dir() else ():
        with contextlib.suppress(OSError, ValueError):
            yield json.loads(path.read_text())


def runc_containers(root: Path) -> set[int]:
    """First processes of the containers whose state runc keeps below root."""
    found = set()
    for told in _runc_states(root):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            pid = int(told["init_process_pid"])
            there = stat(pid) if pid > 0 else None
            if there and there.started == str(told["init_process_start"]):
                found.add(pid)
    return found


def remove_runc_state(root: Path) -> None:
    """Forget the containers, which have ended: their cgroups (runc 1.1 makes some at the top) and their state."""
    for told in _runc_states(root):
        with contextlib.suppress(AttributeError, TypeError):
            for path in told["cgroup_paths"].values():
                with contextlib.suppress(OSError):
                    os.rmdir(path)
    shutil.rmtree(root, ignore_errors=True)


def in_cgroups(name: str) -> set[int]:
    """Processes in the sandbox's cgroups; frozen ones are thawed, since version 1 lets them die no sooner."""
    # kernel 6.18 goes on listing a process that has ended, in the hierarchy perf_event: nobody could end it
    return {pid for pid in _listed(name) if stat(pid)}


def _listed(name: str) -> set[int]:
    """What the sandbox's cgroups list, thawed."""
    found = set()
    for folder in _cgroup_folders(name):
        with contextlib.suppress(OSError, ValueError):
            found |= {int(line) for line in (folder / "cgroup.procs").read_text().split()}
        with contextlib.suppress(OSError):
            if (state := folder / "freezer.state").exists():
                state.write_text("THAWED")
    # 0 stands for a process this one cannot see
    return found - {os.getpid(), 0}


def kill_leftovers(folder: str, sockets: str = "", cgroup: str = "", seconds: float = 5) -> None:
    """End them with SIGKILL and wait until they are gone: dockerd had its chance to stop containers gently.

    With sockets (the sandbox's folder of that name) also what runc has left, with cgroup what that cgroup still holds.
    """

    def left() -> set[int]:
        found = leftovers(folder) | supervisors(folder)
        found |= runc_containers(Path(sockets) / RUNC) if sockets else set()
        return found | (in_cgroups(cgroup) if cgroup else set())

    kill_all(left, seconds)


def kill_all(left: Callable[[], set[int]], seconds: float = 5) -> None:
    """Send SIGKILL to those that are left, until none is and those have ended, or the time is up."""
    deadline = time.monotonic() + seconds
    killed: dict[int, str] = {}  # process id -> when it started
    while time.monotonic() < deadline:
        # one that is ending has no environment to be found by any more, and is still in its cgroup
        ending = {pid for pid, started in killed.items() if (at := stat(pid)) and at.alive and at.started == started}
        found = left()
        if not found | ending:
            return
        for pid in found:
            if at := stat(pid):
                killed[pid] = at.started
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove_cgroups(name: str, seconds: float = 5) -> None:
    """Remove the sandbox's own cgroup folders, deepest first; those with processes in them stay (cgroups(7)).

    One whose last process has just ended is busy for a moment more: it is tried again for so long.
    """
    deadline = time.monotonic() + seconds
    while folders := _cgroup_folders(name):
        for folder in folders:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if _listed(name) or time.monotonic() > deadline:
            break
        time.sleep(0.01)  # between two looks at a condition


def _cgroup_folders(name: str) -> list[Path]:
    """The cgroup's folder and all below it, deepest first, in every hierarchy."""
    root = Path("/sys/fs/cgroup")
    parents = [root, *(path for path in root.glob("*") if path.is_dir())] if root.is_dir() else []
    return [Path(folder) for parent in parents for folder, _, _ in os.walk(parent / name, topdown=False)]
