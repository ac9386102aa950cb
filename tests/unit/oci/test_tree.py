"""Two ways to one tree: a folder, and an archive of the same files; differences are named."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from labsupport.oci.tree import differences, of_archive, of_folder, tree_hash


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir(mode=0o755)
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "tool").chmod(0o755)
    (tmp_path / "bin" / "other").symlink_to("tool")
    (tmp_path / "etc").mkdir(mode=0o755)
    (tmp_path / "etc" / "hosts").write_text("what an engine puts there")
    return tmp_path


def archive(folder: Path) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(folder, arcname=".")
    out.seek(0)
    return out


def test_a_folder_and_its_archive_are_one_tree(folder: Path) -> None:
    mine, theirs = of_folder(folder), of_archive(archive(folder))
    assert mine == theirs
    assert set(mine) == {"bin", "bin/tool", "bin/other", "etc"}, "etc/hosts is the engine's"
    assert tree_hash(mine) == tree_hash(theirs)


def test_permissions_and_contents_count(folder: Path) -> None:
    before = of_folder(folder)
    (folder / "bin" / "tool").chmod(0o700)
    assert tree_hash(of_folder(folder)) != tree_hash(before)
    (line,) = differences(before, of_folder(folder), ("mine", "theirs"))
    assert line.startswith("bin/tool differs")


def test_what_is_on_one_side_only(folder: Path) -> None:
    before = of_folder(folder)
    (folder / "bin" / "tool").unlink()
    (folder / "new").touch()
    assert differences(before, of_folder(folder), ("mine", "theirs")) == [
        "bin/tool is only in mine",
        "new is only in theirs",
    ]


def test_a_hard_link_is_the_file_it_names() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        first = tarfile.TarInfo("a")
        first.size = 1
        tar.addfile(first, io.BytesIO(b"x"))
        second = tarfile.TarInfo("b")
        second.type, second.linkname = tarfile.LNKTYPE, "a"
        tar.addfile(second)
    out.seek(0)
    found = of_archive(out)
    assert found["a"] == found["b"]
