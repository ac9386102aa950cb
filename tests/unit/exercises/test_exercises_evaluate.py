"""Steps in their order, partial points, and the report's text and HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import Exercise, Report, State, Step, expect, scene
from labsupport.exercises.evaluate import evaluate
from labsupport.exercises.looks import Look
from labsupport.exercises.render import inline


def constant(what: str, value: object, wanted: object) -> State:
    return State(what, Look(lambda lab: value, "docker ps"), expect.equals(wanted))


EXERCISE = Exercise(
    "01.1",
    "Three steps",
    "goal",
    (
        Step("first", constant("a & b", 1, 1), points=0.5),
        Step("second", constant("b", 1, 2), constant("b2", 1, 1), points=2),
        Step("third", constant("c", 1, 1), after="second"),
        Step("fourth", constant("d", "<x>", 1)),
    ),
)
TEXT = """\
01.1 Three steps: 0.5 of 4.5 points
✔ pass    a & b
✘ fail    b
    expected  2
    observed  1
    see       docker ps
· wait    b2
· wait    c
    after     b
✘ fail    d
    expected  1
    observed  <x>
    see       docker ps
Next hint: hint("01.1")"""


def test_the_report_as_text() -> None:
    assert str(evaluate(EXERCISE, fake_lab())) == TEXT


def test_the_report_as_html() -> None:
    html = evaluate(EXERCISE, fake_lab())._repr_html_()
    assert "a &amp; b" in html and "&lt;x&gt;" in html and "<x>" not in html
    assert "✘ fail" in html and "<code>docker ps</code>" in html
    assert "id=" not in html and "color:" not in html.replace("border-left", "")


def test_the_same_state_gives_the_same_words() -> None:
    first, second = (evaluate(EXERCISE, fake_lab()) for _ in range(2))
    assert (str(first), first._repr_html_()) == (str(second), second._repr_html_())


def test_exhaustive_runs_what_would_wait() -> None:
    report = evaluate(EXERCISE, fake_lab(), exhaustive=True)
    assert [o.verdict.value for s in report.steps for o in s.outcomes] == ["pass", "fail", "pass", "pass", "fail"]


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"MemoryLimit": True, "CpuCfsQuota": True}, []),
        ({"MemoryLimit": False, "CpuCfsQuota": True}, ["cannot limit memory"]),
        ({"MemoryLimit": True}, ["cannot limit processors"]),
        (
            {"MemoryLimit": True, "CpuCfsQuota": True, "CgroupDriver": "none"},
            ["cannot limit memory", "cannot limit processors"],
        ),
    ],
)
def test_what_an_engine_lacks(info: dict[str, object], says: list[str]) -> None:
    client: Any = SimpleNamespace(info=lambda: info)
    missing = scene.lacking(replace(EXERCISE, needs=("cgroup", "cpu")), client)
    assert [part.split(" (")[0].removeprefix("this engine ") for part in missing.split("; ") if part] == says
    assert scene.lacking(EXERCISE, client) == ""


@pytest.mark.parametrize(
    ("labels", "missing"), [(["course.driver=container"], True), (["course.sandbox=default"], False), (None, False)]
)
def test_an_engine_in_a_container_has_no_second_one_beside_it(labels: list[str] | None, missing: bool) -> None:
    client: Any = SimpleNamespace(info=lambda: {"Labels": labels})
    assert ("no second one" in scene.lacking(replace(EXERCISE, needs=("own-engine",)), client)) is missing


def test_code_in_words_is_set_as_code() -> None:
    assert inline("use `rm <x>` & go") == "use <code>rm &lt;x&gt;</code> &amp; go"


def test_json_holds_all_of_it() -> None:
    document = evaluate(EXERCISE, fake_lab()).as_json()
    assert (document["passed"], document["points"], document["earned"]) == (False, 4.5, 0.5)
    assert document["steps"][1]["outcomes"][0]["where"] == "docker ps"


def test_an_empty_report_has_not_passed() -> None:
    assert not Report("x", "t", ()).passed


def test_the_folder_cannot_be_left(tmp_path: Path) -> None:
    from labsupport.exercises import looks

    (tmp_path / "lab").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "lab" / "mine").write_text("y")
    lab = fake_lab()
    lab.folder = tmp_path / "lab"
    assert looks.file("mine").fetch(lab) == "y"
    assert looks.file("../secret").fetch(lab) is None
