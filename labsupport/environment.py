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

from labsupport.cli.steps import say, step
from labsupport.errors import CourseError

COURSE_LOCK = "requirements.txt"
TEST_LOCK = "requirements-test.txt"
# what the course and its tests take when installed, with room to unpack
_BYTES_NEEDED = 900_000_000


class EnvironmentFailed(CourseError):
    """`.venv` could not be made or filled."""

    exit_code = 6


def checkout() -> Path:
    """The folder this package lies in: the root of the checkout."""
    return Path(__file__).resolve().parent.parent


def folder(root: Path) -> Path:
    """Where the environment is: $LABSUPPORT_VENV, or `.venv` in the checkout."""
    return Path(os.environ.get("LABSUPPORT_VENV") or root / ".venv").absolute()


def base_python() -> str:
    """The interpreter that makes environments: outside of them, it is the running one."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def python_of(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


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
    _ensure_ensurepip()
    again = " again (the last set-up was interrupted)" if venv.exists() else ""
    with step(f"Making {venv} with Python {sys.version.split()[0]}{again}"):
        _run([base_python(), "-m", "venv", "--clear", str(venv)], "Python's venv module failed.")


def _works(venv: Path) -> bool:
    """True when the environment's own interpreter starts, is new enough and has pip."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 10))"
    try:
        return subprocess.run([python_of(venv), "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def _ensure_ensurepip() -> None:
    """Debian's python3 comes without ensurepip, which venv needs: install it as root, or say what to type."""
    try:
        # the name, not the module alone: an empty folder imports as a namespace package
        from ensurepip import version  # noqa: F401
    except ImportError:
        pass
    else:
        return
    debians_own = Path(sys.executable).resolve() == Path("/usr/bin/python3").resolve()
    package = "python3-venv" if debians_own else f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not shutil.which("apt-get"):
        raise EnvironmentFailed(
            f"{sys.executable} has no ensurepip, which Python's venv module needs.",
            next_command="install your system's package for Python's venv, then start again",
        )
    if os.geteuid() != 0:
        raise EnvironmentFailed(
            f"{sys.executable} has no ensurepip, which Python's venv module needs: package {package}.",
            next_command=f"sudo apt-get install {package}",
        )
    say(f"Python's venv module needs ensurepip; on Debian and Ubuntu that is the package {package}.")
    apt_install([package])


def apt_install(packages: list[str]) -> None:
    """Install Debian packages as root, saying the command; the package lists are fetched when they are needed.

    Raises EnvironmentFailed with apt-get's last lines.
    """
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step("$ " + " ".join(command)):
        # a fresh container image has no package lists at all, an old one has stale ones
        if subprocess.run(command, capture_output=True, env=env).returncode != 0:
            say("  $ apt-get update")
            _run(["apt-get", "update"], "apt-get update failed.", env)
            _run(command, "apt-get could not install " + ", ".join(packages) + ".", env)


def _install(root: Path, venv: Path, lock: str) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = {**read_stamp(venv), "state": "installing", "python": version}
    write_stamp(venv, stamp)
    count = len(re.findall(r"^[A-Za-z0-9]", (root / lock).read_text(), re.MULTILINE))
    with step(f"Installing the locked Python packages ({lock}, at most {count})"):
        uv = _get_uv(root, venv)
        done = uv is not None and _uv_install(uv, root / lock, venv)
        if not done:
            pip = [str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
            quiet = [] if sys.stderr.isatty() else ["-q"]
            _run(
                [*pip, *quiet, "--require-hashes", "-r", str(root / lock)],
                f"pip could not install {lock}.",
                show=sys.stderr.isatty(),
            )
    _put_checkout_on_path(root, venv)
    write_stamp(venv, {**stamp, "state": "complete", lock: lock_hash(root, lock)})


def _get_uv(root: Path, venv: Path) -> Path | None:
    """uv, by its own lines in the lock file: it installs the rest ten times as fast as pip. None without it."""
    uv = python_of(venv).with_name("uv.exe" if os.name == "nt" else "uv")
    lines = re.search(r"^uv==.*?(?=^[a-z])", (root / COURSE_LOCK).read_text() + "\nz", re.MULTILINE | re.DOTALL)
    if lines is None:
        return None
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        only = Path(scratch) / "uv.txt"
        only.write_text(lines.group(0))
        pip = [str(python_of(venv)), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
        got = subprocess.run([*pip, "--require-hashes", "-r", str(only)], capture_output=True)
    return uv if got.returncode == 0 and uv.exists() else None


def _uv_install(uv: Path, lock: Path, venv: Path) -> bool:
    env = dict(os.environ)
    # uv does not read pip's settings; a school's mirror, set for pip, must be the one that is asked
    settings = subprocess.run([python_of(venv), "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    mirror = re.search(r"^(?:global|install|:env:)\.index-url='(.+)'$", settings, re.MULTILINE)
    if mirror:
        env.setdefault("UV_DEFAULT_INDEX", mirror.group(1))
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    command = [
        str(uv),
        "pip",
        "install",
        *quiet,
        "--python",
        str(python_of(venv)),
        "--require-hashes",
        "-r",
        str(lock),
    ]
    shown = None if sys.stderr.isatty() else subprocess.DEVNULL
    return subprocess.run(command, env=env, stderr=shown).returncode == 0


def _put_checkout_on_path(root: Path, venv: Path) -> None:
    """Kernels run in the learner's folder: a .pth file makes `import labsupport` work there."""
    for packages in (venv / "Lib" / "site-packages", *venv.glob("lib/python3*/site-packages")):
        if packages.is_dir():
            (packages / "labsupport-checkout.pth").write_text(f"{root}\n")


def _run(command: list[str], failure: str, env: dict[str, str] | None = None, show: bool = False) -> None:
    done = subprocess.run(
        command,
        env=env,
        text=True,
        stderr=None if show else subprocess.STDOUT,
        stdout=None if show else subprocess.PIPE,
    )
    if done.returncode != 0:
        tail = [line for line in (done.stdout or "").splitlines() if line.strip()][-3:]
        seen = " | ".join(tail) or f"exit status {done.returncode}"
        if "No space left" in (done.stdout or ""):
            failure += " The disk is full."
        raise EnvironmentFailed(failure, seen=seen, next_command=" ".join(command))
