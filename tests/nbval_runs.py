"""nbval, strictly, on notebooks of the course: each run in a process of its own, in a sandbox of a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labsupport import hub, sandbox
from labsupport.lessons.place import begin_anew, environment

SANITIZE = Path(__file__).with_name("nbval-sanitize.cfg")
# jsonschema imports this where it is, for a format that notebooks have not; it takes longer than all the rest of pytest
PYTEST = """
import sys
sys.modules["rfc3987_syntax"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
Run = subprocess.CompletedProcess[str]


@dataclass
class Place:
    """A sandbox to run notebooks in: what leads a process there as the learner "course", and its working folder."""

    sandbox: sandbox.Sandbox
    environment: Mapping[str, str]
    work: Path


@contextmanager
def place(home: Path, engine: str = "", store: str = "") -> Iterator[Place]:
    """A sandbox below this home with its hub filled, until the end."""
    variables = {"LABSUPPORT_HOME": str(home), "LABSUPPORT_PACKAGES": str(sandbox.paths.packages())}
    variables |= {"LABSUPPORT_ENGINE": engine} if engine else {}
    with _variables({**variables, "LABSUPPORT_STORE": store}):
        box = sandbox.start(_nobody)
        hub.fill(box, _nobody)
        made = Place(box, {**environment(box), **variables}, sandbox.paths.work())
    try:
        yield made
    finally:
        with _variables(variables):
            sandbox.purge()


def nbval(notebook: Path, where: Place | None = None, *, words: Sequence[str] = ("--nbval",)) -> Run:
    """One run, in a place that is emptied first; without one, as this process is. words: how nbval compares."""
    if where:
        begin_anew(where.sandbox, where.work)
    return subprocess.run(
        [sys.executable, "-c", PYTEST, *nbval_words(notebook, words)],
        env=alone(where.environment if where else os.environ),
        cwd=notebook.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip


def nbval_words(notebook: Path, words: Sequence[str]) -> list[str]:
    """What pytest is called with."""
    return ["-q", *words, "--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", "480", "-p", "nbval.plugin",
            "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(notebook.parent), str(notebook)]  # fmt: skip


def alone(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with which pytest loads no plugin but those it is told to."""
    return {**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


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
