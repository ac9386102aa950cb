"""Read a lesson's source (jupytext Markdown) into a notebook with cell ids that do not change from run to run.

nbformat 4.5 wants an id per cell; jupytext draws them at random, which would make every build a change.
An id here is the lesson's number, the nearest heading and the place below it (`01-portability-3`), so a cell
that moves within one section leaves the ids of all other sections alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext  # type: ignore[import-untyped]
from nbformat.v4 import new_markdown_cell, new_notebook

from labsupport.errors import LessonError

Notebook = Any  # nbformat's NotebookNode: a dict with attribute access, untyped
Cell = Any

ROOT = Path(__file__).resolve().parents[2]
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$")
ID_LENGTH = 64  # nbformat 4.5


@dataclass(frozen=True)
class Lesson:
    """One folder of `labs/` that holds a `lesson.md`."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, and the notebooks' (`01-why-containers`)."""
        return self.folder.name

    @property
    def number(self) -> str:
        return self.name.split("-")[0]

    @property
    def source(self) -> Path:
        return self.folder / "lesson.md"

    @property
    def learner(self) -> Path:
        return self.folder.parents[1] / "notebooks" / f"{self.name}.ipynb"

    @property
    def solution(self) -> Path:
        return self.folder.parents[1] / "notebooks" / "solutions" / f"{self.name}.ipynb"

    @property
    def unsolved(self) -> Path:
        """What the lesson's checks say before anything was done: cell id -> text, compared by a test."""
        return self.folder / "unsolved.json"


def find(only: str | None = None, root: Path = ROOT) -> list[Lesson]:
    """All lessons in order, or those whose name begins with `only`.

    Raises:
        LessonError: none does.
    """
    lessons = [Lesson(path.parent) for path in sorted(root.glob("labs/*/lesson.md"))]
    chosen = [lesson for lesson in lessons if not only or lesson.name.startswith(only)]
    if only and not chosen:
        names = ", ".join(lesson.name for lesson in lessons) or "none"
        raise LessonError(f"no lesson is called {only!r}", seen=f"lessons here: {names}")
    return chosen


def headings(markdown: str) -> list[tuple[int, str]]:
    """(level, text) of each heading; a `#` inside a code fence is no heading."""
    return [(level, text) for _, level, text in _heading_lines(markdown)]


def _heading_lines(markdown: str) -> list[tuple[int, int, str]]:
    found, fence = [], ""
    for number, line in enumerate(markdown.splitlines()):
        mark = re.match(r"^(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif fence and line.startswith(fence):
            fence = ""
        elif not fence and (heading := HEADING.match(line)):
            found.append((number, len(heading[1]), heading[2]))
    return found


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def read(lesson: Lesson) -> Notebook:
    """The source as a notebook, solutions and all, with deterministic ids and fixed metadata."""
    return parse(lesson.source.read_text(encoding="utf-8"), lesson.number)


def parse(text: str, number: str) -> Notebook:
    """Notebook of a lesson's source text; `number` ("01") begins each cell's id."""
    cells = [part for cell in jupytext.reads(text, fmt="md").cells for part in _split(cell)]
    section, ordinal, taken = "top", 0, set()
    for cell in cells:
        titles = headings(cell.source) if cell.cell_type == "markdown" else []
        if titles:
            section, ordinal = slug(titles[0][1])[: ID_LENGTH - 10], 0
        ordinal += 1
        cell.id = f"{number}-{section}-{ordinal}"
        if cell.id in taken:
            raise LessonError(f"two sections of lesson {number} are called {section!r}; rename one")
        taken.add(cell.id)
    return new_notebook(cells=cells, metadata=METADATA)  # type: ignore[no-untyped-call]


def _split(cell: Cell) -> list[Cell]:
    """A Markdown cell for each heading, so that prose at the end of a section stays in it."""
    if cell.cell_type != "markdown":
        return [cell]
    starts = [line for line, _, _ in _heading_lines(cell.source) if line]
    lines = cell.source.splitlines()
    parts = ["\n".join(lines[start:end]).strip() for start, end in zip([0, *starts], [*starts, None], strict=True)]
    return [new_markdown_cell(part, metadata=cell.metadata) for part in parts]  # type: ignore[no-untyped-call]


def tags(cell: Cell) -> list[str]:
    return list(cell.metadata.get("tags", []))
