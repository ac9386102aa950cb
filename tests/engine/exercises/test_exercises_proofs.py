"""Every exercise of the course, proved: the solution passes, wrong attempts fail with their message, an untouched
start fails, and no check is decoration.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from labsupport.exercises import catalog, proof, scene
from labsupport.exercises.stage import Bench

IDS = [exercise.id for lesson in catalog.lessons() for exercise in lesson.exercises]
# the containers of lesson 08 have names, and cgroups of these names, which a second run beside would meet
OCI = pytest.mark.together("08-oci-by-hand")


# the Docker SDK leaves sockets of streams to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    "exercise_id", [pytest.param(each, marks=OCI if each.startswith("08") else ()) for each in IDS]
)
def test_exercise(exercise_id: str, bench: Bench) -> None:
    lesson, exercise = catalog.find_exercise(exercise_id)
    if missing := scene.lacking(exercise, bench.client):
        pytest.skip(missing)
    proofs = [proof.prove(exercise, lesson.folder, attempt, bench) for attempt in proof.attempts(exercise)]
    for seed in proof.other_seeds(exercise, bench.seed):
        other = replace(bench, seed=seed)
        proofs += [proof.prove(exercise, lesson.folder, attempt, other) for attempt in proof.attempts(exercise)[:2]]
    faults = [f"{p.fault}\n{p.report}" for p in proofs if p.fault]
    assert not faults, "\n\n".join(faults)
    assert not proof.decoration(exercise, proofs)
