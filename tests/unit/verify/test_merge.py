"""The course's checks put back into a learner's notebook, and what is wrong with it before anything runs."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labsupport.errors import LessonError
from labsupport.lessons import find
from labsupport.lessons.builder import load
from labsupport.verify import NotVerifiable
from labsupport.verify.merge import EXERCISE, checks_of, lesson_of, merge, read
from labsupport.verify.place import seed_of

LESSON = find("01")[0]
COURSE = load(LESSON.learner)
PURE, OPEN = "01-exercise-1-a-hand-over-to-repair-5", "01-exercise-2-find-the-process-4"


def done() -> Any:
    """Lesson 01 as a learner may hand it in: every check was run."""
    notebook = deepcopy(load(LESSON.solution))
    assert notebook is not None
    return notebook


def cell(notebook: Any, name: str) -> Any:
    return next(each for each in notebook.cells if each.id == name)


def remove(notebook: Any) -> None:
    notebook.cells.remove(cell(notebook, PURE))


def skip(notebook: Any) -> None:
    cell(notebook, PURE).metadata["tags"] = ["check", "nbval-skip"]


def raises(notebook: Any) -> None:
    cell(notebook, PURE).metadata["tags"] = ["raises-exception"]


def ignore(notebook: Any) -> None:
    cell(notebook, PURE).source = '# NBVAL_SKIP\ncheck("01.1")'


def raw(notebook: Any) -> None:
    cell(notebook, PURE).cell_type = "raw"


def clear(notebook: Any) -> None:
    cell(notebook, PURE).outputs = []


def edit(notebook: Any) -> None:
    cell(notebook, PURE).source = 'print("01.1: 2 of 2 points")'


def other(notebook: Any) -> None:
    cell(notebook, PURE).source = 'check("01.3")'


def within(notebook: Any) -> None:
    cell(notebook, PURE).source = 'if False:\n    check("01.1")'


def twice(notebook: Any) -> None:
    notebook.cells.append(deepcopy(cell(notebook, PURE)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (remove, "missing"), (skip, "skipped"), (raises, "skipped"), (ignore, "skipped"), (raw, "skipped"),
        (clear, "cleared"), (edit, "edited"), (other, "edited"), (within, "edited"), (twice, "duplicated"),
    ],
)  # fmt: skip
def test_a_check_that_does_not_count_is_told(change: Callable[[Any], None], says: str) -> None:
    notebook = done()
    change(notebook)
    merged = merge(COURSE, notebook)
    assert list(merged.wrong) == ["01.1"]
    assert merged.wrong["01.1"].said.startswith(says)


@pytest.mark.parametrize("lesson", find(), ids=lambda lesson: lesson.name)
def test_a_notebook_as_handed_out_passes_no_check_and_needs_no_run(lesson: Any) -> None:
    course = load(lesson.learner)
    merged = merge(course, course)
    assert merged.checks
    assert merged.left() == []


@pytest.mark.parametrize("lesson", find(), ids=lambda lesson: lesson.name)
def test_the_solutions_have_every_check_and_none_is_called_in_the_kernel(lesson: Any) -> None:
    merged = merge(load(lesson.learner), load(lesson.solution))
    assert merged.wrong == {}
    assert [each.metadata[EXERCISE] for each in merged.notebook.cells if each.metadata[EXERCISE]] == merged.left()
    for each in merged.notebook.cells:
        if each.metadata[EXERCISE]:
            assert "check(" not in each.source
            ast.parse(each.source)


def test_extra_cells_outputs_and_comments_do_no_harm() -> None:
    notebook = done()
    cell(notebook, PURE).source = '# mine\ncheck( "01.1" )'
    cell(notebook, PURE).outputs *= 2
    cell(notebook, PURE).metadata["collapsed"] = True
    notebook.cells.insert(3, nbformat.v4.new_code_cell("%%shell\ndocker ps", id="mine"))
    notebook.cells.append(nbformat.v4.new_code_cell('check("01.1")', id="once-more"))
    merged = merge(COURSE, notebook)
    assert merged.wrong == {}
    assert "%%shell\ndocker ps" in [each.source for each in merged.notebook.cells]


def test_an_answer_stays_the_learners() -> None:
    notebook = done()
    cell(notebook, OPEN).source = '!docker ps\nx = 7\ncheck("01.2", x + 1)'
    merged = merge(COURSE, notebook)
    made = next(each.source for each in merged.notebook.cells if each.metadata[EXERCISE] == "01.2")
    assert made.splitlines()[1:] == ["x = 7", "_answer_to_verify = x + 1"]
    assert merged.wrong == {}


def test_tags_of_the_courses_cells_are_the_courses() -> None:
    notebook = done()
    for each in notebook.cells:
        each.metadata["tags"] = ["nbval-skip"]
    merged = merge(COURSE, notebook)
    assert merged.left() == []
    assert not any("nbval-skip" in each.metadata["tags"] for each in merged.notebook.cells)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cells": 1}', '{"cells": [1], "nbformat": 4}', "[" * 100_000, '{"nbformat": 4}']
)
def test_what_is_no_notebook_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(NotVerifiable, match="is not a notebook"):
        read(path)


def test_neither_is_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ipynb", tmp_path):
        with pytest.raises(NotVerifiable, match="can't be read"):
            read(path)


def test_the_lesson_is_that_of_its_cells(tmp_path: Path) -> None:
    lessons = find()
    courses = {lesson.name: load(lesson.learner) for lesson in lessons}
    assert lesson_of(Path("mine.ipynb"), done(), lessons, courses) == LESSON
    with pytest.raises(NotVerifiable, match="another lesson's"):
        lesson_of(Path("03-run-containers.ipynb"), done(), lessons, courses)
    foreign = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="a")])
    with pytest.raises(NotVerifiable, match="no notebook of this course"):
        lesson_of(Path("01-why-containers.ipynb"), foreign, lessons, courses)


def test_the_ids_are_those_of_the_file(tmp_path: Path) -> None:
    """nbformat would give the second of two cells with one id another, and a check would look whole."""
    notebook = done()
    twice(notebook)
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook))
    assert list(merge(COURSE, read(tmp_path / "x.ipynb")).wrong) == ["01.1"]


def test_the_seed_is_that_of_the_work_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABSUPPORT_SEED", raising=False)
    path = tmp_path / "notebooks" / "01-why-containers.ipynb"
    with pytest.raises(LessonError, match="whose notebook") as told:
        seed_of(path)
    assert told.value.exit_code == 2
    (tmp_path / "progress.json").write_text(json.dumps({"learner": "ada"}))
    assert seed_of(path) == "ada"
    (tmp_path / ".progress-seed").write_text("bob\n")
    assert seed_of(path) == "bob"
    assert seed_of(LESSON.solution) == "course"


def test_every_exercise_of_the_course_has_a_check_cell() -> None:
    from labsupport.exercises import catalog

    checked = [check.exercise for lesson in find() for check in checks_of(load(lesson.learner))]
    assert sorted(checked) == sorted(each.id for lesson in catalog.lessons() for each in lesson.exercises)
