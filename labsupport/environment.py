"""The Python environment of a checkout: `.venv` made from the lock files, and the stamp that says it is whole.

Standard library only, and Python 3.10 must be able to read it: it runs before anything is installed.
The stamp is written "installing" before the first package and "complete" after the last, so an interrupted
installation is told from a whole one without asking pip (a second start must not pay for that).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labsupport import furnish
from labsupport.furnish import EnvironmentFailed, base_python, python_of
from labsupport.steps import say, step

COURSE_LOCK = "requirements.txt"
TEST_LOCK = "requirements-test.txt"
# what the course and its tests take when installed, with room to unpack
_BYTES_NEEDED = 900_000_000


def checkout() -> Path:
    """The folder this package lies in: the root of the checkout."""
    return Path(__file__).resolve().parent.parent


def folder(root: Path) -> Path:
    """Where the environment is: $LABSUPPORT_VENV, or `.venv` in the checkout."""
    return Path(os.environ.get("LABSUPPORT_VENV") or root / ".venv").absolute()


def lock_hash(root: Path, lock: str) -> str:
    return hashlib.sha256((root / lock).read_bytes()).hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    """The stamp's content: `state`, `python`, and one hash for each lock file installed; {} when there is none."""
    try:
        stamp = json.loads((venv / "labsupport.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(venv: Path, stamp: dict[str, str]) -> None:
    # rename is atomic: a full disk or a power cut must not leave half a stamp that reads as a whole one
    part = venv / "labsupport.json.part"
    part.write_text(json.dumps(stamp, indent=1) + "\n")
    part.replace(venv / "labsupport.json")


def is_current(root: Path, venv: Path, lock: str) -> bool:
    """True when the environment holds what the lock file asks for (the test lock includes the course's)."""
    stamp = read_stamp(venv)
    if stamp.get("state") != "complete" or not python_of(venv).exists():
        return False
    wanted = (TEST_LOCK,) if lock == TEST_LOCK else (COURSE_LOCK, TEST_LOCK)
    return any(stamp.get(name) == lock_hash(root, name) for name in wanted)


def required(root: Path, key: str) -> list[str]:
    """The names under `key` (`dependencies`, a dependency group) in pyproject.toml. Python 3.10 has no tomllib."""
    text = (root / "pyproject.toml").read_text()
    block = re.search(rf"^{key} = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    return re.findall(r'^\s*"([A-Za-z0-9._-]+)', block.group(1), re.MULTILINE) if block else []


def missing_here(root: Path, lock: str) -> list[str]:
    """What a lock file is made from (pyproject.toml) and the running interpreter does not have."""
    from importlib import metadata

    names = required(root, "dependencies") + (required(root, "test") if lock == TEST_LOCK else [])
    missing = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    return missing


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the checkout's set-up lock: two starts at the same time must not fill one `.venv` together."""
    try:
        import fcntl
    except ImportError:  # Windows: two starts at once are told apart by pip's own errors only
        yield
        return
    # pyproject.toml itself is locked: a lock file of our own would have to be cleaned away, or ignored by git
    with (root / "pyproject.toml").open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is setting up this checkout; waiting for it ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks (some NFS): better unlocked than not at all
        yield


def ensure(root: Path, lock: str) -> Path:
    """Make or complete the environment, doing only what is missing; return its interpreter.

    Raises EnvironmentFailed: no venv module, a read-only checkout, a full disk, a package that can't be had.
    """
    venv = folder(root)
    if is_current(root, venv, lock):
        return python_of(venv)
    with only_one(root):
        if is_current(root, venv, lock):
            return python_of(venv)
        _refuse_early(venv)
        try:
            _make(venv)
            _install(root, venv, lock)
        except OSError as error:
            raise EnvironmentFailed(
                f"{venv} could not be written.", seen=str(error), next_command="python3 -m labsupport start"
            ) from error
    return python_of(venv)


def _refuse_early(venv: Path) -> None:
    place = venv if venv.exists() else venv.parent
    if not os.access(place, os.W_OK):
        raise EnvironmentFailed(
            f"The course keeps its Python packages in {venv}, and that can't be written.",
            seen=f"no write access to {place}",
            next_command="LABSUPPORT_VENV=$HOME/.labsupport-venv python3 -m labsupport start",
        )
    free = shutil.disk_usage(place).free
    if not read_stamp(venv).get("state") == "complete" and free < _BYTES_NEEDED:
        raise EnvironmentFailed(
            "The disk is too full for the course's Python packages.",
            seen=f"{free / 1e6:.0f} MB free at {place}, {_BYTES_NEEDED / 1e6:.0f} MB needed",
            next_command=f"df -h {place}",
        )


def _make(venv: Path) -> None:
    stamp = read_stamp(venv)
    if stamp.get("state") == "complete" and python_of(venv).exists():
        return
    if not stamp and _works(venv):
        return  # somebody else's .venv, or one that lacked only its packages
    furnish.ensure_ensurepip()
    again = " again (the last set-up was interrupted)" if venv.exists() else ""
    with step(f"Making {venv} with Python {sys.version.split()[0]}{again}"):
        furnish.run([base_python(), "-m", "venv", "--clear", str(venv)], "Python's venv module failed.")


def _works(venv: Path) -> bool:
    """True when the environment's own interpreter starts, is new enough and has pip."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 10))"
    try:
        return subprocess.run([python_of(venv), "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def _install(root: Path, venv: Path, lock: str) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = {**read_stamp(venv), "state": "installing", "python": version}
    write_stamp(venv, stamp)
    count = len(re.findall(r"^[A-Za-z0-9]", (root / lock).read_text(), re.MULTILINE))
    with step(f"Installing the locked Python packages ({lock}, at most {count})"):
        furnish.install(venv, root / lock)
    furnish.put_on_path(venv, root)
    # one lock only: the hash of another would speak of versions that were just replaced
    write_stamp(venv, {"state": "complete", "python": version, lock: lock_hash(root, lock)})
