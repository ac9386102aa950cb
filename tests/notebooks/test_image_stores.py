"""The solutions of the lessons in which the image store shows, in the one that test_nbval.py does not run them in.

What commands print there is another thing than what is committed, which is of a graph driver: no cell may fail, and
every check, prediction and quiz says the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval_runs import Place, nbval, place

from labsupport.errors import NoEngine
from labsupport.lessons import Lesson, find
from labsupport.lessons.builder import load

IGNORED = "nbval-ignore-output"
# runs of one lesson follow each other: they use the same files of /tmp
LESSONS = [
    pytest.param(lesson, id=lesson.name, marks=pytest.mark.together(lesson.name))
    for lesson in find()
    if lesson.name[:2] in ("04", "05", "07", "08")
]
pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="session")
def containerd(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where nbval runs: a sandbox with the newest engine and the containerd image store."""
    with ExitStack() as places:
        try:
            where = places.enter_context(place(tmp_path_factory.mktemp("containerd"), "newest", "containerd"))
        except NoEngine as error:
            if pytestconfig.getoption("--require-engine"):
                raise
            pytest.skip(f"no engine here: {error}")
        yield where


def with_checks_alone(notebook: Any) -> Any:
    """The notebook with all outputs left out of the comparison but those of checks."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "check" not in tags and IGNORED not in tags:
            cell.metadata["tags"] = [*tags, IGNORED]
    return notebook


@pytest.mark.parametrize("lesson", LESSONS)
def test_solutions_hold_in_the_containerd_image_store(lesson: Lesson, containerd: Place, tmp_path: Path) -> None:
    path = tmp_path / "notebooks" / "solutions" / lesson.solution.name
    path.parent.mkdir(parents=True)
    (tmp_path / "labs").symlink_to(lesson.folder.parent)
    nbformat.write(with_checks_alone(load(lesson.solution)), path)
    run = nbval(path, containerd)
    assert run.returncode == 0, (run.stdout + run.stderr)[-6000:]


@pytest.mark.parametrize(("tags", "source"), [([], "1 / 0"), (["check"], "print('0 of 2 points')")])
def test_a_failed_cell_and_another_verdict_would_be_noticed(tags: list[str], source: str, tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell(source, id="a", execution_count=1, metadata={"tags": tags})
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2 of 2 points\n")]
    path = tmp_path / "wrong.ipynb"
    nbformat.write(with_checks_alone(nbformat.v4.new_notebook(cells=[cell])), path)
    run = nbval(path)
    assert run.returncode == 1, run.stdout + run.stderr
