"""Scenes without an engine: commands in order and at the same time, those that fail or hang, files kept on undo."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from labsupport.errors import LessonError
from labsupport.exercises import Exercise, Scene, scene

EXERCISE = Exercise("01.1", "t", "g", (), scene=Scene(files="files"))


def run(tmp_path: Path, *commands: str | tuple[str, ...], strict: bool = True) -> str:
    return scene.run_commands(commands, {"name": "shop"}, tmp_path, os.environ, strict=strict)


def test_commands_know_the_values_and_their_folder(tmp_path: Path) -> None:
    assert run(tmp_path, "echo {name} > made", "cat made; pwd") == f"shop\n{tmp_path}\n"


def test_a_tuple_runs_at_the_same_time(tmp_path: Path) -> None:
    """Each of the two waits for the other: one after the other they would hang."""
    os.mkfifo(tmp_path / "a")
    os.mkfifo(tmp_path / "b")
    assert run(tmp_path, ("echo x > a; cat b", "cat a; echo y > b")) == "y\nx\n"


def test_a_scene_stops_at_what_fails(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="setting up failed at: echo shop; exit 3") as caught:
        run(tmp_path, "echo {name}; exit 3", "touch later")
    assert caught.value.seen == "exit 3: shop"
    assert not (tmp_path / "later").exists()


def test_an_attempt_goes_on(tmp_path: Path) -> None:
    assert run(tmp_path, "echo a; false", "echo b", strict=False) == "a\nb\n"


def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "LONGEST", 0.5)
    with pytest.raises(LessonError, match=r"longer than 0\.5 seconds"):
        run(tmp_path, "echo $$ > pid; sleep 60 & sleep 60")
    group = int((tmp_path / "pid").read_text())
    left = [process for process in psutil.process_iter() if _group(process.pid) == group]
    # killed is not yet gone: on a busy machine a process takes a moment to end
    running = psutil.wait_procs([process for process in left if _status(process) != psutil.STATUS_ZOMBIE], timeout=10)[
        1
    ]
    assert [process for process in running if _status(process) != psutil.STATUS_ZOMBIE] == []


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def test_earlier_work_is_kept_three_times(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "01.1"
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "Dockerfile").write_text("FROM broken\n")
    for number in range(6):
        scene.copy_files(replace(EXERCISE, folder=tmp_path), folder)
        (folder / "mine").write_text(str(number))
    kept = sorted(folder.parent.glob(".01.1-before-*"))
    assert [(place / "mine").read_text() for place in kept] == ["2", "3", "4"]
    assert (folder / "Dockerfile").read_text() == "FROM broken\n"


def test_an_exercise_without_files_has_an_empty_folder(tmp_path: Path) -> None:
    scene.copy_files(replace(EXERCISE, scene=None, folder=tmp_path), tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []


def test_what_is_unpacked_in_an_exercise_is_nobody_elses_to_run(tmp_path: Path) -> None:
    (tmp_path / "exercises").mkdir(mode=0o755)
    scene.copy_files(replace(EXERCISE, scene=None, folder=tmp_path), tmp_path / "exercises" / "01.1")
    assert (tmp_path / "exercises").stat().st_mode & 0o777 == 0o700
