"""When a scene counts as untouched: a check then says what is wrong, and not why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import Exercise, Lab, Mistake, State, Step, expect, looks, traces, untouched
from labsupport.exercises.evaluate import evaluate
from labsupport.exercises.lab import Left

ID = "c0ffee" * 10
EXERCISE = Exercise(
    "01.1", "t", "g",
    (Step("up", State("web runs", looks.container("web", ".State.Status"), expect.equals("running"),
                      mistakes=(Mistake("the cause", "it says why"),))),),
)  # fmt: skip


def event(action: str, kind: str = "container", identity: str = ID, **attributes: str) -> dict[str, Any]:
    return {"Type": kind, "Action": action, "Actor": {"ID": identity, "Attributes": attributes}}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "Dockerfile").write_text("FROM busybox\n")
    web = {"Id": ID, "State": {"Status": "exited"}, "Config": {}, "HostConfig": {"RestartPolicy": {"Name": "no"}}}
    found = fake_lab({"name": "web", "id": "01.1"}, container={"web": web, ID: web})
    return replace(found, folder=tmp_path, made={"container": {"web": ID}}, left=Left(5, untouched.digests(tmp_path)))


def test_a_scene_as_it_was_left_says_no_cause(lab: Lab) -> None:
    said = str(evaluate(EXERCISE, lab))
    assert "exited" in said and "it says why" not in said


@pytest.mark.parametrize(
    "happened",
    [
        event("start"), event("destroy"), event("rename"), event("kill"), event("exec_create: sh", execID="theirs"),
        event("create", identity="other", name="web"), event("tag", "image", "x", name="web:latest"),
        event("connect", "network", "net", container=ID, name="web"),
        event("create", "volume", "v", **{"course.lab": "01.1"}),
    ],
)  # fmt: skip
def test_whoever_did_something_is_told_the_cause(lab: Lab, happened: dict[str, Any]) -> None:
    lab.events = lambda since: [happened]
    assert "it says why" in str(evaluate(EXERCISE, lab))


@pytest.mark.parametrize(
    "happened",
    [
        event("die"), event("top"), event("exec_start: sh"), event("start", identity="other", name="elsewhere"),
        event("destroy", **{"course.lab": "probe"}), event("pull", "image", "busybox", name="busybox"),
        event("exec_create: cat", execID="ours"), event("create", identity="other", **{"course.lab": "02.2"}),
    ],
)  # fmt: skip
def test_what_happens_by_itself_or_elsewhere_is_no_work(lab: Lab, happened: dict[str, Any]) -> None:
    traces.execs.add("ours")
    lab.events = lambda since: [happened]
    assert untouched.is_untouched(lab)


def test_a_container_that_its_policy_restarts_is_untouched(lab: Lab) -> None:
    lab.events = lambda since: [
        event("die"),
        event("disconnect", "network", "n", container=ID, name="web"),
        event("start"),
    ]
    assert not untouched.is_untouched(lab)
    lab.inspect("container", ID)["HostConfig"]["RestartPolicy"]["Name"] = "always"
    assert untouched.is_untouched(lab)


def test_a_changed_file_or_an_answer_is_work(lab: Lab) -> None:
    assert not untouched.is_untouched(replace(lab, answers={"answer": 1}))
    assert not untouched.is_untouched(replace(lab, refused={"answer": "a list"}))
    (lab.folder / ".ipynb_checkpoints").mkdir()
    (lab.folder / ".ipynb_checkpoints" / "Dockerfile").write_text("FROM web\n")
    assert untouched.is_untouched(lab)
    (lab.folder / "rootfs").mkdir()
    assert not untouched.is_untouched(lab)
    (lab.folder / "rootfs").rmdir()
    (lab.folder / "Dockerfile").write_text("FROM web\n")
    assert not untouched.is_untouched(lab)


def test_nothing_is_known_of_a_scene_that_nobody_wrote_down(lab: Lab) -> None:
    assert not untouched.is_untouched(replace(lab, left=None))
