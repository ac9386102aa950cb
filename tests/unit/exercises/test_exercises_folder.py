"""The working folder is also a container's, which may put links in it: no check reads or writes through one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.exercises import builds, catalog, sources
from labsupport.exercises.lab import Lab, Missing


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    (tmp_path / "lab").mkdir()
    made = fake_lab({"port": 1})
    made.folder = tmp_path / "lab"
    return made


def outside(lab: Lab) -> dict[str, str]:
    return {path.name: path.read_text() for path in (lab.folder.parent / "out").iterdir()}


@pytest.mark.parametrize("leads", ["/etc/hostname", "../out/mine", "../out/new"])
def test_a_link_that_leads_out_is_named(lab: Lab, leads: str) -> None:
    (lab.folder / "page").symlink_to(leads)
    with pytest.raises(Missing, match="page is a link"):
        lab.inside("page")


def test_links_inside_and_plain_paths_are_fine(lab: Lab) -> None:
    (lab.folder / "page").symlink_to("other")
    assert lab.inside("page") == lab.folder / "page"
    assert lab.inside("not/there/yet") == lab.folder / "not/there/yet"
    with pytest.raises(Missing):
        lab.inside("../out/mine")


def declared(exercise: str) -> Any:
    """The module of an exercise."""
    lesson, found = catalog.find_exercise(exercise)
    assert found.folder
    return sources.load(lesson.folder)[found.folder / sources.EXERCISE]


def edited(lab: Lab) -> None:
    (lab.folder / "www").symlink_to("../out")
    declared("06.2").edit_arrives.fetch(lab)


def moved(lab: Lab) -> None:
    (lab.folder / "site").symlink_to("../out")
    (lab.folder.parent / "out" / "menu.html").symlink_to("mine")
    declared("06.8").next_menu.fetch(lab)


def changed(lab: Lab) -> None:
    (lab.folder / "src").symlink_to("../out")
    builds.put(lab.folder, "src/mine", "theirs")


@pytest.mark.parametrize("check", [edited, moved, changed])
def test_a_check_that_writes_says_so_and_writes_nothing(lab: Lab, check: Callable[[Lab], None]) -> None:
    (lab.folder.parent / "out" / "mine").write_text("mine")
    with pytest.raises(Missing, match="leads out"):
        check(lab)
    assert outside(lab)["mine"] == "mine"
    assert set(outside(lab)) <= {"mine", "menu.html"}


def test_a_file_is_exchanged_and_not_what_its_link_leads_to(lab: Lab) -> None:
    (lab.folder / "needs.txt").symlink_to("../out/mine")
    builds.put(lab.folder, "needs.txt", "lua\n")
    assert (lab.folder / "needs.txt").read_text() == "lua\n"
    assert outside(lab) == {"mine": "mine"}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("RUN dd if=/dev/urandom of=/m bs=1M count=24", "RUN dd if=/dev/urandom of=/m bs=1M count=5"),
        ("RUN dd if=/dev/zero \\\n of=/m bs=1k \\\n count=24576", "RUN dd if=/dev/zero   of=/m bs=1M   count=5"),
        ("RUN dd bs=4M count=6", "RUN dd bs=1M count=5"),
        ("RUN dd count=49152", "RUN dd count=5 bs=1M"),
        ("ARG SIZE=24\nRUN dd bs=1M count=$SIZE", "ARG SIZE=24\nRUN dd bs=1M count=5"),
        ("RUN head -c $((24*1024*1024)) /dev/urandom >/m", "RUN head -c 5242880 /dev/urandom >/m"),
        ("RUN echo $(head -c $((24*(1<<20))) /dev/zero)", "RUN echo $(head -c 5242880 /dev/zero)"),
        ("S=$((24 << 20)); head -c ${S} /dev/zero; echo $S", "S=$((24 << 20)); head -c 5242880 /dev/zero; echo $S"),
        ("RUN echo $((24*1024*1024)) $(head -n 1 /t)", "RUN echo $((24*1024*1024)) $(head -n 1 /t)"),
        ("RUN echo 25165824 $(dd if=/t)", "RUN echo 0 $(dd if=/t)"),
        ("RUN yes | head -c 24MiB >/m", "RUN yes | head -c 5MiB >/m"),
        ("truncate -s 25165824 /m", "truncate -s 5242880 /m"),
        ("RUN dd bs=24M count=1 && echo 25165824 bytes", "RUN dd bs=1M count=5 && echo 0 bytes"),
        ("FROM busybox:24\nARG SIZE=24\nCMD sleep 24", "FROM busybox:24\nARG SIZE=24\nCMD sleep 24"),
    ],
)
def test_bug_hunt_6_measures_another_size_however_it_is_written(text: str, other: str) -> None:
    assert declared("bug.6").with_other_size(text, 5) == other
