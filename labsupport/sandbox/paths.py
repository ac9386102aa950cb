"""Where the course keeps things. LABSUPPORT_HOME, when set, holds all of it; else the platform's usual folders.

Only the standard library is needed before anything is installed, so platformdirs is imported on use.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from labsupport.errors import SandboxError

APPLICATION = "containers-course"
SCENES = "scenes"  # what exercises began with, in the sandbox's folder
CHECKOUT = Path(__file__).resolve().parents[2]

# sun_path holds 108 bytes on Linux and 104 on macOS (unix(7)); the longest name below the folder takes 40.
_LONGEST_SOCKET_FOLDER = 60


def home() -> Path | None:
    """The folder that holds everything, or None when the platform's usual folders are used."""
    value = os.environ.get("LABSUPPORT_HOME", "")
    return Path(value).expanduser().absolute() if value else None


def cache() -> Path:
    """Folder for what can be made again: the engine's programs, the sandboxes, the hub."""
    if root := home():
        return root / "cache"
    import platformdirs

    return platformdirs.user_cache_path(APPLICATION, appauthor=False)


def packages() -> Path:
    """The engine's programs, shared by all sandboxes (LABSUPPORT_PACKAGES names another folder, as the tests do)."""
    value = os.environ.get("LABSUPPORT_PACKAGES", "")
    return Path(value) if value else cache() / "packages"


def terminal_values() -> Path:
    """Shell lines with the values of the exercise at hand, for the course's terminals; no container can write here."""
    return cache() / "terminal-values.sh"


def work() -> Path:
    """The learner's working copy and progress: never deleted by us.

    Never the checkout (as after `git clone ... containers-course` in the home folder), where each save would be in the
    way of the next `git pull`, and never the cache: the same name with "-work" then. Whoever has a working copy under
    one of both names keeps it, wherever the checkout is moved to.
    """
    from labsupport.workcopy import MARK

    root = home()
    usual = root / "work" if root else Path.home() / APPLICATION
    choices = [usual, usual.with_name(f"{APPLICATION}-work")]
    apart = [folder for folder in choices if not overlap(folder, CHECKOUT)] or choices[1:]
    begun = [folder for folder in apart if (folder / MARK).is_dir()]
    return next(iter(begun or [folder for folder in apart if not overlap(folder, cache())] or apart))


def overlap(one: Path, other: Path) -> bool:
    """Whether two folders are the same or one lies in the other, whatever links lead there."""
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def sandbox_name() -> str:
    """Name of the sandbox this process uses (LABSUPPORT_SANDBOX, else "default")."""
    name = os.environ.get("LABSUPPORT_SANDBOX") or "default"
    if not name.replace("-", "").isalnum() or len(name) > 30:
        raise SandboxError(
            f"{name!r} cannot name a sandbox: use letters, digits and dashes, 30 at most",
            seen=f"LABSUPPORT_SANDBOX={name}",
            next_command="unset LABSUPPORT_SANDBOX",
        )
    return name


def sandbox(name: str) -> Path:
    """The state folder of one sandbox."""
    return cache() / "sandbox" / name


def sockets(name: str) -> Path:
    """A folder whose path is short enough for Unix sockets: the sandbox's own, or one below the temporary folder."""
    folder = sandbox(name) / "run"
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"{APPLICATION}-{digest}"


def make_private(folder: Path) -> Path:
    """Create a folder only its owner may enter; refuse one that somebody else made first."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(
            f"cannot create the folder {folder}",
            seen=str(error.strerror),
            next_command="choose a folder you can write to: export LABSUPPORT_HOME=/path/to/folder",
        ) from error
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise SandboxError(f"{folder} belongs to somebody else", seen=f"uid {folder.stat().st_uid}")
    return folder
