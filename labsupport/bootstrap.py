"""From a bare Python to the course's commands: find or make the environment, go on inside it.

Standard library only. Where the running interpreter already has the dependencies (a conda environment made from
environment.yml, an activated virtual environment, or LABSUPPORT_NO_VENV=1), it is used and no `.venv` is made.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from labsupport import environment, furnish
from labsupport.environment import COURSE_LOCK, TEST_LOCK
from labsupport.errors import CourseError
from labsupport.steps import say


def main(argv: list[str]) -> int:
    """Run a command of the course, setting up `.venv` first where that is needed; return the exit status."""
    try:
        root = environment.checkout()
        lock = TEST_LOCK if argv[:1] == ["test"] else COURSE_LOCK
        if not _ready_here(root, lock):
            return _again_inside(environment.ensure(root, lock), argv)
    except KeyboardInterrupt:
        say("\nInterrupted. The same command goes on from here.")
        return 130
    except CourseError as error:
        say(str(error))
        return error.exit_code
    from labsupport.cli.main import run

    return run(argv)


def _ready_here(root: Path, lock: str) -> bool:
    """True when the running interpreter is the one to use."""
    if not (root / "pyproject.toml").exists():
        return True  # installed as a package: whoever installed it brought the dependencies
    venv = environment.folder(root)
    if Path(sys.prefix) == venv:
        return _venv_is_whole(root, venv, lock)
    if os.environ.get("LABSUPPORT_NO_VENV"):
        missing = environment.missing_here(root, lock)
        if missing:
            raise furnish.EnvironmentFailed(
                f"LABSUPPORT_NO_VENV is set, and {sys.executable} lacks packages of the course.",
                seen="missing: " + ", ".join(missing),
                next_command="conda env create -f environment.yml",
            )
        return True
    # activated or called by its path: a complete environment is used, and gets no second one beside it
    apart = sys.prefix != sys.base_prefix or (Path(sys.prefix) / "conda-meta").is_dir()
    activated = sys.prefix in (os.environ.get("CONDA_PREFIX"), os.environ.get("VIRTUAL_ENV"))
    return (apart or activated) and not environment.missing_here(root, lock)


def _venv_is_whole(root: Path, venv: Path, lock: str) -> bool:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = environment.read_stamp(venv)
    if stamp and stamp.get("python") != version:
        # the system's Python moved on under the environment: its packages are in another version's folder
        environment.write_stamp(venv, {**stamp, "state": "installing"})
        base = furnish.base_python()
        os.execv(base, [base, "-m", "labsupport", *sys.argv[1:]])
    return environment.is_current(root, venv, lock)


def _again_inside(python: Path, argv: list[str]) -> int:
    command = [str(python), "-m", "labsupport", *argv]
    if os.name == "nt":  # exec on Windows starts a second process and lets the first end: the prompt comes back
        return subprocess.run(command).returncode
    os.execv(command[0], command)
