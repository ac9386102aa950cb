"""Expectations: what they accept, how they read."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.exercises import expect
from labsupport.exercises.expect import Expect, plain, quantity


@pytest.mark.parametrize(
    ("expectation", "good", "bad", "words"),
    [
        (expect.equals("running"), "running", "exited", "running"),
        (expect.one_of("a", "b"), "b", "c", "one of a, b"),
        (expect.contains("hello"), "say hello", "say", '"hello" in it'),
        (expect.contains("hello"), ["hello", "x"], None, '"hello" in it'),
        (expect.lacks("secret"), "fine", "a secret", 'no "secret" in it'),
        (expect.includes("a", "b"), ["a", "b", "c"], ["a"], "a, b among them"),
        (expect.excludes("a"), ["b"], ["a"], "a not among them"),
        (expect.starts_with("x", "y"), ["x", "y", "z"], ["y", "x"], "starts with x, y"),
        (expect.matches("^[0-9]+$", "only digits"), "12", "1a", "only digits"),
        (expect.at_most("5 MB"), 5_000_000, 5_000_001, "at most 5.0 MB"),
        (expect.at_least(3), 3, 2, "at least 3"),
        (expect.between("0 s", "2 s"), 1.5, 2.5, "between 0.0 s and 2.0 s"),
        (expect.absent(), [], ["x"], "nothing"),
        (expect.present(), "x", "", "something"),
        (expect.true(), True, 1, "true"),
        (expect.false("gone"), False, 0, "gone"),
        (expect.satisfies("even", lambda value: value % 2 == 0), 4, 3, "even"),
    ],
)
def test_expectation(expectation: Expect, good: Any, bad: Any, words: str) -> None:
    assert expectation.test(good, expectation.want)
    assert not expectation.test(bad, expectation.want)
    assert expectation.described(expectation.want) == words


@pytest.mark.parametrize("value", [None, "many", [], {}, True])
def test_no_number_is_no_size(value: Any) -> None:
    assert not expect.at_most("5 MB").test(value, 5e6)


def test_a_limit_with_words_that_show_nothing() -> None:
    """`show` may not cope with the wanted value, which the words do not mention."""
    counted = expect.satisfies("none", lambda found: not found, lambda found: f"{len(found)} of them")
    assert counted.described(None) == "none"
    assert counted.shown(None) == "nothing"


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("7.8 MB", "", (7.8e6, "B")), ("7,8MB", "", (7.8e6, "B")), (3, "", (3, "")), ("250ms", "", (0.25, "s")),
     ("2", "GiB", (2 * 1024**3, "B")), ("4 layers", "", (4, "layers"))],
)  # fmt: skip
def test_quantity(text: Any, unit: str, number: tuple[float, str]) -> None:
    assert quantity(text, unit) == pytest.approx(number) if unit else quantity(text) == number


@pytest.mark.parametrize("text", ["", "many", "1.2.3", "MB", None, True, [3]])
def test_not_a_quantity(text: Any) -> None:
    with pytest.raises(ValueError):
        quantity(text)


def test_plain_reads_well_and_does_not_grow() -> None:
    assert plain({"b": 1, "a": None}) == "a=nothing, b=1"
    assert plain({"x", "b"}) == "b, x"
    assert plain(None) == plain([]) == "nothing"
    assert plain(3.0) == "3"
    assert len(plain("word " * 100)) == 160
