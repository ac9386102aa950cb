"""The learner's cells, with the course's checks put back in their places. Pure: no kernel, no engine.

A check counts when its cell is there once, as a code cell that nothing tells nbval or a front end to skip, with the
course's call in it, and was run. Everything else is a row that says what is wrong. What a learner adds is run as it is.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from labsupport.errors import LessonError
from labsupport.lessons.source import METADATA, Cell, Lesson, Notebook, tags
from labsupport.verify.results import FAIL, Row

ANSWER = "_answer_to_verify"  # in the kernel: what the check's cell hands over
EXERCISE, PLACE, BEGINS = "verify_exercise", "verify_place", "verify_begins"  # in a merged cell's metadata
_SKIPS = ("nbval-skip", "nbval-ignore-output", "raises-exception", "nbval-raises-exception", "skip-execution")
_MARKS = re.compile(r"^\s*#+\s*(NBVAL_SKIP|NBVAL_IGNORE_OUTPUT|NBVAL_RAISES_EXCEPTION)\s*$", re.MULTILINE)


class NotVerifiable(LessonError):
    """What was given is no notebook of the course, or nobody knows whose it is."""

    exit_code = 2


@dataclass(frozen=True)
class Check:
    """The course's check of one exercise: its cell. open: the learner works out the answer in that cell."""

    exercise: str
    cell: str
    source: str
    open: bool


@dataclass
class Merged:
    """What nbval gets, and the rows that are decided already."""

    notebook: Notebook
    checks: tuple[Check, ...]
    wrong: dict[str, Row]

    def left(self) -> list[str]:
        """The exercises whose check can still pass."""
        return [check.exercise for check in self.checks if check.exercise not in self.wrong]


def read(path: Path) -> Notebook:
    """A learner's notebook, with the cell ids that the file has. Raises NotVerifiable."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotVerifiable(f"{path} can't be read: {error.strerror}", next_command=f"ls -l {path.parent}") from None
    except UnicodeError:
        raise NotVerifiable(f"{path} is not a notebook", seen="it is no text in UTF-8") from None
    try:
        raw = json.loads(text)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
        found = raw["cells"] if raw.get("nbformat") == 4 else notebook.cells
        for cell, written in zip(notebook.cells, found, strict=True):
            cell.id = str(written.get("id", ""))  # nbformat gives the second of two with one id another
            cell.source, cell.metadata = str(cell.source), cell.get("metadata") or {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        seen = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotVerifiable(f"{path} is not a notebook", seen=seen[:200]) from None
    return notebook


def lesson_of(path: Path, given: Notebook, lessons: Iterable[Lesson], courses: dict[str, Notebook]) -> Lesson:
    """The lesson whose cells a notebook has. Raises NotVerifiable: none's, or another's than its name says."""
    mine = {cell.id for cell in given.cells}
    known = list(lessons)
    shared = {lesson.name: len(mine & {cell.id for cell in courses[lesson.name].cells}) for lesson in known}
    best = max(known, key=lambda lesson: shared[lesson.name])
    named = [lesson for lesson in known if path.name.startswith(lesson.name)]
    if not shared[best.name]:
        raise NotVerifiable(
            f"{path} is no notebook of this course",
            seen="none of its cells has the id of a lesson's cell",
            next_command="ls notebooks/*.ipynb",
        )
    if named and best not in named:
        raise NotVerifiable(f"{path} is another lesson's", seen=f"its cells are those of {best.name}")
    return best


def checks_of(course: Notebook) -> tuple[Check, ...]:
    """The checks of exercises in a lesson's notebook as it is handed out."""
    found = []
    for cell in course.cells:
        if cell.cell_type == "code" and "check" in tags(cell):
            for exercise, _ in _calls(cell.source):
                found.append(Check(exercise, cell.id, cell.source, "exercise" in tags(cell)))
    return tuple(found)


def merge(course: Notebook, given: Notebook) -> Merged:
    """The learner's code with the course's checks restored by cell id, ready for nbval, and what is wrong already."""
    checks, wrong = checks_of(course), {}
    by_cell, theirs = {check.cell: check for check in checks}, {cell.id: cell for cell in course.cells}
    often = Counter(cell.id for cell in given.cells)
    for check in checks:
        if not often[check.cell]:
            wrong[check.exercise] = _row(check, f"missing: its check (cell {check.cell}) was removed")
        elif often[check.cell] > 1:
            wrong[check.exercise] = _row(check, f"duplicated: {often[check.cell]} cells have the id {check.cell}")
    made = []
    for number, cell in enumerate(given.cells, 1):
        if found := by_cell.get(cell.id):
            source, said = _restored(found, cell)
            if said:
                wrong.setdefault(found.exercise, _row(found, said))
            made.append(_cell(source, number, exercise=found.exercise))
        elif cell.cell_type == "code":
            kept = tags(theirs[cell.id]) if cell.id in theirs else tags(cell)
            made.append(_cell(cell.source, number, kept=[tag for tag in kept if tag in _SKIPS]))
    return Merged(new_notebook(cells=made, metadata=METADATA), checks, wrong)  # type: ignore[no-untyped-call]


def _row(check: Check, said: str) -> Row:
    return Row(check.exercise, FAIL, said)


def _cell(source: str, number: int, *, exercise: str = "", kept: Iterable[str] = ()) -> Cell:
    begins = [name for word in ("begin", "undo") for name, _ in _calls(source, word)]
    metadata: dict[str, Any] = {"tags": list(kept), EXERCISE: exercise, PLACE: number, BEGINS: begins}
    return new_code_cell(source, id=f"place-{number}", metadata=metadata)  # type: ignore[no-untyped-call]


def _restored(check: Check, cell: Cell) -> tuple[str, str]:
    """What runs in the check's place, and what is wrong with the learner's cell ("" when nothing)."""
    own = _with_answer(cell.source, check.exercise)
    # a learner's answer is the learner's: of their cell all stays but the call, which is made from outside
    source = own if check.open and own else _with_answer(check.source, check.exercise) or ""
    skips = [tag for tag in tags(cell) if tag in _SKIPS] + _MARKS.findall(cell.source)
    if cell.cell_type != "code":
        return source, f"skipped: its check was made a {cell.cell_type} cell"
    if skips:
        return source, f"skipped: its check is marked {', '.join(skips)}"
    if not own or not (check.open or _same(cell.source, check.source)):
        return source, f'edited: its check should be {check.source.splitlines()[-1]}, and says "{_short(cell.source)}"'
    if not cell.get("outputs"):
        return source, "cleared: its check was not run, or its result was removed; run the notebook and save it"
    return source, ""


def _short(source: str) -> str:
    words = " ".join(source.split())
    return words if len(words) <= 80 else words[:77] + "..."


def _tree(source: str) -> ast.Module | None:
    """A cell's code as IPython reads it (its magics made calls), None where it has no meaning."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError, RecursionError):
        return None


def _same(one: str, other: str) -> bool:
    """Whether two cells mean the same; comments and blanks do not count."""
    first, second = _tree(one), _tree(other)
    return first is not None and second is not None and ast.dump(first) == ast.dump(second)


def _calls(source: str, word: str = "check") -> Iterator[tuple[str, int]]:
    """The exercises that a cell checks, and at which of its statements: `check("01.2", ...)`, not within another.

    word: what else it may do with them ("begin", "undo").
    """
    tree = _tree(source)
    for place, statement in enumerate(tree.body if tree else []):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == word:
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            first = call.args[0] if call.args else named.get("exercise")
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, place


def _with_answer(source: str, exercise: str) -> str:
    """The cell with its last call of that check replaced by keeping its answer; "" where there is none."""
    places = [place for name, place in _calls(source) if name == exercise]
    tree = _tree(source)
    if not places or tree is None:
        return ""
    call: Any = tree.body[places[-1]]
    given = call.value.args[1:2] + [each.value for each in call.value.keywords if each.arg == "answer"]
    value = given[0] if given else ast.Constant(None)
    tree.body[places[-1]] = ast.Assign(targets=[ast.Name(ANSWER, ast.Store())], value=value)
    return ast.unparse(ast.fix_missing_locations(tree))
