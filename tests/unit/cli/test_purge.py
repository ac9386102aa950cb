"""`stop --purge` on played machines: it removes what the course made, and nothing else, whatever lies around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labsupport.cli import main
from labsupport.sandbox import marked, paths

ROOT = hasattr(os, "getuid") and os.getuid() == 0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the learner's, with a file that is theirs beside everything."""
    for name in ("LABSUPPORT_HOME", "LABSUPPORT_PACKAGES", "LABSUPPORT_SANDBOX", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.txt").write_text("mine")
    return tmp_path


def write(path: Path, text: str = "mine") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def course_folders(cache: Path) -> None:
    """What the course keeps in a cache folder, as it makes it now."""
    marked.make(cache / "sandbox" / "default")
    write(cache / "sandbox/default/data/overlay2/layer/file", "an image's")
    write(cache / "sandbox/default/start.lock", "")
    write(marked.make(cache / "jupyter") / "config/course.json", '{"ServerApp": {}}')
    write(cache / "packages/release/packages.json", '{"wanted": []}')
    write(cache / "packages/release.lock", "")
    write(cache / "fault.txt", "Traceback (most recent call last):\n  ...\n")
    write(cache / "start.lock", "123\n")


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def purge(capsys: pytest.CaptureFixture[str], status: int = 0) -> str:
    assert main.run(["stop", "--purge"]) == status
    return capsys.readouterr().err


def test_all_of_the_course_goes_and_the_work_stays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course_folders(home / ".cache/containers-course")
    write(home / "containers-course/notebooks/00.ipynb")
    said = purge(capsys)
    assert tree(home) == {
        *("mine.txt", ".cache", "containers-course"),
        *("containers-course/notebooks", "containers-course/notebooks/00.ipynb"),
    }
    assert f"Your work is untouched: {home}/containers-course" in said


def test_a_cache_in_the_home_folder_and_the_work_are_one_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once this removed all notebooks and said that they were untouched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    work = home / "containers-course"
    (work / ".course").mkdir(parents=True)  # of an earlier version, which did not keep them apart
    assert paths.work() == paths.cache() == work
    course_folders(work)
    write(work / "notebooks/00.ipynb")
    write(work / "images/layers.svg")
    said = purge(capsys)
    assert tree(work) == {".course", "notebooks", "notebooks/00.ipynb", "images", "images/layers.svg"}
    assert f"Your work is untouched: {work}" in said
    assert "stays" not in said


def test_a_new_work_folder_is_never_the_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    assert paths.work() == home / "containers-course-work"


def test_what_lies_beside_stays_and_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = home / "proj"
    monkeypatch.setenv("LABSUPPORT_HOME", str(project))
    kept = [
        write(project / name)
        for name in (
            *("cache/mine.txt", "cache/fault.txt", "cache/sandbox/castle.txt", "cache/sandbox/default2/settings.json"),
            *("cache/packages/parcel/label", "cache/vm/disk.img", "cache/packages/important.lock"),
        )
    ]
    course_folders(project / "cache/..")  # nothing of these names is ours outside of the cache
    outside = tree(project)
    course_folders(project / "cache")
    (project / "cache/fault.txt").write_text("mine")
    said = purge(capsys)
    assert {path for path in tree(project) if (project / path).is_file()} == {
        path for path in outside if (project / path).is_file()
    }
    assert [path.read_text() for path in kept] == ["mine"] * len(kept)
    for path in ("mine.txt", "fault.txt", "sandbox/castle.txt", "sandbox/default2", "packages/parcel", "vm"):
        assert f"{project}/cache/{path} stays: the course did not make it." in said


def test_folders_of_earlier_versions_are_known_by_what_is_in_them(home: Path) -> None:
    cache = home / ".cache/containers-course"
    course_folders(cache)
    for mark in cache.rglob(marked.MARK):
        mark.unlink()
    write(cache / "sandbox/default/settings.json", '{"name": "default", "sockets": "/tmp/x", "driver": "private"}')
    write(cache / "vm/kvm.json", '{"kvm fails on": "6.1"}')
    write(cache / "builder/cache/sandbox/default/state.json", '{"status": "stopped", "docker_host": ""}')
    write(cache / "builder/work/notebooks/00.ipynb")
    write(cache / "packages/sid.partial/apt/sources.list")
    assert main.run(["stop", "--purge"]) == 0
    assert tree(home) == {"mine.txt", ".cache"}


def test_work_in_a_folder_that_would_go_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = home / ".cache/containers-course"
    course_folders(cache)
    write(cache / "jupyter/containers-course/.course/manifest.json", "{}")
    (home / "containers-course").symlink_to(cache / "jupyter/containers-course")
    before = tree(home)
    said = purge(capsys, status=1)
    assert tree(home) == before
    assert "your work lies in a folder that would go with it" in said
    # the advice, typed
    advice = said.split("next: ")[1].split(" && ")[0].replace("~", str(home))
    subprocess.run(advice, shell=True, check=True)
    purge(capsys)
    assert not cache.exists()


def test_links_are_not_followed(home: Path) -> None:
    elsewhere = write(home / "elsewhere/file").parent
    cache = home / ".cache/containers-course"
    course_folders(cache)
    (cache / "sandbox/default/data/link").symlink_to(elsewhere)
    (cache / "sandbox/linked").symlink_to(elsewhere)
    shutil.copytree(cache / "jupyter", elsewhere / "jupyter")
    shutil.rmtree(cache / "jupyter")
    (cache / "jupyter").symlink_to(elsewhere / "jupyter")
    before = tree(elsewhere)
    assert main.run(["stop", "--purge"]) == 0
    assert tree(elsewhere) == before
    assert tree(cache) == {"sandbox", "sandbox/linked", "jupyter"}


@pytest.mark.root
@pytest.mark.skipif(not ROOT, reason="only root may mount")
@pytest.mark.parametrize("kind", ["--bind {theirs}", "-t tmpfs tmpfs"])
def test_nothing_is_removed_through_a_mount(home: Path, kind: str) -> None:
    """A folder of the machine's mounted below the data folder: refused before anything goes; the advice mends it."""
    cache, theirs = home / ".cache/containers-course", write(home / "theirs/precious").parent
    course_folders(cache)
    point = cache / "sandbox/default/data/a place"
    point.mkdir()
    script = f"""
mount --make-rprivate / && mount {kind.format(theirs=theirs)} '{point}' && touch '{point}/precious' || exit 90
{sys.executable} -m labsupport stop --purge 2>said && exit 91
test -e '{point}/precious' && test -e {cache}/jupyter/config/course.json || exit 92
command=$(sed -n 's/^  next: //p' said)
cd {paths.CHECKOUT} && sh -c "${{command/python3/{sys.executable}}}"
"""
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", script],
        env={**os.environ, "HOME": str(home), "PYTHONPATH": str(paths.CHECKOUT), "LABSUPPORT_NO_VENV": "1"},
        cwd=home, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}{(home / 'said').read_text()}"
    assert "something else is mounted" in (home / "said").read_text()
    assert not cache.exists()
    assert tree(theirs) == {"precious"}


def test_a_folder_of_somebody_elses_in_the_temporary_folder_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = tmp_path_factory.mktemp("tmp")
    monkeypatch.setattr(paths.tempfile, "gettempdir", lambda: str(shared))
    monkeypatch.setenv("LABSUPPORT_HOME", str(home / ("long" * 20)))
    course_folders(paths.cache())
    link = paths.sockets("default")
    link.symlink_to(write(home / "theirs/file").parent)
    assert main.run(["stop", "--purge"]) == 0
    assert (home / "theirs/file").exists() and link.is_symlink()
    assert not paths.cache().exists()


def test_packages_in_a_folder_that_was_chosen_are_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    venv = home / "venv"
    venv.mkdir()
    monkeypatch.setenv("LABSUPPORT_VENV", str(venv))
    assert f"{venv} stays" in purge(capsys)
