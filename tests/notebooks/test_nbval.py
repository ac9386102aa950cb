"""nbval runs every notebook top to bottom in sandboxes of the test's own and compares what each cell printed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval_runs import Place, Run, nbval, place

from labsupport.errors import NoEngine
from labsupport.lessons import Lesson, find
from labsupport.lessons.builder import load, load_verdicts
from labsupport.lessons.source import tags

# lessons of which every cell can be run again, and after the last nothing is left: shall be all
AGAIN = ("00", "01", "02", "03", "04", "06", "07", "08", "09", "20")
# runs of one lesson follow each other: they use the same files of /tmp
LESSONS = [pytest.param(each, id=each.name, marks=pytest.mark.together(each.name)) for each in find()]
On = Callable[[str], Place]
pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="session")
def place_on(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[On]:
    """place_on(ENGINE): a sandbox of that engine to run in, booted when it is first asked for."""
    made: dict[str, Place] = {}
    with ExitStack() as places:

        def on(engine: str) -> Place:
            if engine not in made:
                try:
                    made[engine] = places.enter_context(place(tmp_path_factory.mktemp("nbval"), engine))
                except NoEngine as error:
                    if pytestconfig.getoption("--require-engine"):
                        raise
                    pytest.skip(f"no engine here: {error}")
            return made[engine]

        yield on


def _untouched(lesson: Lesson, folder: Path) -> Path:
    """The learner's copy with what its checks say before anything was done, every cell followed by itself."""
    notebook = load(lesson.learner)
    assert notebook is not None
    answers = load_verdicts(lesson.unsolved)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.outputs, cell.execution_count = answers[cell.id].outputs, 1
    if lesson.number in AGAIN:
        notebook.cells = [each for cell in notebook.cells for each in (*_alone(cell), *_again(cell))]
    path = folder / "notebooks" / lesson.learner.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (folder / "labs").exists():
        (folder / "labs").symlink_to(lesson.folder.parent)
    nbformat.write(notebook, path)
    return path


def _alone(cell: Any) -> list[Any]:
    """The cell; with its output to be compared only where the solution's says something else (a check, a question)."""
    if cell.cell_type == "code" and not {"check", "ask"} & set(tags(cell)):
        cell.outputs, cell.execution_count = [], None
    return [cell]


def _again(cell: Any) -> list[Any]:
    """The cell once more: it must not fail; what it prints then (a name that is taken) is not compared."""
    if cell.cell_type != "code":
        return []
    return [nbformat.v4.new_code_cell(cell.source, id=f"{cell.id[:58]}-again")]


def left(where: Place) -> list[str]:
    """What is in the engine, which was empty before, and was not pulled as it is."""
    client = where.sandbox.client()
    images = [name for image in client.images.list(all=True) for name in _made(image)]
    networks = client.networks.list(filters={"type": "custom"})
    things = [*client.containers.list(all=True), *client.volumes.list(), *networks]
    return [*images, *(f"{type(thing).__name__} {thing.name}" for thing in things)]


def _made(image: Any) -> list[str]:
    """Its names that it was not pulled by; its id where it was never pulled and has no name."""
    pulled = {digest.split("@")[0] for digest in image.attrs["RepoDigests"] or ()}
    names = [name for name in image.tags if name.rpartition(":")[0] not in pulled]
    return names if pulled or names else [image.id]


def report(run: Run) -> str:
    return (run.stdout + run.stderr)[-6000:]


@pytest.mark.parametrize("engine", ["release", "newest"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_solutions_print_what_is_committed(lesson: Lesson, engine: str, place_on: On) -> None:
    """On the oldest engine the course knows, and on the newest."""
    run = nbval(lesson.solution, place_on(engine))
    assert run.returncode == 0, report(run)
    assert lesson.number not in AGAIN or left(place_on(engine)) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_learners_copy_untouched_says_not_yet(lesson: Lesson, place_on: On, tmp_path: Path) -> None:
    run = nbval(_untouched(lesson, tmp_path), place_on("newest"))
    assert run.returncode == 0, report(run)
    assert lesson.number not in AGAIN or left(place_on("newest")) == []


def test_nbval_would_notice(tmp_path: Path) -> None:
    """The way nbval is called here fails a notebook whose stored output is wrong (it once passed everything)."""
    cell = nbformat.v4.new_code_cell("print(1)", id="a", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    path = tmp_path / "wrong.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    run = nbval(path)
    assert run.returncode == 1, report(run)
    assert "Cell outputs differ" in run.stdout


def test_nbval_stays_in_the_place_it_is_given(tmp_path: Path) -> None:
    """Not in a sandbox that the notebooks' own conftest.py would boot, of another engine than a row here names."""
    own = find()[0].learner.with_name("conftest.py")
    shutil.copy(own, tmp_path)
    home = os.environ["LABSUPPORT_HOME"]
    source = f"import os\nassert os.environ['LABSUPPORT_HOME'] == {home!r}"
    path = tmp_path / "here.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="a", execution_count=1)]), path)
    run = nbval(path)
    assert run.returncode == 0, report(run)
