"""nbval, strictly, on notebooks of the course: each run in a process of its own, in a sandbox of a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from labsupport import hub, sandbox

SANITIZE = Path(__file__).with_name("nbval-sanitize.cfg")
IN_PLACE = """
import subprocess, sys
from labsupport import sandbox
from labsupport.lessons.place import begin_anew, environment
sb = sandbox.attach()
begin_anew(sb)
sys.exit(subprocess.run(sys.argv[1:], env=environment(sb)).returncode)
"""
Run = subprocess.CompletedProcess[str]


@contextmanager
def place(home: Path, engine: str = "") -> Iterator[dict[str, str]]:
    """A sandbox below this home with its hub filled, until the end; yields the variables that lead a process there."""
    variables = {"LABSUPPORT_HOME": str(home), "LABSUPPORT_PACKAGES": str(sandbox.paths.packages())}
    variables |= {"LABSUPPORT_ENGINE": engine} if engine else {}
    with _variables(variables):
        hub.fill(sandbox.start(_nobody), _nobody)
    try:
        yield {**os.environ, **variables}
    finally:
        with _variables(variables):
            sandbox.purge()


def nbval(notebook: Path, environment: Mapping[str, str], *, begin_anew: bool = True) -> Run:
    """One run. begin_anew: in the sandbox that the environment leads to, emptied first, as the learner "course"."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-sanitize-with", str(SANITIZE),
               "--nbval-cell-timeout", "180", "-p", "no:cacheprovider", "-c", os.devnull,
               "--rootdir", str(notebook.parent), str(notebook)]  # fmt: skip
    if begin_anew:
        command = [sys.executable, "-c", IN_PLACE, *command]
    return subprocess.run(command, env=environment, cwd=notebook.parent, capture_output=True, text=True, check=False)


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in ("LABSUPPORT_SANDBOX", "LABSUPPORT_ENGINE", "LABSUPPORT_DRIVER", "LABSUPPORT_STORE"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _nobody(line: str) -> None:
    """Steps of a start nobody watches."""
