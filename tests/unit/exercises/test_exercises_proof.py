"""The judges of the checks: which attempts count, and how a check without use is found."""

from __future__ import annotations

from dataclasses import replace

from exercises_fake_engine import fake_lab

from labsupport.exercises import Exercise, State, Step, Wrong, expect
from labsupport.exercises.evaluate import evaluate
from labsupport.exercises.lab import Lab
from labsupport.exercises.looks import Look
from labsupport.exercises.proof import SOLUTION, UNTOUCHED, Attempt, Proof, as_shown, attempts, caught, decoration


def key(name: str, wanted: object = True) -> State:
    return State(f"{name} is {wanted}", Look(lambda lab: lab.answers.get(name), "w"), expect.equals(wanted))


EXERCISE = Exercise(
    "01.1", "t", "g",
    (Step("one", key("a"), key("b")), Step("two", key("c"), after="one")),
    solution=("true",),
    wrong=(Wrong("no a", says="a is"), Wrong("no b", says="b is"), Wrong("no c", says="c is")),
)  # fmt: skip


def proof(exercise: Exercise, name: str, **answers: bool) -> Proof:
    lab: Lab = fake_lab(answers=answers)
    whole = evaluate(exercise, lab, exhaustive=True)
    return Proof(Attempt(name), "", caught(whole), str(as_shown(exercise, whole)), 0)


def test_all_attempts_are_made() -> None:
    assert [attempt.name for attempt in attempts(EXERCISE)] == [SOLUTION, UNTOUCHED, "no a", "no b", "no c"]


def test_every_check_that_stops_somebody_is_needed() -> None:
    proofs = [proof(EXERCISE, "1", b=True), proof(EXERCISE, "2", a=True, c=True), proof(EXERCISE, "3", a=True, b=True)]
    assert decoration(EXERCISE, proofs) == []


def test_a_check_that_stops_nobody_is_decoration() -> None:
    proofs = [proof(EXERCISE, "1", b=True), proof(EXERCISE, "3", a=True, b=True)]
    (fault,) = decoration(EXERCISE, proofs)
    assert "'b is True' (step 'one')" in fault


def test_a_check_behind_a_failing_step_has_stopped_nobody() -> None:
    proofs = [proof(EXERCISE, "1", b=True), proof(EXERCISE, "2", a=True)]
    (fault,) = decoration(EXERCISE, proofs)
    assert "'c is True' (step 'two')" in fault


def test_weakening_really_lets_the_attempt_pass() -> None:
    """`decoration` reasons on recorded outcomes; here the check is really weakened and the attempt made again."""
    for place, name in enumerate("ab"):
        answers = {"a": True, "b": True, "c": True, name: False}
        assert not evaluate(EXERCISE, fake_lab(answers=answers)).passed
        weak = list(EXERCISE.steps[0].checks)
        weak[place] = replace(weak[place], expect=expect.satisfies("anything", lambda value: True))
        weakened = replace(EXERCISE, steps=(Step("one", *weak), EXERCISE.steps[1]))
        assert evaluate(weakened, fake_lab(answers=answers)).passed


def test_the_report_shown_is_the_learners() -> None:
    for answers in ({}, {"a": True}, {"b": True, "c": True}, {"a": True, "b": True, "c": True}):
        whole = evaluate(EXERCISE, fake_lab(answers=answers), exhaustive=True)
        assert str(as_shown(EXERCISE, whole)) == str(evaluate(EXERCISE, fake_lab(answers=answers)))
