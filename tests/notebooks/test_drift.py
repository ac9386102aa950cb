"""The committed notebooks are what the builder makes from `labs/`, and every checked cell was run.

nbval compares nothing in a cell without an execution count, so a stripped notebook would pass it in silence:
the second half of `check` is what makes the nbval tests mean something.
"""

from __future__ import annotations

import pytest

from labsupport.lessons import Lesson, cheatsheet, check, find, lint
from labsupport.lessons.builder import load, load_verdicts
from labsupport.lessons.source import ROOT
from labsupport.lessons.strip import BEGIN

LESSONS = find()


def test_there_are_lessons() -> None:
    assert LESSONS


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_notebooks_equal_their_source(lesson: Lesson) -> None:
    assert check(lesson.name) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_no_output_of_a_demonstration_is_an_error(lesson: Lesson) -> None:
    for path in (lesson.solution, lesson.learner):
        notebook = load(path)
        assert notebook is not None
        kinds = [out.output_type for cell in notebook.cells for out in cell.get("outputs", [])]
        assert kinds
        assert "error" not in kinds


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_no_output_names_a_folder_of_the_machine_that_built_it(lesson: Lesson) -> None:
    for path in (lesson.solution, lesson.learner):
        assert list(lint.no_home(load(path), lesson.folder)) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_learners_copy_holds_no_solution(lesson: Lesson) -> None:
    text = lesson.learner.read_text(encoding="utf-8")
    assert BEGIN not in text
    assert "END SOLUTION" not in text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_what_checks_say_unsolved_belongs_to_their_cells(lesson: Lesson) -> None:
    notebook = load(lesson.learner)
    assert notebook is not None
    checks = {cell.id: cell.source for cell in notebook.cells if "check" in cell.metadata.get("tags", [])}
    assert {name: cell.source for name, cell in load_verdicts(lesson.unsolved).items()} == checks


def test_the_cheat_sheet_is_what_the_lessons_run() -> None:
    assert (ROOT / cheatsheet.FILE).read_text(encoding="utf-8") == cheatsheet.sheet()
