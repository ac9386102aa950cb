"""What one sandbox is and how it is doing, as JSON files in its folder; written whole or not at all.

    settings.json   written by `start`, read by the supervisor: what to run
    state.json      written by the supervisor, read by everyone: how it runs
    supervisor.lock held by the supervisor as long as it lives: the kernel lets go of it, whatever ends the process
    notices.jsonl   what a learner should hear about (the engine was restarted ...)

Standard library only: the supervisor imports it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import IO, Any

SETTINGS, STATE, LOCK, NOTICES = "settings.json", "state.json", "supervisor.lock", "notices.jsonl"
SUPERVISOR_LOG, ENGINE_LOG = "supervisor.log", "engine.log"


@dataclasses.dataclass
class Settings:
    """What the supervisor is asked to run."""

    name: str
    directory: str
    sockets: str
    driver: str
    engine: dict[str, Any] = dataclasses.field(default_factory=dict)
    writable: list[str] = dataclasses.field(default_factory=list)
    guarded: list[str] = dataclasses.field(default_factory=list)  # folders in these that the engine may not write to
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    store: str = "graph"  # of the data (see store.py); sandboxes made before there was a choice have no such line

    @property
    def own_name(self) -> str:
        """What this sandbox's things outside its folder are called; two homes may each have a sandbox of this name."""
        digest = hashlib.sha256(self.directory.encode()).hexdigest()[:8]
        return f"containers-course-{self.name}-{digest}"


@dataclasses.dataclass
class State:
    """How a sandbox runs. status is starting, ready, failed or stopped; ports are those of 127.0.0.1, 0 when none."""

    status: str
    driver: str = ""
    engine_version: str = ""
    store: str = ""
    docker_host: str = ""
    certificates: str = ""
    supervisor: int = 0
    registry_port: int = 0
    login_registry_port: int = 0
    restarts: int = 0
    error: str = ""


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically: a killed process or a full disk never leaves half a file (rename(2))."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    write_text(path, json.dumps(value, indent=1))


def write_text(path: Path, text: str) -> None:
    """Replace a text file in the same way; only its owner may read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def read_settings(directory: Path) -> Settings:
    return Settings(**json.loads((directory / SETTINGS).read_text(encoding="utf-8")))


def read_state(directory: Path) -> State:
    """The last state written; status "stopped" where there is none that can be read."""
    try:
        found = State(**json.loads((directory / STATE).read_text(encoding="utf-8")))
        if isinstance(found.status, str) and isinstance(found.supervisor, int):
            return found
    except (OSError, ValueError, TypeError):
        pass
    return State(status="stopped")


def add_notice(directory: Path, text: str) -> None:
    """Tell the learner something at the next command."""
    with (directory / NOTICES).open("a", encoding="utf-8") as file:
        file.write(json.dumps(text) + "\n")


def notices(directory: Path, offset: int) -> tuple[list[str], int]:
    """The notices written after offset (bytes), and the new offset."""
    try:
        with (directory / NOTICES).open("rb") as file:
            file.seek(offset)
            lines = file.read().splitlines(keepends=True)
    except OSError:
        return [], 0
    whole = [line for line in lines if line.endswith(b"\n")]
    texts = []
    for line in whole:
        # what somebody else, or a full disk, left there is no notice
        with contextlib.suppress(ValueError):
            if isinstance(text := json.loads(line), str):
                texts.append(text)
    return texts, offset + sum(map(len, whole))


def try_lock(path: Path) -> IO[bytes] | None:
    """Take a lock that lasts as long as the file stays open; None when another process holds it (flock(2))."""
    file = path.open("a+b")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def write_holder(lock: IO[bytes]) -> None:
    """Write this process's number into a lock it holds."""
    lock.truncate(0)
    lock.write(b"%d\n" % os.getpid())
    lock.flush()


def holder(path: Path) -> int:
    """The process that holds a lock, by the number it wrote there; 0 where none holds it, -1 where it wrote none."""
    if not is_held(path):
        return 0
    try:
        return int(path.read_bytes() or b"-1")
    except (OSError, ValueError):
        return -1


def is_held(path: Path) -> bool:
    """Whether some process holds the lock in this file."""
    if not path.exists():
        return False
    try:
        file = try_lock(path)
    except OSError:
        return False
    if file is None:
        return True
    file.close()
    return False


def supervised(directory: Path) -> bool:
    """Whether a supervisor lives: its lock is held."""
    return is_held(directory / LOCK)


def size(path: Path) -> int:
    """The bytes of a file, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def tail(path: Path, lines: int = 12) -> str:
    """The end of a log file, for an error message."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
