"""Fill a virtual environment: pip and uv from the lock file, and what venv needs from the system.

Standard library only: it runs before anything is installed. See environment.py for when it runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from labsupport.errors import CourseError
from labsupport.steps import say, step


class EnvironmentFailed(CourseError):
    """`.venv` could not be made or filled."""

    exit_code = 6


def base_python() -> str:
    """The interpreter that makes environments: outside of them, it is the running one."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def python_of(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure_ensurepip() -> None:
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
            run(["apt-get", "update"], "apt-get update failed.", env)
            run(command, "apt-get could not install " + ", ".join(packages) + ".", env)


def install(venv: Path, lock: Path) -> None:
    """Install a lock file's packages, hashes checked: with uv where it can be had, else with pip.

    Raises EnvironmentFailed with pip's last lines.
    """
    uv = _get_uv(venv, lock)
    if uv is not None and _uv_install(uv, venv, lock):
        return
    quiet = [] if sys.stderr.isatty() else ["-q"]
    run(
        [*_pip(venv), "install", *quiet, "--require-hashes", "-r", str(lock)],
        f"pip could not install {lock.name}.",
        show=sys.stderr.isatty(),
    )


def _pip(venv: Path) -> list[str]:
    return [str(python_of(venv)), "-m", "pip", "--disable-pip-version-check", "--no-input"]


def _get_uv(venv: Path, lock: Path) -> Path | None:
    """uv, by its own lines in the lock file: it installs the rest ten times as fast as pip. None without it."""
    uv = python_of(venv).with_name("uv.exe" if os.name == "nt" else "uv")
    lines = re.search(r"^uv==.*?(?=^[a-z])", lock.read_text() + "\nz", re.MULTILINE | re.DOTALL)
    if lines is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        only = Path(scratch) / "uv.txt"
        only.write_text(lines.group(0))
        command = [*_pip(venv), "install", "-q", "--no-cache-dir", "--require-hashes", "-r", str(only)]
        got = subprocess.run(command, capture_output=True)
    return uv if got.returncode == 0 and uv.exists() else None


def _uv_install(uv: Path, venv: Path, lock: Path) -> bool:
    env = dict(os.environ)
    # uv does not read pip's settings; a school's mirror, set for pip, must be the one that is asked
    settings = subprocess.run([*_pip(venv), "config", "list"], capture_output=True, text=True).stdout
    mirror = re.search(r"^(?:global|install|:env:)\.index-url='(.+)'$", settings, re.MULTILINE)
    if mirror:
        env.setdefault("UV_DEFAULT_INDEX", mirror.group(1))
    command = [str(uv), "pip", "install", "--python", str(python_of(venv)), "--require-hashes", "-r", str(lock)]
    # who does not use uv must not find half a gigabyte of its cache; from inside .venv, files are linked, not copied
    cache = venv / ".uv-cache"
    if "UV_CACHE_DIR" not in env and not (Path.home() / ".cache" / "uv").exists():
        command += ["--cache-dir", str(cache)]
    shown = None if sys.stderr.isatty() else subprocess.DEVNULL
    done = subprocess.run(command, env=env, stderr=shown).returncode == 0
    shutil.rmtree(cache, ignore_errors=True)
    return done


def put_on_path(venv: Path, checkout: Path) -> None:
    """Kernels run in the learner's folder: a .pth file makes `import labsupport` work there."""
    for packages in (venv / "Lib" / "site-packages", *venv.glob("lib/python3*/site-packages")):
        if packages.is_dir():
            # code, in ASCII: Python reads a line that is a path in the locale's encoding, which knows few letters in C
            line = f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(checkout)!r}))\n"
            (packages / "labsupport-checkout.pth").write_text(line, encoding="ascii")


def run(command: list[str], failure: str, env: dict[str, str] | None = None, show: bool = False) -> None:
    """Run a command; where it fails, raise EnvironmentFailed with its last three lines (they were shown with show)."""
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
