"""The working copy: updated where untouched, kept where the learner worked, never half written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labsupport import workcopy

LESSON = "notebooks/00-start.ipynb"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name, text in {
        LESSON: "version 1",
        "notebooks/solutions/00-start.ipynb": "the solution",
        "notebooks/.ipynb_checkpoints/00-start.ipynb": "junk",
        "images/layers.svg": "<svg/>",
        "labs/00-start/lesson.md": "the source",
        "labs/00-start/files/app/.dockerignore": "*.pyc",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def handed_out(work: Path) -> set[str]:
    names = {path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(".course/")}


def test_hands_out_notebooks_pictures_and_files_but_no_solutions(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    assert handed_out(work) == {LESSON, "images/layers.svg", "labs/00-start/files/app/.dockerignore"}


def test_a_second_refresh_does_nothing(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    assert workcopy.refresh(checkout, work).written == []


def test_an_untouched_file_is_updated(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (checkout / LESSON).write_text("version 2")
    assert workcopy.refresh(checkout, work).updated == [LESSON]
    assert (work / LESSON).read_text() == "version 2"


def test_a_changed_file_is_kept_and_the_new_version_put_beside_it_once(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (work / LESSON).write_text("my answers")
    assert workcopy.refresh(checkout, work).written == []
    (checkout / LESSON).write_text("version 2")
    done = workcopy.refresh(checkout, work)
    assert done.beside == {LESSON: "notebooks/00-start.new.ipynb"}
    assert (work / LESSON).read_text() == "my answers"
    assert (work / "notebooks/00-start.new.ipynb").read_text() == "version 2"
    assert workcopy.refresh(checkout, work).written == []


def test_the_new_version_beside_it_is_the_learners_too_once_changed(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    for version, mine in (("version 2", LESSON), ("version 3", "notebooks/00-start.new.ipynb")):
        (work / mine).write_text(f"my answers in {mine}")
        (checkout / LESSON).write_text(version)
        workcopy.refresh(checkout, work)
    assert (work / LESSON).read_text() == f"my answers in {LESSON}"
    assert (work / "notebooks/00-start.new.ipynb").read_text() == "my answers in notebooks/00-start.new.ipynb"
    assert (work / "notebooks/00-start.new.new.ipynb").read_text() == "version 3"


def test_a_deleted_file_is_handed_out_again(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (work / LESSON).unlink()
    assert workcopy.refresh(checkout, work).added == [LESSON]


def test_files_of_the_learners_own_stay(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (work / "notebooks/mine.ipynb").write_text("mine")
    shutil.rmtree(checkout / "images")
    workcopy.refresh(checkout, work)
    assert {"notebooks/mine.ipynb", "images/layers.svg"} <= handed_out(work)


def test_without_its_manifest_nothing_is_overwritten(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (work / ".course/manifest.json").write_text("{half")
    (checkout / LESSON).write_text("version 2")
    workcopy.refresh(checkout, work)
    assert (work / LESSON).read_text() == "version 1"
    assert (work / "notebooks/00-start.new.ipynb").read_text() == "version 2"


def test_a_full_disk_leaves_the_old_file_whole(checkout: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workcopy.refresh(checkout, work)
    (checkout / LESSON).write_text("version 2")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(workcopy.WorkingCopyError, match="No space left"):
        workcopy.refresh(checkout, work)
    monkeypatch.undo()
    assert (work / LESSON).read_text() == "version 1"
    assert not [path for path in (work / "notebooks").iterdir() if path.name.startswith(".")]
    assert workcopy.refresh(checkout, work).updated == [LESSON]


def test_a_program_stays_a_program(checkout: Path, work: Path) -> None:
    script = checkout / "labs/00-start/files/entry.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    workcopy.refresh(checkout, work)
    assert (work / "labs/00-start/files/entry.sh").stat().st_mode & 0o111
