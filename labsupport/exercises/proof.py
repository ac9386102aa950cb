"""Prove an exercise on a real engine: the solution passes, each wrong attempt fails with its message, an untouched
start fails, no cheat passes, no detour changes the verdict (labsupport.exercises.cheats), and no check is decoration.

`python -m labsupport.exercises.proof 01.2 bug.3 [--host unix:///run/x.sock]` does it on the running sandbox or on
another engine, for lesson authors; pytest does it for every exercise (tests/engine/exercises).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labsupport.exercises import cheats, scene
from labsupport.exercises.evaluate import RAISED, first_open
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.outcome import Report, StepResult, Verdict
from labsupport.exercises.seeds import fill
from labsupport.exercises.stage import Bench, Stage
from labsupport.sandbox import paths

SOLUTION, UNTOUCHED = "solution", "untouched"


@dataclass(frozen=True)
class Attempt:
    """One way of doing an exercise: the solution, a wrong attempt, or nothing at all. says: what must be shown."""

    name: str
    commands: tuple[str, ...] = ()
    answers: Any = None
    says: str = ""
    passes: bool = False


@dataclass(frozen=True)
class Proof:
    """What came of an attempt: why it is not as it should be ("" when it is), and which checks caught it."""

    attempt: Attempt
    fault: str
    caught: frozenset[tuple[str, int]]  # (step name, place of the check in it)
    report: str
    seconds: float


def attempts(exercise: Exercise) -> list[Attempt]:
    """The solution, the untouched start, then other right attempts and the wrong ones."""
    right = [
        Attempt(r.name, r.commands, exercise.answers if r.answers is None else r.answers, passes=True)
        for r in exercise.right
    ]
    wrong = [Attempt(w.name, w.commands, w.answers, w.says) for w in exercise.wrong]
    solved = Attempt(SOLUTION, exercise.solution, exercise.answers, passes=True)
    return [solved, Attempt(UNTOUCHED, says=exercise.untouched_says), *right, *wrong]


def other_seeds(exercise: Exercise, seed: str) -> list[str]:
    """Seeds that plant the exercise's other faults: a solution must mend each of them."""
    if "fault" not in exercise.seeds:
        return []
    planted = {exercise.values(seed)["fault"]: seed}
    for number in range(50):
        planted.setdefault(exercise.values(f"{seed}-{number}")["fault"], f"{seed}-{number}")
    return [other for other in planted.values() if other != seed]


def prove(exercise: Exercise, attempt: Attempt, bench: Bench) -> Proof:
    """Set the scene, make the attempt, check it, and take everything away again."""
    began = time.monotonic()
    stage = Stage(exercise, bench)
    stage.set_up()
    try:
        stage.run(attempt.commands)
        whole = stage.check(stage.answers(attempt.answers), exhaustive=True)
    finally:
        stage.clear()
    report = as_shown(exercise, whole)
    text = str(report)
    fault = _fault(replace(attempt, says=fill(attempt.says, stage.known)), report, text)
    if fault and stage.output:
        text += f"\n--- output of the attempt\n{stage.output[-2000:]}"
    return Proof(attempt, fault, caught(whole), text, time.monotonic() - began)


def as_shown(exercise: Exercise, whole: Report) -> Report:
    """The report a learner sees, from one in which every check was run: what comes after a failure waits."""
    passed: set[str] = set()
    steps: list[StepResult] = []
    for step, result in zip(exercise.steps, whole.steps, strict=True):
        waiting = [name for name in step.after if name not in passed]
        reason = first_open(steps, waiting)
        outcomes: list[Any] = []
        for outcome in result.outcomes:
            stopped = bool(outcomes) and not outcomes[-1].passed
            if waiting or stopped:
                outcome = replace(outcome, verdict=Verdict.WAITS, expected=reason, observed="", where="", mistake="")
            outcomes.append(outcome)
        shown = StepResult(result.name, result.points, tuple(outcomes))
        steps.append(shown)
        if shown.passed:
            passed.add(step.name)
    return replace(whole, steps=tuple(steps))


def caught(whole: Report) -> frozenset[tuple[str, int]]:
    """The checks that failed, each run for itself."""
    return frozenset(
        (step.name, place) for step in whole.steps for place, outcome in enumerate(step.outcomes) if not outcome.passed
    )


def _fault(attempt: Attempt, report: Report, text: str) -> str:
    if report.trouble:
        return "a check could not look"
    if attempt.passes:
        return "" if report.passed else f"the right attempt {attempt.name!r} does not pass"
    if attempt.name == UNTOUCHED and report.earned:
        return f"the untouched start is worth {report.earned:g} points"
    if report.passed:
        return f"the attempt {attempt.name!r} passes and must not"
    if RAISED in text:  # a row for learners, but a check that reckons with the attempt says something better
        return f"a check raised at the attempt {attempt.name!r}"
    if attempt.says and attempt.says not in text:
        return f"the report of the attempt {attempt.name!r} does not say {attempt.says!r}"
    return ""


def decoration(exercise: Exercise, proofs: Iterable[Proof]) -> list[str]:
    """The checks that could as well not be there. Weakening a check means that it always passes.

    A check earns its place when some failing attempt would, without it, pass the check's step and be given that
    step's points (or pass as a whole, when there is one step).
    """
    needed: set[tuple[str, int]] = set()
    for proof in proofs:
        if proof.attempt.passes:
            continue
        failing = {name for name, _ in proof.caught}
        for step in exercise.steps:
            mine = [place for name, place in proof.caught if name == step.name]
            if len(mine) == 1 and not failing & _before(exercise, step.name):
                needed.add((step.name, mine[0]))
    return [
        f"{exercise.id}: no attempt would get further without the check {check.what!r} (step {step.name!r})"
        for step in exercise.steps
        for place, check in enumerate(step.checks)
        if (step.name, place) not in needed
    ]


def _before(exercise: Exercise, name: str) -> set[str]:
    """The steps that must pass before this one, directly or not."""
    found: set[str] = set()
    for earlier in exercise.step(name).after:
        found |= {earlier} | _before(exercise, earlier)
    return found


def main(arguments: list[str]) -> int:
    """Prove the exercises named on the command line, as `prove_all`."""
    import argparse

    from labsupport.exercises import catalog

    parser = argparse.ArgumentParser(prog="python -m labsupport.exercises.proof", description=__doc__)
    parser.add_argument("exercises", nargs="*", help="ids such as 01.2; none means all")
    parser.add_argument("--host", help="an engine other than the sandbox's: unix:///path")
    parser.add_argument("--show", action="store_true", help="print the reports too")
    options = parser.parse_args(arguments)
    every = [e.id for lesson in catalog.lessons() for e in lesson.exercises]
    return prove_all(options.exercises or every, host=options.host, show=options.show)


def prove_all(wanted: Iterable[str], *, host: str | None = None, show: bool = False) -> int:
    """Prove exercises, by id; print each attempt's verdict, with show the reports too. 1 on any fault, else 0.

    host: an engine other than the sandbox's that runs. Raises LessonError, SandboxNotRunning.
    """
    import tempfile

    from labsupport.exercises import catalog

    bad = 0
    # the engine of a sandbox reaches the folders below the learner's home, and writes to no others
    work = paths.work()
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=None if host else work) as folder:
        bench = _bench(host, Path(folder))
        for _, exercise in map(catalog.find_exercise, wanted):
            if missing := scene.lacking(exercise, bench.client):
                print(f"{exercise.id}  skipped: {missing}")
                continue
            proofs = [prove(exercise, attempt, bench) for attempt in attempts(exercise)]
            for proof in proofs:
                print(
                    f"{exercise.id}  {proof.attempt.name:<34} {proof.seconds:5.2f} s  {proof.fault or 'as it should'}"
                )
                if proof.fault or show:
                    print(proof.report)
            faults = [
                *decoration(exercise, proofs),
                *cheats.cheated(exercise, bench, _before_it(exercise)),
            ]
            faults += cheats.led_astray(exercise, bench)
            print(*faults, sep="\n", end="\n" if faults else "")
            bad += sum(bool(proof.fault) for proof in proofs) + len(faults)
    return 1 if bad else 0


def _before_it(exercise: Exercise) -> Exercise:
    """The exercise before this one in the course, the last one before the first: its solution is no other's."""
    from labsupport.exercises import catalog

    every = [each for lesson in catalog.lessons() for each in lesson.exercises]
    return every[[each.id for each in every].index(exercise.id) - 1]


def _bench(host: str | None, folder: Path) -> Bench:
    import docker

    if host:
        client = docker.DockerClient(host, version="auto", timeout=120)
        return Bench(client, {**os.environ, "DOCKER_HOST": host}, folder)
    from labsupport import sandbox

    box = sandbox.attach()
    return Bench(box.client(), box.environment(), folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
