"""nbval, strictly, on notebooks of the course: each run in a process of its own, in a sandbox of a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from labsupport.lessons.place import Place, begin_anew, fresh

SANITIZE = Path(__file__).with_name("nbval-sanitize.cfg")
# jsonschema imports this where it is, for a format that notebooks have not; it takes longer than all the rest of pytest
PYTEST = """
import sys
sys.modules["rfc3987_syntax"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
Run = subprocess.CompletedProcess[str]


@contextmanager
def place(home: Path, engine: str = "", store: str = "") -> Iterator[Place]:
    """A sandbox below this home with its hub filled, until the end."""
    with fresh(home, LABSUPPORT_ENGINE=engine, LABSUPPORT_STORE=store) as made:
        yield made


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
    """What pytest is called with; notebooks/conftest.py would boot a place of its own instead of ours."""
    return ["-q", "--noconftest", *words, "--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", "480",
            "-p", "nbval.plugin", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(notebook.parent),
            str(notebook)]  # fmt: skip


def alone(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with which pytest loads no plugin but those it is told to."""
    return {**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
