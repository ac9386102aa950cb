"""A kernel of the course's JupyterLab that was restarted goes on in the middle of a lesson, without its first cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, kernel

from labsupport import hub, sandbox
from labsupport.exercises import catalog, session
from labsupport.jupyter import settings
from labsupport.sandbox import paths

pytestmark = pytest.mark.engine

EXERCISE = "01.1"
NAMES = ("begin", "check", "goal", "hint", "predict", "progress", "quiz", "reveal", "tidy", "undo", "layers")


@pytest.fixture(scope="module")
def environment(sb: sandbox.Sandbox) -> dict[str, str]:
    """What JupyterLab's kernels get from `start` and from Jupyter's server."""
    hub.fill(sb, lambda line: None)
    made = settings.environment(sb.environment())
    settings.write(paths.work(), "token", 9700, made)
    return {**made, "JPY_SESSION_NAME": str(paths.work() / "notebooks" / "restarted.ipynb"), "LABSUPPORT_WIDGETS": "0"}


@pytest.fixture(scope="module")
def restarted(environment: dict[str, str]) -> Iterator[Kernel]:
    """A kernel in which an exercise was begun, after its restart."""
    with kernel(environment) as running:
        seen = running.run("%%shell\ncd $LAB && pwd")
        assert "LAB: unbound variable" in seen.text("stderr")
        assert "begin(...)" in seen.traceback
        assert seen.text("stdout") == ""
        assert running.run(f'begin("{EXERCISE}")').error == ""
        running.manager.restart_kernel(now=True)
        running.client.wait_for_ready(timeout=60)
        yield running


def test_the_exercises_values_are_back_and_its_folder_is_not_home(restarted: Kernel) -> None:
    _, exercise = catalog.find_exercise(EXERCISE)
    values = exercise.variables(session.seed())
    seen = restarted.run("%%shell\ncd $LAB && pwd" + "".join(f"\necho ${name}" for name in values))
    assert seen.error == ""
    where, *said = seen.text("stdout").splitlines()
    assert Path(where).resolve() == session.folder(exercise).resolve()
    assert said == list(values.values())


def test_its_names_and_its_engine_are_there(restarted: Kernel, sb: sandbox.Sandbox) -> None:
    assert restarted.run(f"({', '.join(NAMES)})").error == ""
    seen = restarted.run("%%shell\ndocker info --format '{{.ID}}'")
    assert seen.text("stdout").strip() == sb.client().info()["ID"]


def test_the_first_cell_of_a_lesson_still_runs_and_says_nothing_more(restarted: Kernel) -> None:
    seen = restarted.run("%load_ext labsupport\nfrom labsupport.notebook import begin, check")
    assert (seen.error, seen.streams) == ("", [])


def test_what_keeps_a_kernel_from_its_engine_is_told_and_tried_again(environment: dict[str, str]) -> None:
    with kernel({**environment, "LABSUPPORT_SANDBOX": "no such name"}) as running:
        for _ in range(2):
            assert "cannot name a sandbox" in running.run("1 + 1").text("stderr")
