"""The ways of containers, counted from event streams as engines send them (the order of stop and die differs)."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.figures import style
from labsupport.figures.lifecycle import WAYS, lifecycle, plain_map, ways


def events(*actions: str, name: str = "a", kind: str = "container") -> list[dict[str, Any]]:
    return [{"Type": kind, "Action": action, "Actor": {"ID": name}} for action in actions]


def ended(*actions: str) -> str:
    """By what a container ended, from what came after its start."""
    (cause,) = (
        by for start, end, by in ways(events("create", "start", *actions)) if (start, end) == ("running", "exited")
    )
    return cause


@pytest.mark.parametrize(
    ("actions", "cause"),
    [
        (("die",), "ends by itself"),
        (("exec_create: ps", "exec_die", "die"), "ends by itself"),
        (("kill", "die"), "kill"),
        (("kill", "kill", "stop", "die"), "stop"),
        (("kill", "kill", "die", "stop"), "stop"),
        (("oom", "die"), "out of memory"),
        (("die", "oom"), "out of memory"),
    ],
)
def test_why_a_container_ended(actions: tuple[str, ...], cause: str) -> None:
    assert ended(*actions) == cause


def test_a_restart_is_a_stop_and_a_start() -> None:
    gone = ways(events("create", "start", "kill", "die", "stop", "start", "restart"))
    assert gone == {
        ("nothing", "created", "create"): 1,
        ("created", "running", "start"): 1,
        ("running", "exited", "stop"): 1,
        ("exited", "running", "start"): 1,
    }


def test_an_earlier_kill_does_not_explain_a_later_end() -> None:
    gone = ways(events("create", "start", "kill", "die", "start", "die"))
    assert gone["running", "exited", "kill"] == 1
    assert gone["running", "exited", "ends by itself"] == 1


def test_containers_are_told_apart_and_other_events_left_out() -> None:
    stream = [
        *events("create", "start", name="a"),
        *events("destroy", name="unknown"),
        *events("create", "destroy", name="b"),
        *events("create", kind="network"),
        *events("pause", "unpause", name="a"),
    ]
    assert ways(stream) == {
        ("nothing", "created", "create"): 2,
        ("created", "running", "start"): 1,
        ("created", "removed", "rm"): 1,
        ("running", "paused", "pause"): 1,
        ("paused", "running", "unpause"): 1,
    }


def test_the_picture_says_in_words_what_was_gone_and_what_was_not() -> None:
    picture = lifecycle(events("create", "start", "die"), "Today")
    assert picture.alt.startswith(
        "Today, and how often: create from nothing to created 1, start from created to running 1"
    )
    assert "Not gone: pause from running to paused" in picture.alt
    assert len(picture.table.rows) == len(WAYS)
    assert "none yet" in lifecycle([]).alt


def test_both_maps_are_drawn_with_every_word() -> None:
    for draw in (plain_map, lifecycle(events("create")).draw):
        texts = {text.get_text().split(":")[0] for text in draw(style.LIGHT).axes[0].texts}
        assert {by for _, _, by in WAYS} | {"created", "running", "paused", "exited"} <= texts
