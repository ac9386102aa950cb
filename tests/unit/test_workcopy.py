"""The working copy: updated where untouched, kept where the learner worked, never half written."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from labsupport import environment, workcopy

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


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(checkout: Path, work: Path) -> None:
    workcopy.refresh(checkout, work)
    (checkout / LESSON).write_text("version 2" + " " * 100_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # a write fails as on a full disk
    try:
        with pytest.raises(workcopy.WorkingCopyError, match="File too large"):
            workcopy.refresh(checkout, work)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (work / LESSON).read_text() == "version 1"
    assert not [path for path in (work / "notebooks").iterdir() if path.name.startswith(".")]
    assert workcopy.refresh(checkout, work).updated == [LESSON]


def test_a_program_stays_a_program(checkout: Path, work: Path) -> None:
    script = checkout / "labs/00-start/files/entry.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    workcopy.refresh(checkout, work)
    assert (work / "labs/00-start/files/entry.sh").stat().st_mode & 0o111


def cell(source: str, count: int | None = None, printed: str = "") -> dict[str, Any]:
    shown = [{"output_type": "stream", "name": "stdout", "text": [printed]}] if printed else []
    return {"cell_type": "code", "source": [source], "execution_count": count, "outputs": shown, "metadata": {}}


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def code(path: Path) -> list[dict[str, Any]]:
    return [each for each in json.loads(path.read_text())["cells"] if each["cell_type"] == "code"]


def test_a_notebook_is_handed_out_without_results(checkout: Path, work: Path) -> None:
    (checkout / LESSON).write_text(notebook(cell("6 * 7", 3, "42")))
    workcopy.refresh(checkout, work)
    assert code(work / LESSON) == [cell("6 * 7")]
    assert code(checkout / LESSON) == [cell("6 * 7", 3, "42")]


def test_no_lesson_is_handed_out_with_results(tmp_path: Path) -> None:
    workcopy.refresh(environment.checkout(), tmp_path)
    handed = sorted((tmp_path / "notebooks").glob("*.ipynb"))
    shown = [(path.name, each["id"]) for path in handed for each in code(path) if each["outputs"]]
    counted = [(path.name, each["id"]) for path in handed for each in code(path) if each["execution_count"]]
    assert len(handed) > 10
    assert shown == counted == []


def jupyterlab_saves(path: Path, *cells: dict[str, Any]) -> str:
    """As JupyterLab does it: sources as one string, a language in the metadata, an empty cell after the last one."""
    saved = [{**each, "source": "".join(each["source"]), "metadata": {"trusted": True}} for each in cells]
    path.write_text(notebook(*saved, cell(""), language_info={"name": "python", "version": "3.11"}))
    return path.read_text()


def test_a_lesson_that_was_only_run_keeps_its_results_until_the_course_changes_it(checkout: Path, work: Path) -> None:
    (checkout / LESSON).write_text(notebook(cell("6 * 7", 3, "42")))
    workcopy.refresh(checkout, work)
    mine = jupyterlab_saves(work / LESSON, cell("6 * 7", 1, "my 42"))
    assert workcopy.refresh(checkout, work).written == []
    (checkout / LESSON).write_text(notebook(cell("6 * 7", 9, "made anew"), language_info={}))
    assert workcopy.refresh(checkout, work).written == []
    assert (work / LESSON).read_text() == mine
    (checkout / LESSON).write_text(notebook(cell("6 * 8", 3, "48")))
    assert workcopy.refresh(checkout, work).updated == [LESSON]
    assert code(work / LESSON) == [cell("6 * 8")]


def test_a_lesson_with_another_source_is_the_learners(checkout: Path, work: Path) -> None:
    (checkout / LESSON).write_text(notebook(cell("6 * 7", 3, "42")))
    workcopy.refresh(checkout, work)
    mine = jupyterlab_saves(work / LESSON, cell("6 * 9"))
    (checkout / LESSON).write_text(notebook(cell("6 * 8", 3, "48")))
    assert workcopy.refresh(checkout, work).beside == {LESSON: "notebooks/00-start.new.ipynb"}
    assert (work / LESSON).read_text() == mine
    assert code(work / "notebooks/00-start.new.ipynb") == [cell("6 * 8")]


@pytest.mark.parametrize("did", ["nothing", "looked", "worked"])
@pytest.mark.parametrize("course", ["the same", "changed"])
def test_a_working_copy_that_an_older_course_handed_out(checkout: Path, work: Path, did: str, course: str) -> None:
    given = notebook(cell("6 * 7", 3, "42"))
    newer = given if course == "the same" else notebook(cell("6 * 8", 3, "48"))
    (checkout / LESSON).write_text(newer)
    for folder in ("notebooks", ".course"):
        (work / folder).mkdir(parents=True)
    (work / LESSON).write_text(given)
    manifest = {LESSON: hashlib.sha256(given.encode()).hexdigest()}  # as it was written then
    (work / ".course/manifest.json").write_text(json.dumps(manifest))
    if did != "nothing":
        jupyterlab_saves(work / LESSON, cell("6 * 7" if did == "looked" else "mine", 3, "42"))
    mine = (work / LESSON).read_text()
    done = workcopy.refresh(checkout, work)
    if did == "nothing":
        assert done.updated == [LESSON]
        assert code(work / LESSON) == [cell("6 * 7" if course == "the same" else "6 * 8")]
    else:
        # looked at or worked in: bytes don't tell, so a changed course goes beside it
        assert (LESSON in done.beside) == (course == "changed")
        assert (work / LESSON).read_text() == mine
    (checkout / LESSON).write_text(notebook(cell("6 * 10")))
    untouched = did == "nothing" or (did, course) == ("looked", "the same")
    assert (LESSON in workcopy.refresh(checkout, work).updated) == untouched
