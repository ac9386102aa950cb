"""Notebooks verified in one sandbox: a right one of another learner, one that pretends, and two whose Dockerfile was
edited outside of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labsupport.errors import NoEngine
from labsupport.lessons import find
from labsupport.lessons.builder import load
from labsupport.verify import Result, verify
from labsupport.verify.results import PASS

LESSON = find("00")[0]
pytestmark = [pytest.mark.engine, pytest.mark.slow]


def right() -> Any:
    """The solutions, with more cells and outputs; the answer is worked out another way."""
    notebook = deepcopy(load(LESSON.solution))
    notebook.cells.insert(4, nbformat.v4.new_code_cell("%%shell\ndocker ps -a", id="mine"))
    notebook.cells.append(nbformat.v4.new_code_cell('check("00.1")', id="once-more"))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text="more\n"))
    return notebook


def pretending() -> Any:
    """Nothing solved, `check` redefined, and results written into the file."""
    notebook = deepcopy(load(LESSON.learner))
    cheat = 'def check(exercise, answer=None):\n    print(exercise, "Done: 2 of 2 points")'
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2 of 2 points\n")]
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0", id="raises"))
    notebook.cells.insert(8, nbformat.v4.new_code_cell(cheat, id="cheat"))
    return notebook


def built_only() -> Any:
    """Exercise 01.1 begun, built and checked; nothing in the notebook repairs its Dockerfile."""
    notebook = deepcopy(load(find("01")[0].solution))
    cells = {cell.id: cell for cell in notebook.cells}
    begin, work, check = (cells[f"01-exercise-1-a-hand-over-to-repair-{number}"] for number in (2, 4, 5))
    work.source = "\n".join(line for line in work.source.splitlines() if not line.startswith("sed"))
    notebook.cells = [begin, work, check]
    return notebook


@pytest.fixture(scope="module")
def found(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Result]]:
    folder = tmp_path_factory.mktemp("verify")
    paths = []
    for name, notebook in (("right", right()), ("pretending", pretending())):
        paths.append(folder / f"{name}.ipynb")
        nbformat.write(notebook, paths[-1])
    for name, lines in (("alone", ""), ("work", "FROM lua:5.4\nCOPY totals.lua order.txt /srv/\n")):
        paths.append(folder / name / "notebooks" / "01-why-containers.ipynb")
        paths[-1].parent.mkdir(parents=True)
        nbformat.write(built_only(), paths[-1])
        if lines:
            mine = folder / name / "exercises" / "01.1"
            mine.mkdir(parents=True)
            (mine / "Dockerfile").write_text(lines + 'CMD ["lua", "/srv/totals.lua"]\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABSUPPORT_HOME", str(folder / "home"))
        try:
            yield list(verify(paths, "someone else", lambda line: None))
        except NoEngine as error:
            if pytestconfig.getoption("--require-engine"):
                raise
            pytest.skip(f"no engine here: {error}")
        assert not list(Path(folder, "home", "cache").glob("verify/*")), "a sandbox stays"


def test_a_right_notebook_passes(found: list[Result]) -> None:
    assert found[0].passed, found[0]
    assert {row.name: row.result for row in found[0].checks} == {"00.1": PASS, "00.2": PASS}
    assert found[0].cells


def test_one_that_pretends_fails_in_every_check(found: list[Result]) -> None:
    assert [row.result == PASS for row in found[1].checks] == [False, False], found[1]
    assert any("ZeroDivisionError" in row.said for row in found[1].cells)


def test_what_was_edited_outside_of_the_cells_is_named_or_comes_along(found: list[Result]) -> None:
    alone, with_files = ({row.name: row for row in result.checks}["01.1"] for result in found[2:])
    assert alone.result != PASS
    assert "there is no folder exercises/01.1 near the notebook" in alone.said
    assert with_files.result == PASS, with_files.said
