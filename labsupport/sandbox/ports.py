"""TCP ports of this machine's 127.0.0.1: which are free, and which every driver of the sandbox can publish."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable

# where the sandbox is a container on another engine, its ports are fixed when it is made; other drivers take any.
# Lessons use the first two ranges, exercises the last.
LESSONS = (*range(8000, 8010), *range(8080, 8100))
EXERCISES = range(8100, 8150)
PUBLISHED = (*LESSONS, *EXERCISES)


def is_free(port: int) -> bool:
    """Whether a port of 127.0.0.1 can be listened on now."""
    with socket.socket() as sock:
        if os.name == "posix":
            # connections of a listener that has ended do not matter; elsewhere the option means something else
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(wish: int = 0) -> int:
    """The wished port of 127.0.0.1 when it is free, else any free one."""
    if wish and is_free(wish):
        return wish
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def taken(said: str, wanted: Iterable[int]) -> set[int]:
    """Which of the wanted ports cannot be had, after an engine that was to publish them has refused with these words.

    Engines name one such port (`... 127.0.0.1:8080 ... address already in use`, `port is already allocated`, `cannot
    listen on the TCP port: listen tcp4 127.0.0.1:8080`); the others are asked of the machine. Empty: it was not a port.
    """
    if not re.search(r"already in use|already allocated|not available|cannot listen|proxy already running", said):
        return set()
    named = {int(port) for port in re.findall(r"[\d.\]]:(\d+)\b", said)}
    return {port for port in wanted if port in named or not is_free(port)}


_claimed: dict[int, int] = {}  # port -> the descriptor that keeps it


def claim(port: int) -> bool:
    """Whether this process has the port among all of the course's on this machine, until it ends.

    A port is free until a container publishes it: in between, another notebook's sandbox would be told the same one.
    The claim is a name that one process at a time can have, unix(7), "abstract"; elsewhere than on Linux there is none.
    """
    if port in _claimed or sys.platform != "linux":
        return True
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.bind(f"\0containers-course-port-{port}")
        except OSError:
            return False
        _claimed[port] = sock.detach()
    return True
