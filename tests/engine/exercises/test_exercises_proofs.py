"""Every exercise of the course, proved: solutions pass, whatever way was taken to them, wrong attempts fail with their
message, an untouched start is worth nothing, no cheat passes, and no check is decoration.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from labsupport.exercises import Exercise, catalog, cheats, proof, scene
from labsupport.exercises.stage import Bench

IDS = [exercise.id for lesson in catalog.lessons() for exercise in lesson.exercises]
# the containers of lesson 08 have names, and cgroups of these names, which a second run beside would meet
OCI = pytest.mark.together("08-oci-by-hand")
EVERY = pytest.mark.parametrize(
    "exercise_id", [pytest.param(each, marks=OCI if each.startswith("08") else ()) for each in IDS]
)
pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    # the Docker SDK leaves sockets of streams to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def found_here(exercise_id: str, bench: Bench) -> Exercise:
    """An exercise; a skip that says why where this engine can't do it."""
    _, exercise = catalog.find_exercise(exercise_id)
    if missing := scene.lacking(exercise, bench.client):
        pytest.skip(missing)
    return exercise


@EVERY
def test_exercise(exercise_id: str, bench: Bench) -> None:
    exercise = found_here(exercise_id, bench)
    proofs = [proof.prove(exercise, attempt, bench) for attempt in proof.attempts(exercise)]
    for seed in proof.other_seeds(exercise, bench.seed):
        other = replace(bench, seed=seed)
        proofs += [proof.prove(exercise, attempt, other) for attempt in proof.attempts(exercise)[:2]]
    faults = [f"{p.fault}\n{p.report}" for p in proofs if p.fault]
    assert not faults, "\n\n".join(faults)
    assert not proof.decoration(exercise, proofs)


@EVERY
def test_no_cheat_passes_and_no_detour_matters(exercise_id: str, bench: Bench) -> None:
    exercise = found_here(exercise_id, bench)
    _, before = catalog.find_exercise(IDS[IDS.index(exercise_id) - 1])
    assert cheats.cheated(exercise, bench, before) == []
    assert cheats.led_astray(exercise, bench) == []
