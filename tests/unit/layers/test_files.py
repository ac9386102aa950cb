"""File histories against an independent reference: a file system changed step by step, and its diffs as layers."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import LayerFiles, clean, layer_files
from labsupport.layers.tarstream import Source, entries
from labsupport.oci.writing import File, layer, opaque, whiteout


def parsed(files: list[File]) -> LayerFiles:
    return layer_files(entries(Source(io.BytesIO(layer(files)), "the layer")))


def history(*layers: list[File]) -> FileHistory:
    return FileHistory([parsed(files) for files in layers])


def file(path: str, contents: str = "x" * 100, mode: int = 0o644) -> File:
    return File(path, contents.encode(), mode)


def folder(path: str, mode: int = 0o755) -> File:
    return File(path, mode=mode, kind="dir")


def test_a_deleted_file_stays_in_the_layer_below() -> None:
    found = history([file("secret")], [whiteout("secret")])
    assert found.waste() == {"deleted": 100, "overwritten": 0, "same bytes": 0}
    assert [(v.path, v.layer, v.killer, v.fate) for v in found.hidden()] == [("secret", 0, 1, "deleted")]
    assert [version.path for version in found.removals(1)] == ["secret"]
    assert "secret" not in found.live
    assert found.summaries[0].hidden == {"deleted": 100} and found.summaries[1].removed_bytes == 100


def test_a_deleted_directory_takes_its_files_along() -> None:
    found = history([folder("d"), folder("d/e"), file("d/a"), file("d/e/b")], [whiteout("d")])
    assert found.waste()["deleted"] == 200
    assert found.visible == 0 and found.live == {}


def test_an_opaque_directory_hides_what_was_in_it_and_keeps_what_the_layer_adds() -> None:
    found = history([folder("d"), file("d/old")], [folder("d"), file("d/new", "y" * 7), opaque("d")])
    assert sorted(found.live) == ["d", "d/new"], "the marker stands after the entry, and acts before it"
    assert found.waste()["deleted"] == 100 and found.visible == 7


def test_a_whiteout_does_not_touch_its_own_layer() -> None:
    found = history([file("a", "old")], [file("a", "new!"), whiteout("a")])
    assert found.live["a"].content is not None and found.live["a"].content.size == 4
    assert found.waste()["deleted"] == 3


def test_a_whiteout_of_nothing_changes_nothing() -> None:
    found = history([file("a")], [whiteout("b"), whiteout("c/d")], [file("a", "y" * 100)])
    assert found.waste() == {"deleted": 0, "overwritten": 100, "same bytes": 0}


def test_chmod_keeps_the_bytes_twice() -> None:
    found = history([file("a", mode=0o644)], [file("a", mode=0o755)])
    assert found.waste() == {"deleted": 0, "overwritten": 0, "same bytes": 100}
    assert found.summaries[1].same_bytes == 100
    assert [(v.change, v.layer, v.fate) for v in found.lifeline("/a")] == [("A", 0, "same bytes"), ("M", 1, "visible")]


def test_a_hard_link_is_no_second_copy_and_keeps_the_bytes_alive() -> None:
    linked = [file("a"), File("b", kind="link", target="a")]
    assert history(linked).stored == 100
    assert history(linked, [whiteout("a")]).waste()["deleted"] == 0
    assert history(linked, [whiteout("a"), whiteout("b")]).waste()["deleted"] == 100


def test_a_file_in_place_of_a_directory_hides_all_below() -> None:
    found = history([folder("d"), file("d/a"), file("d/b")], [file("d", "now a file")])
    assert found.waste()["overwritten"] == 200
    assert sorted(found.live) == ["d"]


def test_a_directory_in_place_of_a_file() -> None:
    found = history([file("d")], [folder("d"), file("d/a", "z")])
    assert found.waste()["overwritten"] == 100 and found.visible == 1


def test_a_directory_again_changes_nothing_but_its_mode() -> None:
    found = history([folder("d"), file("d/a")], [folder("d")], [folder("d", 0o700)])
    assert found.visible == 100
    assert [version.layer for version in found.lifeline("d")] == [0, 2]


def test_directories_an_archive_leaves_out_are_there() -> None:
    found = history([file("a/b/c")], [whiteout("a")])
    assert found.waste()["deleted"] == 100 and found.live == {}


def test_the_same_path_twice_in_one_layer_counts_once() -> None:
    found = history([file("a", "first"), file("a", "second!")])
    assert (found.stored, found.visible, found.summaries[0].added) == (7, 7, 1)
    assert len(found.lifeline("a")) == 1


def test_hidden_dot_names_are_whiteouts_too() -> None:
    assert history([file(".wh")], [whiteout(".wh")]).live == {}
    assert "x.wh.y" in history([file("x.wh.y")]).live


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "..", "a\0b", "x" * 5000])
def test_paths_that_leave_the_root_are_refused(name: str) -> None:
    with pytest.raises(ImageDataError):
        clean(name)


@pytest.mark.parametrize("name", [".wh...", "a/.wh..", ".wh."])
def test_whiteouts_of_the_root_are_refused(name: str) -> None:
    with pytest.raises(ImageDataError):
        history([File(name)])


@pytest.mark.parametrize(
    "name, expected",
    [("./a/b", "a/b"), ("/a", "a"), ("a/", "a"), ("./.wh.x", ".wh.x"), (".", ""), ("a//b/./c", "a/b/c")],
)
def test_clean(name: str, expected: str) -> None:
    assert clean(name) == expected


def test_a_path_of_two_thousand_directories_needs_no_recursion() -> None:
    deep = "/".join("d" * 2000)
    found = history([file(deep)], [whiteout("d")])
    assert found.waste()["deleted"] == 100


NAMES = ["a", "b", ".wh", "ü", "e f"]
Tree = dict[str, object]


@st.composite
def _images(draw: st.DrawFn) -> tuple[list[list[File]], set[tuple[int, str]], list[tuple[int, str, int]]]:
    """Layers made by changing a model file system; its visible files as (layer, path); all files stored."""
    live: dict[str, tuple[int, str]] = {}  # path -> (layer that wrote it, contents); directories are implied
    layers: list[list[File]] = []
    stored: list[tuple[int, str, int]] = []
    for number in range(draw(st.integers(1, 5))):
        below = dict(live)
        for _ in range(draw(st.integers(0, 5))):
            path = "/".join(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3)))
            action = draw(st.sampled_from(["write", "write", "delete", "replace"]))
            if action in ("delete", "replace"):
                live = {p: v for p, v in live.items() if p != path and not p.startswith(path + "/")}
            if action in ("write", "replace"):
                parts = path.split("/")
                above = {"/".join(parts[:end]) for end in range(1, len(parts))}
                live = {p: v for p, v in live.items() if p not in above and not p.startswith(path + "/")}
                live[path] = (number, f"{number}:{draw(st.integers(0, 3))}" * draw(st.integers(1, 9)))
        files: list[File] = []
        for path in sorted(below.keys() - live.keys()):
            # A whiteout of what another entry of this layer replaces anyway is harmless, and engines write some.
            files.append(whiteout(path))
        for path, (layer_number, contents) in sorted(live.items()):
            if layer_number == number:
                files.append(file(path, contents))
                stored.append((number, path, len(contents)))
        layers.append(draw(st.permutations(files)))
    visible = {(layer_number, path) for path, (layer_number, _) in live.items()}
    return layers, visible, stored


@settings(max_examples=200, deadline=None)
@given(_images())
def test_against_the_reference(
    case: tuple[list[list[File]], set[tuple[int, str]], list[tuple[int, str, int]]],
) -> None:
    layers, visible, stored = case
    found = history(*layers)
    seen = {(version.layer, path) for path, version in found.live.items() if version.content is not None}
    assert seen == visible
    assert found.stored == sum(size for _, _, size in stored)
    assert found.visible == sum(size for number, path, size in stored if (number, path) in visible)
    assert found.visible + sum(found.waste().values()) == found.stored
    for number, summary in enumerate(found.summaries):
        mine = [(path, size) for layer_number, path, size in stored if layer_number == number]
        assert summary.stored == sum(size for _, size in mine)
        assert summary.hidden_bytes == sum(size for path, size in mine if (number, path) not in visible)
    for version in found.hidden():
        assert (version.layer, version.path) not in visible
