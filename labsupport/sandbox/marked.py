"""Which folders are the course's own. `stop --purge` removes these, whole, and nothing else.

Each is marked by a file in it, written when the course makes the folder. Folders of earlier versions have no mark and
are known by what lies in them. What lies beside them was put there by somebody else, and stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from labsupport.errors import SandboxError
from labsupport.sandbox import paths

MARK = ".made-by-containers-course"
_TEXT = "The course made this folder. `python3 -m labsupport stop --purge` removes it with all that is in it.\n"
_PURGE = "python3 -m labsupport stop --purge"

# The folders in the cache, and what tells that the course made one without a mark: a file or folder in it, and a key
# that a JSON file has. Those of _SEVERAL hold one such folder for each sandbox, set of packages, or run of `verify`.
_KNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "sandbox": (("settings.json", "sockets"), ("state.json", "docker_host")),
    "packages": (("packages.json", "wanted"), ("apt/sources.list", ""), ("archives/partial", "")),
    "jupyter": (("config/course.json", "ServerApp"), ("lab/workspaces", "")),
    "vm": (("kvm.json", "kvm fails on"),),
    "builder": (("cache/sandbox", ""), ("cache/jupyter", "")),
    "verify": (("cache/sandbox", ""),),
    "layers": (),
}
_SEVERAL = ("sandbox", "packages", "verify")
TRIALS = "engines.json"  # see known.py


def make(folder: Path) -> Path:
    """A folder of the course's own that only its owner may enter; marked, unless it was there with other things in it.

    Raises SandboxError where it can't be made or belongs to somebody else.
    """
    ours = not folder.is_dir() or not any(folder.iterdir()) or is_ours(folder)
    paths.make_private(folder)
    if ours and not (folder / MARK).exists():
        with contextlib.suppress(OSError):  # a full disk is told by what needs more room
            (folder / MARK).write_text(_TEXT)
    return folder


def is_ours(folder: Path) -> bool:
    """Whether the course made this folder: by its mark, or as earlier versions left it. A link is not."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    kind = folder.parent.name if folder.parent.name in _SEVERAL else folder.name
    return (folder / MARK).is_file() or any(_holds(folder / name, key) for name, key in _KNOWN.get(kind, ()))


def _holds(path: Path, key: str) -> bool:
    if not key:
        return path.exists()
    try:
        return key in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def folders(cache: Path) -> list[Path]:
    """The course's own folders in a cache folder, sorted."""
    candidates = [*(path for kind in _SEVERAL for path in cache.glob(f"{kind}/*"))]
    candidates += [cache / kind for kind in _KNOWN if kind not in _SEVERAL]
    return sorted(path for path in candidates if is_ours(path))


def files(cache: Path) -> list[Path]:
    """The course's single files there: locks, empty or with a process's number; a kept traceback; engines' trials."""
    locks = [path for path in (*cache.glob("packages/*.lock"), cache / "start.lock") if _begins(path, b"0123456789\n")]
    faults = [path for path in (cache / "fault.txt",) if _begins(path, b"Traceback (most recent call last):")]
    trials = [path for path in (cache / "packages" / TRIALS, cache / TRIALS) if _holds(path, "chosen")]
    return locks + faults + trials


def _begins(path: Path, of: bytes) -> bool:
    """Whether the first 34 bytes of a plain file are made of these."""
    try:
        return path.is_file() and not path.is_symlink() and not path.read_bytes()[:34].strip(of)
    except OSError:
        return False


def foreign(cache: Path) -> list[Path]:
    """What else lies in the cache folder."""
    ours = {*folders(cache), *files(cache)}
    found = []
    for path in sorted(cache.glob("*")):
        several = path.name in _SEVERAL and path.is_dir() and not path.is_symlink()
        found += [each for each in (sorted(path.glob("*")) if several else [path]) if each not in ours]
    return found


def refuse(folders: Iterable[Path], work: Path, again: str = _PURGE) -> None:
    """Raise SandboxError where removing these folders would take more than what the course put there.

    again is the command to type once that is mended.
    """
    folders = [folder.resolve() for folder in folders]
    for folder in folders:
        if work.resolve().is_relative_to(folder):
            raise SandboxError(
                "nothing was removed: your work lies in a folder that would go with it",
                seen=f"{work} lies in {folder}",
                next_command=f"mv {shlex.quote(str(work))} ~/containers-course-mine && {again}",
            )
    mounted = [point for folder in folders for point in mounts(folder)]
    if mounted:
        points = " ".join(shlex.quote(str(point)) for point in reversed(mounted))
        raise SandboxError(
            "nothing was removed: something else is mounted in a folder of the course's, and would be deleted with it",
            seen=", ".join(map(str, mounted)),
            next_command=f"umount {points} && {again}",
        )


def mounts(folder: Path) -> list[Path]:
    """The mount points at and below a folder, outer ones first (proc_pid_mountinfo(5); elsewhere by looking)."""
    top = folder.resolve()
    if sys.platform != "linux":
        return [Path(here) for here, _, _ in os.walk(top) if os.path.ismount(here)]
    points = {_unescaped(line.split()[4]) for line in Path("/proc/self/mountinfo").read_bytes().splitlines()}
    return sorted(point for point in points if point.is_relative_to(top))


def _unescaped(path: bytes) -> Path:
    """Space, tab, newline and backslash are octal there."""
    for code in (b"040", b"011", b"012", b"134"):
        path = path.replace(b"\\" + code, bytes([int(code, 8)]))
    return Path(os.fsdecode(path))


def remove(folder: Path) -> None:
    """Delete a folder of the course's own with all in it; links are removed, never followed. Raises SandboxError."""
    refuse([folder], paths.work())
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SandboxError(
            f"{folder} could not be removed whole",
            seen=str(error),
            next_command=f"sudo rm -r {shlex.quote(str(folder))}",
        ) from error
