"""The four kinds of check on an engine of dictionaries: verdicts, words, mistakes, and everything that goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from exercises_fake_engine import fake_lab, refused

from labsupport.exercises import (
    Answer,
    Did,
    Exercise,
    Lab,
    Mistake,
    Outcome,
    State,
    Step,
    Unreachable,
    Verdict,
    expect,
    looks,
    mistakes,
)
from labsupport.exercises.evaluate import evaluate, run_check
from labsupport.exercises.exercise import unasked

RUNNING = {"web": {"State": {"Status": "running"}, "Config": {"Image": "web"}}}
STATE = State(
    "{name} runs",
    looks.container("{name}", ".State.Status"),
    expect.equals("running"),
    mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
)


def test_state_passes_and_says_what_it_saw() -> None:
    outcome = run_check(STATE, fake_lab({"name": "web"}, container=RUNNING))
    assert outcome == Outcome(
        "web runs", Verdict.PASSED, "running", "running",
        "docker container inspect web --format '{{json .State.Status}}'", "", "state",
    )  # fmt: skip


def test_a_classic_mistake_is_named() -> None:
    lab = fake_lab({"name": "web"}, container={"web": {"State": {"Status": "created"}}})
    outcome = run_check(STATE, lab)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.mistake.startswith("created, not started: ")
    assert "docker start web" in outcome.mistake


def test_a_missing_container_is_said_to_be_missing() -> None:
    outcome = run_check(STATE, fake_lab({"name": "web"}))
    assert (outcome.verdict, outcome.observed) == (Verdict.FAILED, "there is no container called web")


def test_a_name_like_it_is_pointed_out() -> None:
    lab = fake_lab({"name": "web-otter"}, container={"web-oter": RUNNING["web"]})
    assert run_check(STATE, lab).observed == "there is no container called web-otter (but there is web-oter)"


def test_a_name_that_belongs_to_something_else() -> None:
    outcome = run_check(STATE, fake_lab({"name": "web"}, image={"web": {}}))
    assert outcome.observed == "there is no container called web; the name belongs to an image"


def test_the_start_of_an_id_is_no_name() -> None:
    lab = fake_lab({"name": "ab12"}, container={"ab12": {"Name": "/other", "Id": "ab12" + "0" * 60, **RUNNING["web"]}})
    assert run_check(STATE, lab).verdict is Verdict.FAILED


def test_a_container_that_vanishes_while_it_is_looked_at() -> None:
    def gone(lab: Lab) -> Any:
        raise _not_found()

    check = State("web runs", looks.Look(gone, "docker ps"), expect.present())
    outcome = run_check(check, fake_lab())
    assert outcome.verdict is Verdict.FAILED
    assert outcome.observed == "it vanished while it was looked at (No such container: web)"


def _not_found() -> Exception:
    from docker.errors import NotFound

    return NotFound("x", explanation="No such container: web")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectionError(), "the engine does not answer; run"),
        (ConnectionRefusedError(111, "Connection refused"), "the engine does not answer; run"),
        (TimeoutError(), "the engine does not answer; run"),
        (refused(500, "disk is full"), "the engine refused: disk is full"),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied: /x"),
        (Unreachable("no value yet"), "no value yet"),
    ],
)
def test_an_engine_in_trouble_is_not_the_learners_fault(error: Exception, words: str) -> None:
    lab = fake_lab({"name": "web"})
    lab.client.api.broken = error  # type: ignore[attr-defined]
    outcome = run_check(STATE, lab)
    assert outcome.verdict is Verdict.TROUBLE
    assert outcome.observed.startswith(words)


@pytest.mark.parametrize(
    ("value", "named"),
    [("exit 3: web", "another code"), ("web runs", "it runs"), ("bar runs", "else"), (None, "else"), (7, "else")],
)
def test_a_mistake_is_seen_by_an_expectation_or_is_all_the_rest(value: Any, named: str) -> None:
    own = (
        Mistake("another code", "!", expect.begins_with("exit 3", "exit 4")),
        Mistake("it runs", "!", expect.contains("{name} runs")),
        Mistake("else", "!"),
    )
    check = State("a", looks.Look(lambda lab: value, "w"), expect.equals("exit 0"), own)
    assert run_check(check, fake_lab({"name": "web"})).mistake == f"{named}: !"


def test_a_mistake_that_stumbles_is_passed_over() -> None:
    stumbling = Mistake("x", "y", lambda lab, value: value["no"]["such"])
    check = State("a", looks.Look(lambda lab: 1, "w"), expect.equals(2), (stumbling, mistakes.answered(1, "one", "!")))
    assert run_check(check, fake_lab()).mistake == "one: !"


def test_an_expectation_that_raises_is_not_met() -> None:
    check = State("a", looks.Look(lambda lab: None, "w"), expect.satisfies("long", lambda value: len(value) > 3))
    assert run_check(check, fake_lab()).verdict is Verdict.FAILED


def test_one_inspect_serves_many_checks() -> None:
    lab = fake_lab({"name": "web"}, container=RUNNING)
    exercise = Exercise("01.1", "t", "g", (Step("a", STATE, STATE, STATE),))
    assert evaluate(exercise, lab).passed
    assert lab.client.api.asked == ["container web"]  # type: ignore[attr-defined]


EVENTS = [
    {"Type": "container", "Action": "start", "Actor": {"Attributes": {"name": "web", "image": "web"}}},
    {"Type": "container", "Action": "exec_start: sh", "Actor": {"Attributes": {"name": "web"}}},
    {"Type": "container", "Action": "restart", "Actor": {"Attributes": {"name": "x", "course.lab": "probe"}}},
    {"Type": "image", "Action": "pull", "Actor": {"ID": "busybox:latest", "Attributes": {"name": "busybox"}}},
]


@pytest.mark.parametrize(
    ("look", "found"),
    [
        (looks.events(action="start", name="{name}"), ["start web"]),
        (looks.events(action="exec_start"), ["exec_start web"]),
        (looks.events(action="restart"), []),
        (looks.events("image", "pull", "busybox"), ["pull busybox"]),
        (looks.events(action="start", image="other"), []),
    ],
)
def test_did(look: looks.Look, found: list[str]) -> None:
    lab = fake_lab({"name": "web"})
    lab.events = lambda since: EVENTS
    assert run_check(Did("it happened", look, expect.equals(found)), lab).passed


@pytest.mark.parametrize(
    ("want", "given", "options"),
    [
        (3, 3, {}),
        (3, "3", {}),
        (7_800_000, "7.8 MB", {"unit": "B"}),
        (7_800_000, "7.6 MB", {"unit": "B", "tolerance": 0.05}),
        (2.0, "2000 ms", {"unit": "s"}),
        (True, "yes", {}),
        ("running", " Running ", {}),
        (["a", "b"], "b, a", {}),
        (["a", "b"], ["b", "a"], {}),
        ("sha256:" + "ab" * 32, "abababababab", {}),
    ],
)
def test_answer_is_right(want: Any, given: Any, options: dict[str, Any]) -> None:
    check = Answer("q", looks.Look(lambda lab: want, "docker ..."), **options)
    assert run_check(check, fake_lab(answers={"answer": given})).passed


@pytest.mark.parametrize(
    ("want", "given", "expected"),
    [
        (3, 4, "what your engine says"),
        (3, "many", "a number such as 3"),
        (3, [3], "a number such as 3"),
        (3, True, "a number such as 3"),
        (5_000_000, "3 s", "a number such as 3 B; 's' is another unit"),
        (True, 3, "true or false"),
        (["a"], 3, "a list such as ['a', 'b']"),
        ("x", {"a": 1}, "a text"),
        ("sha256:" + "ab" * 32, "abab", "what your engine says"),
    ],
)
def test_answer_is_wrong(want: Any, given: Any, expected: str) -> None:
    check = Answer("q", looks.Look(lambda lab: want, "docker ..."), unit="B" if want == 5_000_000 else "")
    outcome = run_check(check, fake_lab(answers={"answer": given}))
    assert (outcome.verdict, outcome.expected) == (Verdict.FAILED, expected)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"layers": 1, "size": 2}, ""),
        (None, ""),
        ({"layres": 1}, "Not asked for: 'layres'. It wants answer={...} with 'layers', 'size'."),
        (3, "Not asked for: 'answer'. It wants answer={...} with 'layers', 'size'."),
    ],
)
def test_answers_nobody_asked_for(given: Any, words: str) -> None:
    exercise = Exercise("x", "t", "g", (Step("a", Answer("q", 1, key="layers"), Answer("q", 1, key="size")),))
    assert unasked(exercise, given) == words


def test_one_value_is_asked_for() -> None:
    exercise = Exercise("x", "t", "g", (Step("a", Answer("q", 1)),))
    assert unasked(exercise, {"x": 1}) == "Not asked for: 'x'. It wants answer=..., one value."
    assert unasked(exercise, 1) == unasked(Exercise("x", "t", "g", (Step("a", STATE),)), 1) == ""


def test_no_answer_yet() -> None:
    outcome = run_check(Answer("q", 3), fake_lab())
    assert (outcome.expected, outcome.observed) == ("an answer", "no answer yet")


def test_a_wrong_answer_does_not_give_the_right_one_away() -> None:
    outcome = run_check(Answer("q", looks.Look(lambda lab: 4711, "docker ...")), fake_lab(answers={"answer": 3}))
    assert "4711" not in f"{outcome}"


def test_an_engine_without_a_value_is_no_wrong_answer() -> None:
    outcome = run_check(Answer("q", looks.Look(lambda lab: None, "w")), fake_lab(answers={"answer": 3}))
    assert outcome.verdict is Verdict.TROUBLE
