"""nbval runs every notebook top to bottom on a sandbox of the test's own and compares what each cell printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labsupport.lessons import Lesson, find
from labsupport.lessons.builder import load, load_verdicts
from labsupport.lessons.place import begin_anew, environment

SANITIZE = Path(__file__).parents[1] / "nbval-sanitize.cfg"
LESSONS = find()
pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(600)]


def nbval(notebook: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One strict nbval run in a process of its own: the kernel inherits this environment and so this sandbox."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-sanitize-with", str(SANITIZE),
               "--nbval-cell-timeout", "180", "-p", "no:cacheprovider", "-c", os.devnull,
               "--rootdir", str(notebook.parent), str(notebook)]  # fmt: skip
    return subprocess.run(command, env=environment, cwd=notebook.parent, capture_output=True, text=True, check=False)


def report(run: subprocess.CompletedProcess[str]) -> str:
    return (run.stdout + run.stderr)[-6000:]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_solutions_print_what_is_committed(lesson: Lesson, any_sb: Any) -> None:
    """On the oldest engine the course knows, and on the newest."""
    begin_anew(any_sb)
    run = nbval(lesson.solution, environment(any_sb))
    assert run.returncode == 0, report(run)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_learners_copy_untouched_says_not_yet(lesson: Lesson, sb: Any, tmp_path: Path) -> None:
    notebook = load(lesson.learner)
    assert notebook is not None
    answers = load_verdicts(lesson.unsolved)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.outputs, cell.execution_count = answers[cell.id].outputs, 1
    path = tmp_path / "notebooks" / lesson.learner.name
    path.parent.mkdir()
    (tmp_path / "labs").symlink_to(lesson.folder.parent)
    nbformat.write(notebook, path)
    begin_anew(sb)
    run = nbval(path, environment(sb))
    assert run.returncode == 0, report(run)


def test_nbval_would_notice(tmp_path: Path) -> None:
    """The way nbval is called here fails a notebook whose stored output is wrong (it once passed everything)."""
    cell = nbformat.v4.new_code_cell("print(1)", id="a", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    path = tmp_path / "wrong.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    run = nbval(path, dict(os.environ))
    assert run.returncode == 1, report(run)
    assert "Cell outputs differ" in run.stdout
