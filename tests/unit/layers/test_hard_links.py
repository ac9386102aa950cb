"""Hard links: one file of several names. Whose bytes they are, who removed them, and who set its attributes."""

from __future__ import annotations

import io
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport.layers.compare import compare_files
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import layer_files
from labsupport.layers.tarstream import Source, entries
from labsupport.oci.writing import File, layer, whiteout


def history(*layers: list[File]) -> FileHistory:
    return FileHistory([layer_files(entries(Source(io.BytesIO(layer(files)), "x"))) for files in layers])


def link(path: str, target: str, mode: int = 0o644) -> File:
    return File(path, kind="link", target=target, mode=mode)


@dataclass(eq=False)
class Inode:
    layer: int
    contents: bytes
    mode: int
    gone: int | None = None


Case = tuple[list[list[File]], list[Inode], dict[str, Inode], list[tuple[int, int]]]


@st.composite
def _images(draw: st.DrawFn) -> Case:
    """Layers as an engine writes them from a file system with hard links; files, names at the end, (added, changed)."""
    live: dict[str, Inode] = {}
    every: list[Inode] = []
    layers: list[list[File]] = []
    counts: list[tuple[int, int]] = []
    for number in range(draw(st.integers(1, 4))):
        below = dict(live)
        for _ in range(draw(st.integers(0, 5))):
            path = draw(st.sampled_from("abcd"))
            action = draw(st.sampled_from(["write", "link", "chmod", "delete"]))
            if action == "write":
                contents = b"x" * draw(st.integers(1, 9))
                live[path] = Inode(number, contents, draw(st.sampled_from([0o600, 0o644])))
            elif action == "delete":
                live.pop(path, None)
            elif live:
                # overlayfs copies a file of a lower layer up for `chmod` and `ln`, and this name alone
                source = draw(st.sampled_from(sorted(live)))
                if live[source].layer != number:
                    live[source] = Inode(number, live[source].contents, live[source].mode)
                if action == "link":
                    live[path] = live[source]
                else:
                    live[source].mode = draw(st.sampled_from([0o600, 0o644]))
        mine = [path for path in sorted(live) if live[path].layer == number]
        files: list[File] = [whiteout(path) for path in below if path not in live]
        first: dict[Inode, str] = {}
        for path in draw(st.permutations(mine)):
            inode = live[path]
            if inode in first:
                files.append(link(path, first[inode], inode.mode))
            else:
                files.append(File(path, inode.contents, inode.mode))
                first[inode] = path
        for inode in every:
            if inode.gone is None and inode not in live.values():
                inode.gone = number
        every += list(first)
        counts.append((sum(path not in below for path in mine), sum(path in below for path in mine)))
        layers.append(files)
    return layers, every, live, counts


@settings(max_examples=200, deadline=None)
@given(_images())
def test_against_a_file_system(case: Case) -> None:
    layers, every, live, counts = case
    found = history(*layers)
    assert {path: (v.content.layer, v.attributes[0]) for path, v in found.live.items() if v.content} == {
        path: (inode.layer, inode.mode) for path, inode in live.items()
    }
    assert found.stored == sum(len(inode.contents) for inode in every)
    assert found.visible == sum(len(inode.contents) for inode in every if inode.gone is None)
    hidden = sorted((v.content.layer, v.killer, v.size) for v in found.hidden() if v.content)
    assert hidden == sorted((i.layer, i.gone, len(i.contents)) for i in every if i.gone is not None)
    assert [(one.added, one.changed) for one in found.summaries] == counts
    for number, summary in enumerate(found.summaries):
        assert summary.stored == sum(len(inode.contents) for inode in every if inode.layer == number)
        assert min(summary.added_bytes, summary.changed_bytes, summary.same_bytes) >= 0
        gone = sum(len(inode.contents) for inode in every if inode.gone == number)
        assert summary.removed_bytes <= gone
    largest = found.largest(100)
    assert sorted(v.size for v in largest) == sorted(len(inode.contents) for inode in set(live.values()))
    assert [v.size for v in largest] == sorted((v.size for v in largest), reverse=True)


def test_the_last_name_to_go_is_the_one_that_is_blamed() -> None:
    found = history([File("a", b"x" * 50), link("z", "a")], [whiteout("a")], [whiteout("z")])
    assert [(v.path, v.killer, v.fate) for v in found.hidden()] == [("z", 2, "deleted")]
    assert [one.removed_bytes for one in found.summaries] == [0, 0, 50]


def test_a_link_sets_the_attributes_of_all_names() -> None:
    """As `tar` does: link, then chmod. So a layer that links to a lower layer's file may change that file's mode."""
    before = history([File("a", b"x", 0o644)], [])
    after = history([File("a", b"x", 0o644)], [link("b", "a", 0o600)])
    assert {path: version.attributes[0] for path, version in after.live.items()} == {"a": 0o600, "b": 0o600}
    assert [(one.change, one.path, one.layer) for one in compare_files(before, after)] == [("m", "a", 1), ("A", "b", 1)]


def test_several_names_replaced_in_one_archive_count_once() -> None:
    found = history([File("a", b"old")], [File("a", b"x" * 9), link("b", "a"), File("a", b"yy"), File("b", b"z")])
    one = found.summaries[1]
    assert (one.added, one.changed, one.added_bytes, one.changed_bytes) == (1, 1, 1, 2)


def test_a_link_to_a_symlink_is_one() -> None:
    one = history([File("s", kind="symlink", target="a"), link("t", "s")])
    other = history([File("s", kind="symlink", target="a"), File("t", kind="symlink", target="a")])
    assert [(each.change, each.path) for each in compare_files(one, other)] in ([], [("m", "t")])
    assert one.live["t"].entry.kind == "2" and one.stored == 0
