"""Two ways to one tree: a folder, and an archive of the same files; differences are named."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from labsupport.errors import ImageDataError
from labsupport.oci import tree
from labsupport.oci.reading import Joined
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


def test_a_link_in_place_of_the_folder_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("other") / "rootfs"
    link.symlink_to("/")
    with pytest.raises(ImageDataError, match="rootfs is a link"):
        of_folder(link)


def test_links_in_it_are_not_followed_and_pipes_not_opened(folder: Path) -> None:
    (folder / "out").symlink_to("/")
    (folder / "zero").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe", 0o600)
    found = of_folder(folder)
    assert found["out"] == "link -> /"
    assert found["zero"] == "link -> /dev/zero"
    assert found["pipe"] == "special 0600"


def test_a_tree_deeper_than_python_may_call(tmp_path: Path) -> None:
    here = tmp_path / "top"
    here.mkdir()
    for _ in range(1200):
        here /= "d"
        here.mkdir()
    try:
        assert len(of_folder(tmp_path / "top")) == 1200
    finally:
        subprocess.run(["rm", "-r", tmp_path / "top"], check=True)  # shutil.rmtree() calls itself, too


def test_large_files_are_hashed_in_little_memory_and_have_a_limit(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(64 << 20)
    path = folder.with_suffix(".tar")
    path.write_bytes(archive(folder).getvalue())
    tracemalloc.start()
    try:
        with path.open("rb") as export:
            assert of_folder(folder) == of_archive(export)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    with pytest.raises(ImageDataError, match="too much"):
        of_folder(folder, limit=1 << 20)
    with path.open("rb") as export, pytest.raises(ImageDataError, match="too much"):
        of_archive(export, limit=1 << 20)


def test_entries_have_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST", 3)
    with pytest.raises(ImageDataError, match="more than 3 files"):
        of_folder(folder)
    with pytest.raises(ImageDataError, match="more than 3 files"):
        of_archive(archive(folder))


@pytest.mark.parametrize("size", [1, 700, 1 << 20])
def test_an_archive_comes_in_pieces_of_any_size(folder: Path, size: int) -> None:
    whole = archive(folder).getvalue()
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    coming = Joined([b"", *pieces, b"\0" * 100_000])
    assert of_archive(coming) == of_folder(folder)
    assert coming.read(1) == b"", "an engine's answer that is not read to its end keeps its connection open"


def test_what_is_no_archive_is_said_to_be_none() -> None:
    with pytest.raises(ImageDataError, match="no whole tar archive"):
        of_archive(io.BytesIO(b"x" * 10_000))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said_to_be_so(folder: Path) -> None:
    (folder / "bin" / "tool").chmod(0)
    assert of_folder(folder)["bin/tool"] == "file 0000 that may not be read"


def test_names_do_not_move_the_cursor(folder: Path) -> None:
    before = of_folder(folder)
    (folder / "\x1b[2Jx").touch()
    (folder / os.fsdecode(b"\xff")).touch()
    lines = differences(before, of_folder(folder), ("mine", "theirs"))
    assert lines == ["\\x1b[2Jx is only in theirs", "\\udcff is only in theirs"]
