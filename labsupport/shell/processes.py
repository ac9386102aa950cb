"""End every process a command started, now or when this Python process dies.

A command runs in a session of its own (setsid(2)), so its group does not get the signals meant for the
kernel. Two things find its processes again: the session, and a mark in their environment, which also finds
those that left the session (`setsid`, a double fork). The mark is never seen inside a container: the engine,
not the command, starts those processes.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator

MARK = "LABSUPPORT_COMMAND"
GRACE = 2.0

_count = itertools.count(1)


def new_mark() -> str:
    """A value for the environment variable MARK that no other command on this machine carries."""
    return f"{os.getpid()}-{time.time_ns():x}-{next(_count)}"


def end_all(leader: int, mark: str, *, grace: float = GRACE, reap: Callable[[], object] = lambda: None) -> None:
    """TERM to every process of the command, KILL to what is left after `grace` seconds.

    leader is the pid of the session's first process (0 when it is not known yet); reap is called while
    waiting, so that the caller collects its own children. A KeyboardInterrupt meanwhile skips the grace.
    """
    try:
        _signal_all(leader, mark, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            reap()
            if not any(_members(leader, mark)):
                return
            time.sleep(0.02)
    finally:
        # Again and again: a process may have forked between our look and our signal.
        for _ in range(50):
            reap()
            if not _signal_all(leader, mark, signal.SIGKILL):
                break
            time.sleep(0.02)


def session_alive(leader: int) -> bool:
    """Whether a process group led by `leader` still has a member (a background process, for one)."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal_all(leader: int, mark: str, number: signal.Signals) -> int:
    found = list(_members(leader, mark))
    for pid in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return len(found)


def _members(leader: int, mark: str) -> Iterator[int]:
    import psutil

    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if (leader and os.getsid(process.pid) == leader) or process.environ().get(MARK) == mark:
                yield process.pid
        except (psutil.Error, OSError):
            # Gone meanwhile, or another user's: not ours to end.
            continue


# One small shell for the whole life of this Python process. It reads which commands begin (?), by their mark, and
# which sessions run (+) no more (-); when this process is gone (the kernel was killed or restarted) its input ends,
# and it ends what is left. A command that has begun and whose session was not told yet is found by its mark (Linux).
_WATCH = """
trap '' INT HUP TERM
list= marks=
without() { for each in $2; do [ "$each" = "$1" ] || printf ' %s' "$each"; done; }
while read -r what id mark; do
  case $what in
    '?') marks="$marks $id" ;;
    +) list="$list $id" marks=$(without "$mark" "$marks") ;;
    -) list=$(without "$id" "$list") ;;
  esac
done
[ -n "$list$marks" ] || exit 0
end() {
  for each in $list; do kill -s "$1" -- "-$each"; done
  for each in $marks; do
    for file in $(grep -l "$NAME=$each" /proc/[0-9]*/environ); do
      pid=${file#/proc/}
      kill -s "$1" "${pid%/environ}"
    done
  done
}
end TERM
sleep 2
end KILL
"""


class Watch:
    """Ends the sessions still listed when this Python process is gone, even by SIGKILL."""

    def __init__(self) -> None:
        self._write = -1
        self._owner = 0
        self._listed: set[int] = set()

    def expect(self, mark: str) -> None:
        """A command with this mark is about to begin."""
        self._say(f"? {mark}")

    def add(self, leader: int, mark: str) -> None:
        """List the session of a command; those that ended meanwhile (background processes) are taken off first."""
        for other in [each for each in self._listed if not session_alive(each)]:
            self.remove(other)
        self._listed.add(leader)
        self._say(f"+ {leader} {mark}")

    def remove(self, leader: int) -> None:
        """Take an ended session off the list, so that a later process with its number is not ended."""
        self._listed.discard(leader)
        self._say(f"- {leader}")

    def _say(self, line: str) -> None:
        if self._owner != os.getpid():
            self._start()
        try:
            os.write(self._write, f"{line}\n".encode())
        except BrokenPipeError:
            # Somebody ended the watch; a new one learns the whole list.
            os.close(self._write)
            self._start()
            known = [f"+ {each}" for each in self._listed]
            os.write(self._write, "".join(f"{each}\n" for each in (line, *known)).encode())

    def _start(self) -> None:
        read, self._write = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        # A group of its own: a kernel is killed together with its whole process group.
        os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", _WATCH],
            {"PATH": os.environ.get("PATH", os.defpath), "NAME": MARK},
            file_actions=[(os.POSIX_SPAWN_DUP2, read, 0)] + [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (1, 2)],
            setpgroup=0,
        )
        os.close(read)
        os.close(null)
        self._owner = os.getpid()


watch = Watch()
