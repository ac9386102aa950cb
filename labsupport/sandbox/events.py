"""Record the engine's event stream as JSON lines, and read it back.

`record` follows `GET /events` (Engine API) for as long as the sandbox runs: it reconnects after the engine was
restarted and asks for what it missed, so a line is written once. One JSON object a line, as the engine sent it.
The supervisor runs it in a thread; as a process: `python -m labsupport.sandbox.events DOCKER_HOST FILE`.

A health check makes three events a second, and nobody asks for them: of commands run in a container the log has the
first start of each, of health nothing. What still grows past two files is given up from its beginning, and the log
remembers up to when.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labsupport.sandbox import api

LARGEST = 16_000_000  # bytes; then the log starts anew and the old one is kept as FILE.1
_NOISE = ("exec_create", "exec_die", "exec_detach", "health_status", "resize", "top")
_MOST_COMMANDS = 10_000  # as many different ones are remembered
_RETRY = 0.5  # seconds between attempts to reach an engine that is away


def identity(event: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two readings of one event the same."""
    actor = event.get("Actor") or {}
    return (event.get("timeNano"), event.get("Type"), event.get("Action"), actor.get("ID"))


def follow(
    docker_host: str, since: int, certificates: str = "", stop: threading.Event | None = None
) -> Iterator[dict[str, Any]]:
    """The engine's events from `since` (nanoseconds since the epoch) on, until stop is set or the engine goes away.

    Raises OSError or http.client.HTTPException when it cannot be reached.
    """
    with closing(api.connection(docker_host, certificates, timeout=None)) as connection:
        connection.request("GET", f"/events?since={quote(f'{since // 10**9}.{since % 10**9:09d}')}")
        if stop is not None:
            threading.Thread(target=_hang_up, args=(stop, connection.sock), daemon=True).start()
        with closing(connection.getresponse()) as response:
            if response.status != 200:
                raise http.client.HTTPException(f"GET /events: {response.status}")
            while line := response.readline():
                if line.strip():
                    yield json.loads(line)


def _hang_up(stop: threading.Event, link: socket.socket) -> None:
    """End the stream when stop is set: an engine told to end waits five seconds for a client that still listens."""
    stop.wait()
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


def _last(path: Path) -> int:
    recorded = read(path, 0)
    return int(recorded[-1].get("timeNano", 0)) if recorded else 0


def record(docker_host: str, path: Path, stop: threading.Event | None = None, *, certificates: str = "") -> None:
    """Append the engine's events to path until stop is set (or forever). An engine that is away is waited for.

    docker_host: "unix:///path" or "tcp://host:port"; certificates: the folder with ca.pem, cert.pem, key.pem.
    Setting stop ends the recorder at once, on a silent engine too.
    """
    stop = stop or threading.Event()
    path.parent.mkdir(parents=True, exist_ok=True)
    last = _last(path)
    seen: set[tuple[Any, ...]] = {identity(event) for event in read(path, last / 1e9)}
    commands: set[tuple[Any, ...]] = set()
    while not stop.is_set():
        try:
            for event in follow(docker_host, last, certificates, stop):
                if stop.is_set():
                    return
                if identity(event) in seen:
                    continue
                moment = int(event.get("timeNano", 0))
                seen = {identity(event)} if moment > last else seen | {identity(event)}
                last = max(last, moment)
                if _counts(event, commands):
                    _append(path, event)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the engine is away or ended in the middle of a line; ask again from the last event on
        stop.wait(_RETRY)


def _counts(event: dict[str, Any], commands: set[tuple[Any, ...]]) -> bool:
    """Whether the log needs this event; commands are those that were seen to start, by container."""
    action = str(event.get("Action", ""))
    if event.get("Type") != "container" or action.split(":")[0] in _NOISE:
        return event.get("Type") != "container"
    if not action.startswith("exec_start"):
        return True
    command = ((event.get("Actor") or {}).get("ID"), action)
    if command in commands or len(commands) >= _MOST_COMMANDS:
        return False
    commands.add(command)
    return True


def _append(path: Path, event: dict[str, Any]) -> None:
    if path.exists() and path.stat().st_size > LARGEST:
        if gone := _last(path.with_name(path.name + ".1")):
            _lost_file(path).write_text(str(gone), encoding="ascii")
        path.replace(path.with_name(path.name + ".1"))
    # One write of one line in append mode: a reader sees whole lines, or none of it.
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(event, separators=(",", ":")) + "\n")


def _lost_file(path: Path) -> Path:
    return path.with_name(path.name + ".lost")


def lost(path: Path) -> float:
    """Up to when (seconds since the epoch) events were given up; 0 when the log has them all."""
    try:
        return int(_lost_file(path).read_text(encoding="ascii")) / 1e9
    except (OSError, ValueError):
        return 0


def read(path: Path, since: float = 0) -> list[dict[str, Any]]:
    """The recorded events from `since` (seconds since the epoch) on, oldest first; none when there is no log."""
    found: list[dict[str, Any]] = []
    for part in (path.with_name(path.name + ".1"), path):
        try:
            lines = part.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # the half line of a recorder that was killed
            if isinstance(event, dict) and int(event.get("timeNano", 0)) >= since * 1e9 - 1000:
                found.append(event)
    return found


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]))
