"""nbval runs every notebook top to bottom in sandboxes of the test's own and compares what each cell printed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import nbformat
import pytest
from nbval_runs import Row, Rows, Run, nbval, place

from labsupport.errors import NoEngine
from labsupport.lessons import Lesson, find
from labsupport.lessons.builder import load, load_verdicts

LESSONS = find()
UNTOUCHED = "untouched"
ENGINES = {"release": "release", "newest": "newest", UNTOUCHED: "newest"}  # of each row of runs
pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(2700)]  # a test may wait for all runs before its own


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Row]]:
    """The runs that were chosen, going on side by side from the first test on: a test waits for its own."""
    chosen: dict[str, list[Lesson]] = {}
    for item in request.session.items:
        if item.path == request.path and "rows" in getattr(item, "fixturenames", ()):
            asked = item.callspec.params  # type: ignore[attr-defined]
            chosen.setdefault(asked.get("engine", UNTOUCHED), []).append(asked["lesson"])
    folder = tmp_path_factory.mktemp("nbval")
    with ExitStack() as places:
        made = {}
        try:
            for number, (kind, lessons) in enumerate(chosen.items()):
                environment = places.enter_context(place(folder / kind, ENGINES[kind]))
                made[kind] = Row(environment, _files(_turned(lessons, number), kind, folder))
        except NoEngine as error:
            if request.config.getoption("--require-engine"):
                raise
            pytest.skip(f"no engine here: {error}")
        running = Rows(list(made.values()))
        places.callback(running.end)
        yield made


def _turned(lessons: Sequence[Lesson], number: int) -> list[Lesson]:
    """Each row begins at another lesson: they do not wait for each other."""
    begin = number * len(lessons) // len(ENGINES)
    return [*lessons[begin:], *lessons[:begin]]


def _files(lessons: Sequence[Lesson], kind: str, folder: Path) -> list[tuple[Lesson, Path]]:
    if kind == UNTOUCHED:
        return [(lesson, _untouched(lesson, folder / "copies")) for lesson in lessons]
    return [(lesson, lesson.solution) for lesson in lessons]


def _untouched(lesson: Lesson, folder: Path) -> Path:
    """The learner's copy with what its checks say before anything was done."""
    notebook = load(lesson.learner)
    assert notebook is not None
    answers = load_verdicts(lesson.unsolved)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.outputs, cell.execution_count = answers[cell.id].outputs, 1
    path = folder / "notebooks" / lesson.learner.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (folder / "labs").exists():
        (folder / "labs").symlink_to(lesson.folder.parent)
    nbformat.write(notebook, path)
    return path


def report(run: Run) -> str:
    return (run.stdout + run.stderr)[-6000:]


@pytest.mark.parametrize("engine", ["release", "newest"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_solutions_print_what_is_committed(lesson: Lesson, engine: str, rows: dict[str, Row]) -> None:
    """On the oldest engine the course knows, and on the newest."""
    run = rows[engine].results[lesson.name].result()
    assert run.returncode == 0, report(run)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_learners_copy_untouched_says_not_yet(lesson: Lesson, rows: dict[str, Row]) -> None:
    run = rows[UNTOUCHED].results[lesson.name].result()
    assert run.returncode == 0, report(run)


def test_nbval_would_notice(tmp_path: Path) -> None:
    """The way nbval is called here fails a notebook whose stored output is wrong (it once passed everything)."""
    cell = nbformat.v4.new_code_cell("print(1)", id="a", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    path = tmp_path / "wrong.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    run = nbval(path, dict(os.environ), begin_anew=False)
    assert run.returncode == 1, report(run)
    assert "Cell outputs differ" in run.stdout
