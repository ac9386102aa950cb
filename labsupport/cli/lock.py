"""Make the lock files anew: every dependency with its hashes, for all platforms and Python 3.10 and later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from labsupport.environment import COURSE_LOCK, TEST_LOCK
from labsupport.furnish import EnvironmentFailed, python_of


def lock(root: Path, upgrade: bool) -> None:
    """Write requirements-test.txt, then requirements.txt with the same versions, from pyproject.toml.

    Without upgrade the versions locked now are kept where they still fit. Raises EnvironmentFailed.
    """
    _compile(root, TEST_LOCK, ["--group", "test", *(["--upgrade"] if upgrade else [])])
    _compile(root, COURSE_LOCK, ["--constraint", TEST_LOCK, *(["--upgrade"] if upgrade else [])])


def _compile(root: Path, target: str, options: list[str]) -> None:
    uv = python_of(Path(sys.prefix)).with_name("uv")
    command = [
        *(str(uv), "pip", "compile", "--quiet", "pyproject.toml", "--output-file", target),
        *("--universal", "--python-version", "3.10", "--generate-hashes", "--no-annotate", "--group", "setup"),
        *("--custom-compile-command", "python3 -m labsupport lock"),
        *options,
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise EnvironmentFailed(
            f"{target} could not be made.",
            seen=" | ".join(done.stderr.strip().splitlines()[-3:]),
            next_command="pip install uv",
        )
