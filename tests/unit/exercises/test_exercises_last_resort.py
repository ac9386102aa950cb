"""Whatever a learner gives as an answer, and whatever a check meets, ends in one clear row."""

from __future__ import annotations

import json
import math
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import pytest
import requests
from exercises_fake_engine import fake_lab, refused

from labsupport.errors import EngineFailed, LessonError
from labsupport.exercises import (
    Answer,
    Exercise,
    Lab,
    Mistake,
    State,
    Step,
    Verdict,
    answers,
    catalog,
    expect,
    looks,
    mistakes,
    scene,
    session,
)  # fmt: skip
from labsupport.exercises.evaluate import RAISED, evaluate, run_check
from labsupport.notebook import lab as calls


class Hostile:
    """Raises at whatever it is asked for."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __hash__(self) -> int:
        return 1


class HostileText(str):
    def __str__(self) -> str:
        raise RuntimeError("no")

    strip = casefold = replace = encode = __str__  # type: ignore[assignment]


class HostileNumber(float):
    def __float__(self) -> float:
        raise RuntimeError("no")


class HostileDict(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        raise RuntimeError("no")


def holding_itself() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["answer"] = found
    return found


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


WEIRD: list[Any] = [
    10**5000, -(10**5000), math.nan, math.inf, Decimal("nan"), holding_itself(), deep(100_000), ..., Hostile(), Hostile,
    [Hostile()], {Hostile(): 1}, {1: 2}, {(1, 2): 3}, b"\xff\x00", bytearray(b"7"), (n for n in (1, 2)), iter([1]),
    len, lambda: 7, 7j, type, HostileText("7"), HostileNumber(7), HostileDict(a=1), "\ud800", "x" * 200_000,
    [0] * 20_000, object(), 7, 0, -1, "", [], {}, (), None, True, False, "7", [7], {"answer": []}, range(3),
    memoryview(b"7"), numpy.float64("nan"), numpy.array([[1, 2], [3, 4]]), "\x1b[31m\0", Path("/etc"),
]  # fmt: skip
IDS = [f"{number}-{answers.kind(value)}" for number, value in enumerate(WEIRD)]
WANTED: list[Any] = [7, 7.5, True, "seven", ["a", "b"], ("a",), {1, 2}, {"a": 1}, "{key}", 10**5000, b"x"]


@pytest.mark.parametrize("given", WEIRD, ids=IDS)
def test_any_answer_is_one_row_of_every_check_that_wants_one(given: Any) -> None:
    """Against every kind of wanted value, and every Answer of the course."""
    checks = [Answer("q", want, mistakes=(mistakes.answered(1, "one", "!"),)) for want in WANTED]
    checks += [
        check
        for lesson in catalog.lessons()
        for exercise in lesson.exercises
        for step in exercise.steps
        for check in step.checks
        if isinstance(check, Answer)
    ]
    for check in checks:
        plain, refused_ones = answers.read(given if isinstance(given, dict) else {check.key: given})
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        lab = fake_lab({"key": "k"}, answers=plain)
        lab.refused = refused_ones
        report = evaluate(Exercise("x", "t", "g", (Step("a", check),)), lab)
        str(report).encode(), report._repr_html_().encode(), json.dumps(report.as_json(), allow_nan=False)
        (outcome,) = report.steps[0].outcomes
        assert outcome.what and outcome.observed
        assert len(outcome.observed) < 200 or isinstance(given, (list, dict)), outcome.observed


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (10**5000, "a number of about 5,001 digits"),
        (math.nan, "not a number (NaN)"),
        (-math.inf, "an infinite number"),
        (deep(100), "a list with more than 20 others in one another, or that holds itself"),
        ((n for n in (1,)), "a generator, which has no values until it is run: write list(...)"),
        (len, "a builtin_function_or_method itself: call it, with () after its name"),
        (Hostile(), "a value of type Hostile"),
        (HostileNumber(7), "a value of type HostileNumber that can't be read (RuntimeError)"),
        ("x" * 200_000, "a text of 200,000 characters"),
        ([0] * 20_000, "a list of 20,000 items"),
    ],
    ids=answers.kind,
)
def test_a_refused_answer_says_what_it_is(given: Any, words: str) -> None:
    lab = fake_lab()
    lab.answers, lab.refused = answers.read(given)
    outcome = run_check(Answer("q", 7), lab)
    assert (outcome.verdict, outcome.observed) == (Verdict.FAILED, f"your answer is {words}")
    assert outcome.expected == "a number, a text, or a list or dict of them"
    own = State("q", looks.answer(), expect.equals(7))
    assert run_check(own, lab).observed == f"your answer is {words}"


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (b"seven\n", "seven"),
        (numpy.int64(7), 7),
        (numpy.bool_(True), True),
        (numpy.array(["b", "a"]), ["a", "b"]),
        (Decimal("7.0"), 7),
        (Fraction(7, 1), 7),
        (Path("seven"), "seven"),
        ({"b": 1, "a": 2}.keys(), ["a", "b"]),
        ({"a", "b"}, ["a", "b"]),
        (range(2), [0, 1]),
        (str.__new__(HostileText, "seven"), "seven"),
    ],
    ids=answers.kind,
)
def test_a_right_answer_of_an_unusual_type_is_right(given: Any, want: Any) -> None:
    lab = fake_lab()
    lab.answers, lab.refused = answers.read(given)
    assert run_check(Answer("q", want), lab).passed


@pytest.mark.parametrize("given", WEIRD, ids=IDS)
def test_what_a_cell_calls_never_ends_in_a_traceback(
    given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A result, or the one sentence of a LessonError."""
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("LABSUPPORT_LABS", str(Path(__file__).parent / "labs"))
    monkeypatch.setenv("LABSUPPORT_WIDGETS", "0")
    monkeypatch.setattr(session, "lacking", lambda exercise: "")
    monkeypatch.setattr(session, "cut_short", lambda exercise: {})

    def open_lab(exercise: Exercise, answer: Any) -> Lab:
        lab = fake_lab({"name": "n", "port": 8100})
        lab.answers, lab.refused = answers.read(answer)
        return lab

    monkeypatch.setattr(session, "open_lab", open_lab)
    calls.check("01.2", given)
    capsys.readouterr().out.encode()
    for call in (
        lambda: calls.check(given),
        lambda: calls.hint(given),
        lambda: calls.hint("01.1", given),
        lambda: calls.quiz("01.q1", given),
        lambda: calls.predict("01.p1", given),
        lambda: calls.predict("01.p2", given),
        lambda: calls.begin(given),
        lambda: calls.lab(given),
    ):
        try:
            call()
        except LessonError as error:
            str(error).encode()
        capsys.readouterr().out.encode()
    if (kept := session.progress().path).exists():
        json.loads(kept.read_text(), parse_constant=lambda name: pytest.fail(name))


def raising(error: BaseException) -> State:
    def fetch(_: Lab) -> Any:
        raise error

    return State("it is there", looks.Look(fetch, "cat a.json"), expect.equals(1))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AttributeError("'list' object has no attribute 'get'"), f"{RAISED}: AttributeError: 'list' object"),
        (KeyError("process"), f"{RAISED}: KeyError: 'process'"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), f"{RAISED}: invalid start byte"),
        (RecursionError("maximum"), f"{RAISED}: it is too deep, or holds itself"),
        (RuntimeError(Hostile()), f"{RAISED}: RuntimeError: a value of type RuntimeError"),
        (refused(409, "Container abc is paused, unpause the container before exec"), "the engine refused: Container"),
        (refused(500, "unable to find user ghost: no matching entries in passwd file"), "the engine refused: unable"),
        (refused(400, 'OCI runtime create failed: exec: "serv": not found'), "the engine refused: OCI runtime"),
    ],
    ids=answers.kind,
)
def test_what_a_check_meets_is_the_learners_work_as_it_is(error: Exception, words: str) -> None:
    outcome = run_check(raising(error), fake_lab())
    assert outcome.verdict is Verdict.FAILED
    assert outcome.observed.startswith(words)


@pytest.mark.parametrize(
    "error",
    [
        refused(500, "OCI runtime create failed: write /sys/fs/cgroup/x: no space left on device"),
        refused(503, "i/o timeout"),
        requests.ReadTimeout(),
        OSError(28, "No space left on device"),
        PermissionError(13, "Permission denied", "/root/x"),
    ],
    ids=answers.kind,
)
def test_what_no_learner_did_is_trouble(error: Exception, tmp_path: Path) -> None:
    lab = fake_lab()
    lab.folder = tmp_path
    assert run_check(raising(error), lab).verdict is Verdict.TROUBLE


def test_a_file_of_the_learner_that_cannot_be_read_is_no_trouble(tmp_path: Path) -> None:
    lab = fake_lab()
    lab.folder = tmp_path
    for error in (PermissionError(13, "Permission denied", str(tmp_path / "a")), IsADirectoryError(21, "Is a", b"")):
        error.filename = error.filename or os.fsencode(tmp_path / "b")
        outcome = run_check(raising(error), lab)
        assert outcome.verdict is Verdict.FAILED and str(tmp_path) in outcome.observed


def test_ctrl_c_is_no_row() -> None:
    with pytest.raises(KeyboardInterrupt):
        run_check(raising(KeyboardInterrupt()), fake_lab())


@pytest.mark.parametrize(
    "error", [FileNotFoundError("gone"), RecursionError(), requests.Timeout(), refused(500, "x")], ids=answers.kind
)
def test_a_mistake_that_raises_is_passed_over(error: Exception) -> None:
    def sees(*_: Any) -> bool:
        raise error

    looked = State("a", looks.Look(lambda lab: 1, "w"), expect.equals(2), (Mistake("x", "y", sees),))
    assert run_check(looked, fake_lab()).verdict is Verdict.FAILED


def test_a_container_that_could_not_start_is_not_blamed_on_create() -> None:
    said = "driver failed programming external connectivity:\n port is already allocated"
    things = {"web": {"State": {"Status": "created", "Error": said}}}
    check = State("web runs", looks.container("web", ".State.Status"), expect.equals("running"),
                  mistakes=(mistakes.not_started("web"),))  # fmt: skip
    words = run_check(check, fake_lab(container=things)).mistake
    assert words == f"it could not start: {' '.join(said.split())}"
    things["web"]["State"]["Error"] = ""
    assert run_check(check, fake_lab(container=things)).mistake.startswith("created, not started")


def test_an_engine_that_goes_away_in_the_middle_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))

    class Gone:
        def client(self) -> Any:
            raise requests.ConnectionError("refused")

    monkeypatch.setattr(session.sandbox, "attach", Gone)
    exercise = Exercise("06.6", "t", "g", (), needs=("cgroup",))
    for call in (lambda: session.lacking(exercise), lambda: session.begin(exercise)):
        with pytest.raises(EngineFailed, match="the engine does not answer"):
            call()


@pytest.mark.parametrize("made", ["file", "link to nothing", "link to itself"])
def test_whatever_stands_in_the_working_folders_place_is_kept_aside(made: str, tmp_path: Path) -> None:
    folder = tmp_path / "01.1"
    folder.write_text("mine") if made == "file" else folder.symlink_to(folder if "itself" in made else tmp_path / "no")
    scene.copy_files(Exercise("01.1", "t", "g", ()), folder)
    assert folder.is_dir() and not folder.is_symlink()
    assert len(list(tmp_path.glob(".01.1-before-*"))) == 1


@pytest.mark.parametrize("given", [None, ..., {"answer": ...}])
def test_what_stands_for_an_answer_still_to_come_is_none(given: Any) -> None:
    lab = fake_lab()
    lab.answers, lab.refused = answers.read(given)
    assert run_check(Answer("q", 7), lab).observed == "no answer yet"
