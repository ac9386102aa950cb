"""Names of what checks make for a moment, and the sweeping of what a killed kernel left."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

from labsupport.exercises import traces


def ended() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_no_two_names_are_the_same() -> None:
    assert len({traces.container_name() for _ in range(100)} | {traces.image_tag() for _ in range(100)}) == 200


def test_what_a_process_that_ended_has_left_is_left_over() -> None:
    dead = ended()
    assert traces.is_left_over(f"/course-probe-{dead}-0a1b")
    assert traces.is_left_over(f"course-probe:{dead}-0a1b")


def test_what_belongs_to_somebody_is_not() -> None:
    mine = [traces.container_name(), traces.image_tag(), f"/course-probe-{os.getppid()}-ab"]
    theirs = ["course-probe", "course-probe-mine", f"x-course-probe-{ended()}-ab", f"course-probe:{ended()}-ab/x"]
    assert [name for name in mine + theirs if traces.is_left_over(name)] == []


def test_only_what_is_left_over_is_swept() -> None:
    dead, removed = ended(), []
    mine = traces.container_name()
    rows = [
        {"Id": "left", "Names": [f"/course-probe-{dead}-01"]}, {"Id": "mine", "Names": [f"/{mine}"]},
        {"Id": "theirs", "Names": ["/web"]}, {"Id": "nameless", "Names": None},
    ]  # fmt: skip
    images = [{"RepoTags": [f"course-probe:{dead}-02", traces.image_tag()]}, {"RepoTags": None}]

    def remove(name: str, **_: Any) -> None:
        removed.append(name)

    api = SimpleNamespace(
        containers=lambda **_: rows, images=lambda **_: images, remove_container=remove, remove_image=remove
    )
    traces.sweep(SimpleNamespace(api=api))  # type: ignore[arg-type]
    assert removed == ["left", f"course-probe:{dead}-02"]
