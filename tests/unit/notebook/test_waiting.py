"""A cell that goes on without a word says why it may, and how to end it: to a person, once."""

from __future__ import annotations

import pytest

from labsupport.notebook.terminal import holding
from labsupport.notebook.waiting import Waiting
from labsupport.shell.show import Show


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("docker run -p 8080:80 web", "`docker run` without -d"),
        ("echo a\ndocker container run busybox sleep 60", "`docker run` without -d"),
        ("docker run --rm -it -e A=-d web", "`docker run` without -d"),
        ("docker logs -f web", "`docker logs -f`"),
        ("docker start -a web", "`docker start`"),
        ("docker wait web && echo done", "`docker wait`"),
        ("timeout 60 docker events", "`docker events` without --until"),
    ],
)
def test_what_may_go_on_for_ever(script: str, reason: str) -> None:
    assert holding(script).startswith(reason)


@pytest.mark.parametrize(
    "script",
    [
        "docker run -d web", "docker run -dp 80:80 web", "docker run --detach=true web", "docker ps -a",
        "docker build .",
        "docker logs web", "docker start web", "docker events --since 1h --until 0s",
        "sleep 60", "", "echo docker run web",
    ],
)  # fmt: skip
def test_what_ends_by_itself(script: str) -> None:
    assert holding(script) == ""


def test_it_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting("docker run web", Show(), silence=0)
    for _ in range(3):
        waiting()
    said = capsys.readouterr().out
    assert said.count("still running") == 1 and "stop button" in said


def test_not_while_something_comes_nor_where_nothing_holds(capsys: pytest.CaptureFixture[str]) -> None:
    Waiting("docker run web", Show(), silence=60)()
    Waiting("docker build .", Show(), silence=0)()
    assert capsys.readouterr().out == ""
