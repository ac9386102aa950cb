"""Differences of images and of an engine before and after a command; the writable layer of a container."""

import base64
import io
import json
from typing import Any

import pytest
from test_books import store

from labsupport.errors import ImageDataError
from labsupport.layers.compare import compare_files, compare_layers, compare_stores
from labsupport.layers.connection import NotFound
from labsupport.layers.container import writable_layer
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import layer_files
from labsupport.layers.tarstream import Source, entries
from labsupport.oci.writing import File, layer, whiteout


def history(*layers: list[File]) -> FileHistory:
    return FileHistory([layer_files(entries(Source(io.BytesIO(layer(files)), "x"))) for files in layers])


def changes(first: FileHistory, second: FileHistory) -> list[tuple[str, str, int, int]]:
    return [(found.change, found.path, found.before, found.after) for found in compare_files(first, second)]


def test_added_removed_changed() -> None:
    base = [File("same", b"s"), File("gone", b"gg"), File("other", b"old"), File("mode", b"m")]
    top = [whiteout("gone"), File("other", b"new!"), File("mode", b"m", 0o755), File("fresh", b"f")]
    assert changes(history(base), history(base, top)) == [
        ("A", "fresh", 0, 1),
        ("D", "gone", 2, 0),
        ("m", "mode", 1, 1),
        ("M", "other", 3, 4),
    ]


def test_how_many_layers_does_not_matter() -> None:
    one = history([File("a", b"1"), File("b", b"2")])
    two = history([File("a", b"1")], [File("x", b"")], [whiteout("x"), File("b", b"2", mtime=99)])
    assert compare_files(one, two) == []


def test_links_and_kinds() -> None:
    first = history([File("l", kind="symlink", target="a"), File("k", b"x")])
    second = history([File("l", kind="symlink", target="b"), File("k", kind="dir", mode=0o755)])
    assert changes(first, second) == [("M", "k", 1, 0), ("M", "l", 0, 0)]


def test_where_two_images_part() -> None:
    made = store(("one", "abcd"), ("two", "abdc"))
    found = compare_layers(made, *made.images)
    assert len(found.common) == 2 and found.common_bytes == 30
    assert len(found.same_content_elsewhere) == 2, "c and d are in both, on other parents"


def test_before_and_after() -> None:
    before, after = store(("one", "ab"), ("old", "ac")), store(("one", "ab"), ("new", "abd"))
    found = compare_stores(before, after)
    assert [image.name for image in found.new_images] == ["new:latest"]
    assert [image.name for image in found.gone_images] == ["old:latest"]
    assert [one.size for one in found.appeared] == [40] and [one.size for one in found.vanished] == [30]
    assert found.bytes_after - found.bytes_before == 10


class Container:
    """An engine with one container: /etc changed because /etc/a was rewritten, /b deleted, /c a symlink."""

    def get(self, path: str) -> Any:
        if path.startswith("/containers/none"):
            raise NotFound("no such container")
        if path.endswith("/changes"):
            listed = [("/etc", 0), ("/etc/a", 0), ("/b", 2), ("/c", 1), ("/d e", 1), ("/vanished", 1)]
            return [{"Path": name, "Kind": kind} for name, kind in listed]
        return {"Name": "/box", "Config": {"Image": "busybox"}, "SizeRw": 130}

    def head(self, path: str) -> dict[str, str]:
        name = path.partition("path=")[2]
        found = {"/etc/a": (100, 0o644), "/c": (3, 0o777 | 1 << 27), "/d%20e": (7, 0o600)}
        if name not in found:
            raise NotFound("no such path")
        size, mode = found[name]
        document = json.dumps({"size": size, "mode": mode, "linkTarget": "/x"})
        return {"x-docker-container-path-stat": base64.b64encode(document.encode()).decode()}


def test_the_writable_layer_with_bytes() -> None:
    found = writable_layer(Container(), "box")  # type: ignore[arg-type]
    assert [(change.kind, change.path, change.size) for change in found.changes] == [
        ("D", "/b", None),
        ("A", "/c", 3),
        ("A", "/d e", 7),
        ("M", "/etc", None),
        ("M", "/etc/a", 100),
        ("A", "/vanished", None),
    ]
    assert (found.file_bytes, found.size, found.unlisted) == (110, 130, 20)


def test_a_limit_on_sizes_says_what_it_left_out() -> None:
    assert writable_layer(Container(), "box", limit=1).unsized == 3  # type: ignore[arg-type]


def test_no_such_container() -> None:
    with pytest.raises(ImageDataError):
        writable_layer(Container(), "none")  # type: ignore[arg-type]
