"""A path found in many images, beside what each image's file history says."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from labsupport.layers.files import FileHistory
from labsupport.layers.finding import find
from labsupport.layers.identity import chain_ids
from labsupport.layers.layerfiles import LayerFiles, layer_files
from labsupport.layers.model import Image
from labsupport.layers.tarstream import Entry


def file(path: str, size: int = 10, kind: str = "0", digest: str = "", link: str = "") -> Entry:
    return Entry(path, kind, 0o755 if kind == "5" else 0o644, 0, 0, size if kind == "0" else 0, 0, link, 0, digest)


names = st.sampled_from(["a", "b", "a/c", "a/d", "a/c/e", "b/c", "f", "f/a"])
entries = st.builds(
    lambda path, kind, size, mark: file(
        path if mark < 8 else f"{path.rpartition('/')[0]}/.wh.{path.rpartition('/')[2]}".lstrip("/")
        if mark == 8 else f"{path}/.wh..wh..opq", size, kind, digest=f"d{size}",
    ),
    names, st.sampled_from("00005"), st.integers(0, 3), st.integers(0, 9),
)  # fmt: skip
histories = st.lists(st.lists(entries, max_size=6).map(layer_files), min_size=1, max_size=4)


# a file comes where a folder was, and a folder of its name after it in the same archive
@example([layer_files([file("f/a", digest="d1")]), layer_files([file("f"), file("f", kind="5")])])
@settings(max_examples=60, deadline=None)
@given(histories)
def test_a_search_says_of_each_file_what_the_history_says(layers: list[LayerFiles]) -> None:
    diff_ids = tuple(f"sha256:{number:064x}" for number in range(len(layers)))
    image = Image("i", ("i:1",), diff_ids, chain_ids(diff_ids), ())
    found = find([image], dict(zip(diff_ids, layers, strict=True)), "a")
    told = {(one.path, one.number): one.fates for one in found}
    for version in FileHistory(layers).versions():
        if "a" in version.path and version.entry.kind not in ("5", "implied"):
            mine = next(iter(told[version.path, version.layer + 1]))
            # in one archive a path may come twice, or a file where others are: the last word is the history's
            if version.killer != version.layer:
                assert (mine == "visible") == (version.fate == "visible"), (version.path, version.layer)


def test_a_search_is_grouped_by_layer() -> None:
    """One base of six images is one row; in one of them the file is deleted."""
    base, plain, without = (
        layer_files([file("etc/passwd", 30)]),
        layer_files([file("x")]),
        layer_files([file("etc/.wh.passwd")]),
    )
    layers = {"sha256:" + "a" * 64: base, "sha256:" + "b" * 64: plain, "sha256:" + "c" * 64: without}
    ids = list(layers)
    images = [
        Image(
            f"i{n}", (f"i{n}:1",), (ids[0], ids[2 if n == 5 else 1]), chain_ids((ids[0], ids[2 if n == 5 else 1])), ()
        )
        for n in range(6)
    ]
    (one,) = find(images, layers, "/etc/passwd")
    assert (one.path, one.number, len(one.images), one.size) == ("etc/passwd", 1, 6, 30)
    assert one.fate == "deleted in 1, visible in 5"
