"""From one source to two copies: pure functions on notebooks, no files and no engine.

In the source an exercise holds its solution between two marks; the text after the first mark, if any, is what
the learner sees in its place:

    ### BEGIN SOLUTION answer = ...
    answer = 3
    ### END SOLUTION
"""

from __future__ import annotations

import re
from copy import deepcopy

from labsupport.errors import LessonError
from labsupport.lessons.source import Cell, Notebook, tags

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
PLACEHOLDER = "# your commands here"
UNRUN = {"exercise", "check"}  # tags of cells the learner's copy shows without outputs
ASK = "ask"  # tag of a question: the solutions copy answers it, the learner's copy shows it
UP_TWO = re.compile(r"\.\./\.\./(images|labs|notebooks)/")  # as written in a source: two folders below the root


def strip_solution(source: str) -> str:
    """The cell as the learner gets it: each solution replaced by its placeholder."""
    kept, inside = [], False
    for line in source.splitlines():
        mark = line.strip()
        if mark.startswith(BEGIN):
            _expect(not inside, source)
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(indent + (mark[len(BEGIN) :].strip() or PLACEHOLDER))
        elif mark == END:
            _expect(inside, source)
            inside = False
        elif not inside:
            kept.append(line)
    _expect(not inside, source)
    return "\n".join(kept)


def keep_solution(source: str) -> str:
    """The cell as the solutions notebook shows it: the marks gone, the solution there."""
    strip_solution(source)  # the same complaint about marks that do not pair
    lines = source.splitlines()
    return "\n".join(line for line in lines if not line.strip().startswith((BEGIN, END)))


def solution_copy(source: Notebook) -> Notebook:
    """Every cell, solutions in place; it lives two folders below the root, as the source does."""
    made = deepcopy(source)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = keep_solution(cell.source)
    return made


def learner_copy(source: Notebook) -> Notebook:
    """The exercises without their solutions, no cell tagged `solution`, and paths from one folder below the root."""
    made = deepcopy(source)
    made.cells = [cell for cell in made.cells if "solution" not in tags(cell)]
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = strip_solution(cell.source)
        cell.source = UP_TWO.sub(lambda path: "" if path[1] == "notebooks" else f"../{path[1]}/", cell.source)
    return made


def is_unrun(cell: Cell) -> bool:
    """Whether the learner's copy shows this cell empty: an exercise or its check."""
    return bool(UNRUN & set(tags(cell)))


def _expect(paired: bool, source: str) -> None:
    if not paired:
        raise LessonError(f"{BEGIN} and {END} do not pair", seen=source.splitlines()[0])
