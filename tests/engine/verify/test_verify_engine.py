"""Two notebooks of lesson 00 verified in one sandbox: a right one of another learner, and one that pretends."""

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


@pytest.fixture(scope="module")
def found(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Result]]:
    folder = tmp_path_factory.mktemp("verify")
    paths = []
    for name, notebook in (("right", right()), ("pretending", pretending())):
        paths.append(folder / f"{name}.ipynb")
        nbformat.write(notebook, paths[-1])
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
