"""The contents of the course, from played lessons and from the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labsupport.doctor.engine import Facts
from labsupport.environment import checkout
from labsupport.exercises.overview import Row
from labsupport.jupyter import contents

NO_LIMITS = Facts("rootless", {}, {"MemoryLimit": False, "CgroupDriver": "none", "CgroupVersion": "1"})


def row(id: str, state: str = "open", tries: int = 0) -> Row:
    lesson = {"00": "00-start", "03": "03-run", "bug": "20-bug-hunts"}[id.partition(".")[0]]
    return Row(id, f"Do `{id}`", lesson, "exercise", state, 2.0 if state == "done" else 0.0, 2.0, tries, 0, 5, "")


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    for name, front, needed in (
        ("00-start", "", "No experience. About 25 minutes."),
        (
            "03-run",
            "---\njupyter:\n  needs: [cgroup]\n---\n",
            "[00](../../notebooks/00-start.ipynb). About 75 minutes.",
        ),
        ("20-bug-hunts", "", "[03](../../notebooks/03-run.ipynb). About ten minutes each."),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lesson.md").write_text(
            f"{front}\n# Title of {name}\n\n## What you need\n\n{needed}\n\n## More\n"
        )
    return tmp_path


def told(labs: Path, rows: list[Row], **more: Any) -> dict[str, Any]:
    return contents.contents(labs, rows, more.get("predictions", {}), more.get("facts", Facts()))


def test_a_newcomer_sees_every_lesson_open(labs: Path) -> None:
    found = told(labs, [row("00.1"), row("03.1"), row("bug.1"), row("bug.2")])
    assert [(each["number"], each["minutes"], each["after"]) for each in found["lessons"]] == [
        ("00", 25, ()), ("03", 75, ("00",)), ("20", 10, ("03",)),
    ]  # fmt: skip
    assert [each["state"] for each in found["lessons"]] == ["open"] * 3
    assert not found["begun"]
    assert found["next"] == {"id": "00.1", "title": "Do 00.1", "minutes": 5, "path": "notebooks/00-start.ipynb"}


def test_states_follow_the_progress(labs: Path) -> None:
    rows = [row("00.1", "done"), row("00.2", "not here"), row("03.1", "tried", 1), row("bug.1")]
    found = told(labs, rows)
    assert [each["state"] for each in found["lessons"]] == ["done", "begun", "open"]
    assert (found["earned"], found["points"]) == (2.0, 6.0)
    assert found["next"]["id"] == "03.1" and found["begun"]
    assert told(labs, [row("00.1"), row("03.1")], predictions={"03.p1": {}})["lessons"][1]["state"] == "begun"
    assert told(labs, [row("00.1", "done")])["next"] is None


def test_what_this_machine_lacks_is_said_with_what_mends_it(labs: Path) -> None:
    lessons = told(labs, [row("00.1"), row("03.1")], facts=NO_LIMITS)["lessons"]
    assert lessons[0]["lacking"] == ()
    assert "can't limit memory" in lessons[1]["lacking"][0] and "What mends it: " in lessons[1]["lacking"][0]


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("About 90 minutes, more with the hunts.", 90),
        ("About two hours.", 120),
        ("About ten minutes each.", 0),
        ("", 0),
    ],
)
def test_how_long_a_lesson_takes(said: str, minutes: int) -> None:
    assert contents.minutes_of(f"# A\n\n## What you need\n\n{said}\n\n## B\n") == minutes


def test_every_real_lesson_says_what_the_contents_show() -> None:
    for source in sorted(checkout().glob("labs/[0-9]*/lesson.md")):
        text = source.read_text(encoding="utf-8")
        assert contents.title_of(text), source
        assert contents.minutes_of(text) or source.parent.name.endswith("bug-hunts"), source
        assert contents.after_of(text) or source.parent.name.startswith("00-"), source
