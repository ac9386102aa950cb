"""Who comes and goes on this machine, and which sockets a process has: read from /proc (proc(5)). Linux only.

A process that lives for a tenth of a second, such as runc, is in no `ps` that anybody types. `watching` looks again
and again while something happens, and remembers everyone it saw.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from labsupport.sandbox.processes import PROC, descendants, pids, stat

PAUSE = 0.0005  # seconds between two looks
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True)
class Process:
    """One process under one name: `runc init` that becomes `sleep` is seen twice, with the same pid.

    first: seconds after the watch began; parent: the pid of its parent at that moment.
    """

    pid: int
    parent: int
    name: str
    command: str
    first: float = 0.0


def processes() -> dict[int, tuple[int, str]]:
    """Every process of this machine now: pid -> (pid of its parent, name), see proc_pid_stat(5)."""
    # one may have ended between the two calls
    return {pid: (found.parent, found.name) for pid in pids() if (found := stat(pid))}


def command_of(pid: int) -> str:
    """The command line of a process; "" when it has none or has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def described(pid: int) -> Process:
    """A process as it is now. Raises KeyError when there is none of that number."""
    found = stat(pid)
    if found is None:
        raise KeyError(pid)
    return Process(pid, found.parent, found.name, command_of(pid))


@contextmanager
def watching() -> Iterator[list[Process]]:
    """Within the block, note every process that appears; the list grows as they do, in the order they were seen."""
    seen: list[Process] = []
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(set(pids()), seen, ended), daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _watch(before: set[int], seen: list[Process], ended: threading.Event) -> None:
    """Look at those who were not there before, so that a look takes less than a millisecond."""
    known: dict[tuple[int, str], int] = {}  # where in seen
    began = time.monotonic()
    while not ended.wait(PAUSE):
        for pid in pids():
            found = None if pid in before else stat(pid)
            if not found:
                continue
            at = known.setdefault((pid, found.name), len(seen))
            if at == len(seen):
                seen.append(Process(pid, found.parent, found.name, command_of(pid), time.monotonic() - began))
            elif not seen[at].command:  # execve(2) gives the name before the command line
                seen[at] = replace(seen[at], command=command_of(pid))


def family(seen: list[Process], *roots: int) -> list[Process]:
    """Those who were seen and descend from one of the roots, or are one."""
    kin = descendants(roots, [(each.pid, each.parent) for each in seen])
    return [each for each in seen if each.pid in kin]


def peer(line: socket.socket) -> int:
    """The pid of who listens at the other end of a connected Unix socket (SO_PEERCRED, unix(7)); 0 if not local."""
    if line.family != socket.AF_UNIX:
        return 0
    credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def listens(pid: int) -> list[str]:
    """The paths of the Unix sockets on which a process listens, sorted; [] when that may not be read."""
    folder = PROC / str(pid)
    own = set()
    try:
        rows = [line.split() for line in (folder / "net" / "unix").read_text(errors="replace").splitlines()[1:]]
        for entry in (folder / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed between the two calls
                if match := _SOCKET.match(str(entry.readlink())):
                    own.add(match[1])
    except OSError:
        return []
    # net/unix: Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is __SO_ACCEPTCON, "listens"
    return sorted({row[7] for row in rows if len(row) > 7 and row[6] in own and int(row[3], 16) & 0x10000})
