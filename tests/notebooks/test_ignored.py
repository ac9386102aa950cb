"""How many cells of the solutions nbval does not compare. The share may only get smaller."""

from __future__ import annotations

from labsupport.lessons import find
from labsupport.lessons.builder import load
from labsupport.lessons.source import tags

MOST = 0.062  # lower it with every group of cells that is made steady


def test_few_cells_are_left_out_of_the_comparison() -> None:
    cells = [cell for lesson in find() for cell in load(lesson.solution).cells if cell.cell_type == "code"]
    ignored = [cell for cell in cells if {"nbval-ignore-output", "nbval-skip"} & set(tags(cell))]
    assert len(ignored) / len(cells) <= MOST, f"{len(ignored)} of {len(cells)}: {[cell.id for cell in ignored]}"


def test_no_check_is_left_out() -> None:
    for lesson in find():
        for cell in load(lesson.solution).cells:
            if "check" in tags(cell):
                assert not {"nbval-ignore-output", "nbval-skip", "raises-exception"} & set(tags(cell)), cell.id
