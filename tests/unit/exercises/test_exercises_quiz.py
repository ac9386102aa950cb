"""Quizzes and predictions: choices by letter, every choice explained, predictions held against what happened."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.exercises import Choice, Prediction, Quiz
from labsupport.exercises.looks import Look

QUIZ = Quiz("01.q1", "Which?", (Choice("this", "because", right=True), Choice("that", "no"), Choice("both", "no")))
SEVERAL = Quiz("01.q2", "Which?", (Choice("a", "w", right=True), Choice("b", "w", right=True), Choice("c", "w")))


def test_a_right_and_a_wrong_choice() -> None:
    assert QUIZ.passed("a") and QUIZ.passed(" A ") and not QUIZ.passed("b")


def test_all_right_ones_must_be_chosen() -> None:
    assert SEVERAL.passed("b, a") and SEVERAL.passed(["a", "b"])
    assert not SEVERAL.passed("a") and not SEVERAL.passed("abc"[0:1] + " c b")


@pytest.mark.parametrize("answer", ["d", "", "ad", 3, [], None, {"a": 1}, "a d"])
def test_no_choice(answer: Any) -> None:
    with pytest.raises(ValueError, match="answer with the letter of a choice: a, b, c"):
        QUIZ.chosen(answer)


@pytest.mark.parametrize("answer", ["ac", "a, c", "c a", ["a", "c"], ["c,a"], ("A", "C")])
def test_several_letters_may_be_written_in_any_way(answer: Any) -> None:
    assert SEVERAL.chosen(answer) == ("a", "c")


def test_a_wrong_answer_leaves_the_others_to_be_found() -> None:
    assert QUIZ.graded("b") == "01.q1 Which?\n✘ fail: you chose b\n  b) that: wrong. no"
    assert QUIZ.graded("a").splitlines()[1:] == [
        "✔ pass  you chose a", "  a) this: right. because", "  b) that: wrong. no", "  c) both: wrong. no",
    ]  # fmt: skip
    assert SEVERAL.graded("a").splitlines()[-1] == "  That is not all of them."


def test_a_question_says_how_to_answer() -> None:
    assert QUIZ.asked().splitlines()[-1] == 'Answer with quiz("01.q1", "a")'
    assert "(several are right)" in SEVERAL.asked()


CHOSEN = Prediction("01.p1", "Does it run?", ("yes", "no"), "b", "because")
COUNTED = Prediction("01.p2", "How many?", happened=Look(lambda lab: 100, "w"), tolerance=0.1, unit="layers")


def test_a_choice_that_came_true() -> None:
    assert CHOSEN.fared("b", None) == (
        "Does it run?\n  predicted  b) no\n  happened   b) no\n  ✔ as predicted\nbecause"
    )  # fmt: skip
    assert "✘ not as predicted" in CHOSEN.fared("a", None)


@pytest.mark.parametrize(("value", "mark"), [(105, "✔"), ("95 layers", "✔"), (120, "✘"), ("many", "✘")])
def test_a_number_near_enough(value: Any, mark: str) -> None:
    assert f"{mark} " in COUNTED.fared(value, object())  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["c", "", 1, "ab", None])
def test_no_such_choice(answer: Any) -> None:
    with pytest.raises(ValueError, match="predict with a letter: a, b"):
        CHOSEN.accepted(answer)


@pytest.mark.parametrize("answer", ["", " ", True, [1], None])
def test_no_prediction(answer: Any) -> None:
    with pytest.raises(ValueError, match="a number or a short text"):
        COUNTED.accepted(answer)
