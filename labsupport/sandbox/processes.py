"""Find and end what a killed supervisor or engine left running; remove the cgroups it used. Linux, standard library.

Everything a sandbox starts carries its folder in the variable MARK of its environment (containerd hands it on to the
shims), and a container's process is a descendant of a shim. Nothing else is touched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")
MARK = "COURSE_SANDBOX_FOLDER"


def _table() -> dict[int, tuple[int, bytes]]:
    """Process id -> (parent, environment) of what lives, see proc_pid_stat(5) and proc_pid_environ(5)."""
    table = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                status, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if status in "ZX":
                    continue
                environment = b""
                with contextlib.suppress(PermissionError):
                    environment = (entry / "environ").read_bytes()
                table[int(entry.name)] = (int(parent), environment)
    return table


def leftovers(folder: str) -> set[int]:
    """Processes of the sandbox whose folder this is, and their descendants."""
    table = _table()
    marker = os.fsencode(f"{MARK}={folder}")
    found = {pid for pid, (_, environment) in table.items() if marker in environment.split(b"\0")}
    while more := {pid for pid, (parent, _) in table.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def kill_leftovers(folder: str, seconds: float = 5) -> None:
    """End them with SIGKILL and wait until they are gone: dockerd had its chance to stop containers gently."""
    deadline = time.monotonic() + seconds
    while (pids := leftovers(folder)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove_cgroups(name: str) -> None:
    """Remove the sandbox's own cgroup folders, deepest first; they hold no process any more (cgroups(7))."""
    root = Path("/sys/fs/cgroup")
    for parent in [root, *(path for path in root.glob("*") if path.is_dir())] if root.is_dir() else []:
        top = parent / name
        if top.is_dir():
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
