"""Who started whom, and what was predicted against what happened: the words and tables behind the drawings."""

from __future__ import annotations

import pytest

from labsupport.figures import style
from labsupport.figures.family import family, kind
from labsupport.figures.killmatrix import Line, killmatrix
from labsupport.lessons.runtime_diagrams import RUNTIMES
from labsupport.sandbox.own.family import Process

ENGINE = [
    Process(1, 0, "init"),
    Process(20, 1, "dockerd"),
    Process(30, 20, "containerd"),
    Process(40, 1, "containerd-shim-runc-v2"),
    Process(41, 40, "sh"),
    Process(42, 41, "sleep"),
]
LINES = [Line("kill", "dockerd KILL", ("alive", "dead"), "exited (7)"), Line("shim", "shim KILL", ("dead", "dead"))]


def test_the_family_names_each_process_and_its_parent() -> None:
    picture = family(ENGINE, "An engine", {41: "container one"})
    assert "sh (container one), a child of containerd-shim-runc-v2" in picture.alt
    assert ("containerd", 30, "dockerd", "") in picture.table.rows


def test_a_parent_that_is_not_among_them_is_said_to_be_missing() -> None:
    picture = family(ENGINE[1:])
    assert "dockerd has no parent here" in picture.alt
    assert ("dockerd", 20, "process 1, not shown", "") in picture.table.rows


@pytest.mark.parametrize(
    ("pid", "sort"), [(1, "other"), (30, "engine"), (40, "shim"), (41, "container"), (42, "container")]
)
def test_kinds(pid: int, sort: str) -> None:
    assert kind(next(one for one in ENGINE if one.pid == pid), ENGINE) == sort


def test_the_matrix_tells_prediction_from_outcome() -> None:
    picture = killmatrix(LINES, {"kill": " Dead, dead", "shim": "?, ?"})
    assert "1 of 2 predictions were right" in picture.alt
    assert picture.table.rows[0] == ("dockerd KILL", "alive", "dead", "dead", "dead", "exited (7)")
    assert picture.table.rows[1][2] == "not predicted"


def test_without_predictions_it_says_so() -> None:
    assert "Nothing was predicted" in killmatrix(LINES).alt


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=lambda theme: theme.name)
def test_they_can_be_drawn(theme: style.Theme) -> None:
    for draw in (
        family(ENGINE).draw,
        family([]).draw,
        killmatrix(LINES, {"kill": "dead, dead"}).draw,
        *RUNTIMES.values(),
    ):
        assert style.png(draw, theme).startswith(b"\x89PNG")
