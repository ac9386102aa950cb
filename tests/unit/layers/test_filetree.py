"""An image's files as a tree: every folder's sum is that of its files, whatever is filtered and sorted."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.files import FileHistory
from labsupport.layers.filetree import FileTree, matcher
from labsupport.layers.layerfiles import LayerFiles, layer_files
from labsupport.layers.tarstream import Entry, Source, entries
from labsupport.layers.text import tree_lines
from labsupport.oci.writing import File, layer, whiteout


def history(*layers: list[File]) -> FileHistory:
    return FileHistory([layer_files(entries(Source(io.BytesIO(layer(files)), "x"))) for files in layers])


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
LAYERS = st.lists(st.dictionaries(PATHS, st.one_of(st.none(), st.integers(0, 50)), max_size=8), min_size=1, max_size=3)


def files_of(wanted: dict[str, int | None]) -> list[File]:
    """A layer in which no file lies on another's way; None removes."""
    kept = {p: size for p, size in wanted.items() if not any(o != p and p.startswith(o + "/") for o in wanted)}
    return [whiteout(path) if size is None else File(path, b"x" * size) for path, size in kept.items()]


@settings(max_examples=150, deadline=None)
@given(
    LAYERS, st.sampled_from(["", "a", "b*", "a/b", "*/c"]), st.booleans(), st.sampled_from(["size", "name", "files"])
)
def test_sums_and_rows(layers: list[dict[str, int | None]], match: str, only_changes: bool, order: str) -> None:
    made = history(*map(files_of, layers))
    for number in range(len(layers)):
        tree = FileTree(made, number, match=match, only_changes=only_changes)
        there = FileHistory(made.layers[: number + 1]).live
        wanted = {
            path: version.size
            for path, version in there.items()
            if not version.is_folder and matcher(match)(path) and (version.layer == number or not only_changes)
        }
        rows = {row.path: row for _, row in tree.walk(order=order)}
        assert {p: row.size for p, row in rows.items() if row.kind == "file" and row.change != "D"} == wanted
        assert (tree.nodes[""].bytes, tree.nodes[""].files) == (sum(wanted.values()), len(wanted))
        for path, row in rows.items():
            below = {p: size for p, size in wanted.items() if p.startswith(path + "/")}
            if row.kind == "folder":
                assert (row.size, row.files) == (sum(below.values()), len(below))
            if row.change == "D":
                assert path not in there
        keys = [(row.size if order == "size" else row.files, row.path) for row in tree.folder(order=order)]
        assert keys == sorted(keys, key=(lambda key: key[1]) if order == "name" else (lambda key: (-key[0], key[1])))


def test_what_a_layer_did() -> None:
    made = history(
        [File("d", kind="dir", mode=0o755), File("d/old", b"o" * 5), File("d/gone", b"g" * 7), File("e/x", b"x")],
        [File("d/old", b"n" * 6, 0o600), File("d/new", b"N" * 9), whiteout("d/gone"), whiteout("e")],
    )
    tree = FileTree(made, 1)
    assert [(row.path, row.change, row.size) for _, row in tree.walk(order="name")] == [
        ("d", "", 15), ("d/gone", "D", 7), ("d/new", "A", 9), ("d/old", "M", 6), ("e", "D", 0), ("e/x", "D", 1),
    ]  # fmt: skip
    assert tree.changes == 4
    assert [row.path for row in FileTree(made, 0).folder("d")] == ["d/gone", "d/old"]
    assert [row.path for _, row in tree.walk(depth=1)] == ["d", "e"]
    for wrong in (lambda: FileTree(made, 2), lambda: list(tree.walk("nowhere"))):
        with pytest.raises(ImageDataError):
            wrong()


def test_a_file_of_two_names_counts_once() -> None:
    made = history([File("b/f", b"x" * 40), File("a/f", kind="link", target="b/f")])
    tree = FileTree(made, 0)
    assert tree.nodes[""].bytes == 40 == made.visible
    assert {row.path: row.size for row in tree.folder()} == {"a": 40, "b": 0}


def test_a_sparse_file_has_both_sizes() -> None:
    sparse = LayerFiles()
    sparse.add(Entry("var/log/lastlog", "0", 0o644, 0, 0, 200_000_000, 0, stored=512, digest="d"))
    tree = FileTree(FileHistory([sparse]), 0)
    assert tree.folder("var/log")[0].size == 200_000_000
    assert "lastlog  (sparse: 512 B in its archive)" in tree_lines(tree, "var/log")[-1]


def test_many_files_take_seconds_not_minutes() -> None:
    many = LayerFiles()
    for number in range(20_000):
        many.add(Entry(f"usr/lib/d{number % 500}/e{number % 7}/f{number}", "0", 0o644, 0, 0, number, 0, digest="d"))
    made = FileHistory([many])
    start = time.process_time()
    tree = FileTree(made, 0, only_changes=False)
    assert tree.nodes[""].files == 20_000 and len(tree.folder("usr/lib", order="name")) == 500
    assert time.process_time() - start < 5
