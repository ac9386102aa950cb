"""Other engines judge as the newest does: the oldest one that the course knows, and one with the other image store.

Tried with the exercises of `exercise_cover`, which reach between them all that checks ask an engine. Every exercise is
proved on the newest engine (test_exercises_proofs).
"""

from __future__ import annotations

from collections.abc import Iterator

import exercise_cover
import pytest
from benches import bench_on

from labsupport.exercises import catalog, cheats, proof, scene
from labsupport.exercises.stage import Bench

# the containers of lesson 08 have cgroups of their names, which a second run beside would meet
pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.together("08-oci-by-hand")]
ENGINES = {"release": {"LABSUPPORT_ENGINE": "release"}, "containerd": {"LABSUPPORT_STORE": "containerd"}}


@pytest.fixture(scope="module", params=ENGINES)
def other(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """One of these engines."""
    # a seed of its own: 09.2 looks for a program of its number on the whole machine, where other tests have theirs
    with bench_on(request.config, f"proofs-{request.param}", request.param, **ENGINES[request.param]) as made:
        yield made


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets of the SDK's streams
@pytest.mark.parametrize("exercise_id", exercise_cover.cover())
def test_other_engines_judge_the_same(exercise_id: str, other: Bench) -> None:
    """The solution, nothing at all, a wrong attempt, and every cheat."""
    _, exercise = catalog.find_exercise(exercise_id)
    if missing := scene.lacking(exercise, other.client):
        pytest.skip(missing)
    right, untouched, *others = proof.attempts(exercise)
    wrong = [attempt for attempt in others if not attempt.passes][:1]
    proofs = [proof.prove(exercise, attempt, other) for attempt in (right, untouched, *wrong)]
    assert [f"{each.fault}\n{each.report}" for each in proofs if each.fault] == []
    assert cheats.cheated(exercise, other) == []
