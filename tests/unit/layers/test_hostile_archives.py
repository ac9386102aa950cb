"""Archives that would cost memory or time without an end are refused in words."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import random
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from labsupport.errors import ImageDataError
from labsupport.layers import archive, compression, files, manifests
from labsupport.layers.archive import Limits
from labsupport.layers.files import FileHistory
from labsupport.layers.imagefile import read_archive, read_path
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.tarstream import Entry, Source, entries
from labsupport.oci import writing
from labsupport.oci.writing import File, Recipe

MIB = 1 << 20


def header(kind: bytes, records: dict[str, str]) -> bytes:
    """A pax header with its contents, and no entry after it."""
    lines = []
    for key, value in records.items():
        length = len(f" {key}={value}\n")
        while len(f"{length} {key}={value}\n") != length:
            length += 1
        lines.append(f"{length} {key}={value}\n")
    body = "".join(lines).encode()
    info = tarfile.TarInfo("h")
    info.type, info.size = kind, len(body)
    return info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


FILE = tarfile.TarInfo("file").tobuf(tarfile.USTAR_FORMAT)
END = bytes(1024)


@pytest.mark.parametrize("kind", [b"x", b"g"])
def test_extended_headers_without_an_end(kind: bytes) -> None:
    pieces = (header(kind, {f"comment.{number}": "c" * 1000}) for number in range(10**9))
    with pytest.raises(ImageDataError, match="extended headers of absurd size"):
        list(entries(Source(pieces, "The layer")))


def test_global_headers_add_up_and_those_of_entries_do_not() -> None:
    half = header(b"x", {"comment": "c" * (700 << 10)})
    assert [entry.name for entry in entries(Source([half, FILE, half, FILE, END], "The layer"))] == ["file", "file"]
    half = header(b"g", {"comment": "c" * (700 << 10)})
    with pytest.raises(ImageDataError, match="absurd size"):
        list(entries(Source([half, FILE, half, FILE, END], "The layer")))


def test_empty_headers_without_an_end() -> None:
    with pytest.raises(ImageDataError, match="absurd size"):
        list(entries(Source((header(b"x", {}) for _ in range(10**9)), "The layer")))


def tar(found: dict[str, bytes]) -> bytes:
    return writing.layer(File(path, contents) for path, contents in found.items())


def test_documents_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_ALL_JSON_LIMIT", MIB)
    document = b"{" + b" " * (100 << 10) + b"}"
    raw = gzip.compress(tar({f"{number}.json": document for number in range(20)}))
    with pytest.raises(ImageDataError, match="too many JSON documents"):
        read_archive([raw])


def layout(folder: Path, documents: dict[str, Any]) -> Path:
    """A layout whose blobs have names that are checked by nobody: blobs/NAME."""
    (folder / "blobs" / "x").mkdir(parents=True)
    for name, document in documents.items():
        place = folder / "index.json" if name == "index" else folder / "blobs" / "x" / name
        place.write_text(json.dumps(document))
    return folder


def named(*names: str) -> dict[str, Any]:
    return {"manifests": [{"digest": f"x:{name}"} for name in names]}


def test_indexes_that_lead_to_themselves(tmp_path: Path) -> None:
    documents = {"index": named("a", "a"), "a": named(*"ab" * 50), "b": named(*"ab" * 50)}
    with pytest.raises(ImageDataError, match="holds no image"):
        read_path(layout(tmp_path, documents))


def test_descriptors_without_an_end(tmp_path: Path) -> None:
    with pytest.raises(ImageDataError, match="too many manifests"):
        read_path(layout(tmp_path, {"index": named(*["nowhere"] * (manifests._MOST + 1))}))


def test_one_large_document_under_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "_JSON_LIMIT", MIB)
    config = {"rootfs": {"diff_ids": []}, "comment": "c" * (100 << 10)}
    manifest = {"config": {"digest": "x:config"}, "layers": []}
    with pytest.raises(ImageDataError, match="too often"):
        read_path(layout(tmp_path, {"index": named(*["m"] * 20), "m": manifest, "config": config}))


@pytest.mark.parametrize(
    "document",
    [[], {"config": []}, {"config": 7, "layers": []}, {"manifests": 7}, {"manifests": [{"annotations": 7}]}],
)
def test_documents_of_another_shape(tmp_path: Path, document: Any) -> None:
    with pytest.raises(ImageDataError):
        read_path(layout(tmp_path, {"index": named("m"), "m": document}))


@pytest.mark.parametrize(
    "config", [[], {"rootfs": 7}, {"rootfs": {"diff_ids": 7}}, {"rootfs": {"diff_ids": [7]}}, {"history": [7]}]
)
def test_configurations_of_another_shape(tmp_path: Path, config: Any) -> None:
    manifest = {"config": {"digest": "x:c"}, "layers": []}
    with pytest.raises(ImageDataError):
        read_path(layout(tmp_path, {"index": named("m"), "m": manifest, "c": config}))


def test_folders_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(number: int) -> LayerFiles:
        layer = LayerFiles()
        layer.add(Entry(f"{number}/" + "d/" * 400 + "file", "0", 0o644, 0, 0, 0, 0))
        return layer

    assert len(FileHistory([deep(1)]).live) == 402
    monkeypatch.setattr(files, "_LONGEST_IMPLIED", MIB)
    with pytest.raises(ImageDataError, match="leave out too many folders"):
        FileHistory([deep(number) for number in range(20)])


@pytest.mark.parametrize("piece", [1, 700, 1 << 20])
def test_members_and_padding_wherever_they_are_cut(piece: int) -> None:
    content = writing.layer([File("a", random.Random(1).randbytes(3000)), File("b", b"b")])
    packed = b"".join(gzip.compress(content[start : start + 1000]) for start in range(0, len(content), 1000))
    raw = writing.archive([Recipe("x:1", [content])])
    found = read_archive([raw]).only
    members = packed + bytes(600)
    again = gzip.compress(raw[:5000]) + bytes(600) + gzip.compress(raw[5000:]) + bytes(600)
    assert read_archive([again[start : start + piece] for start in range(0, len(again), piece)]).only == found
    source = Source([members[start : start + piece] for start in range(0, len(members), piece)], "x")
    assert b"".join(compression.unpacked(source, "gzip", "x")) == content


@pytest.mark.skipif(importlib.util.find_spec("zstandard") is None, reason="needs the module zstandard")
def test_a_zstd_bomb_is_unpacked_in_little_memory() -> None:
    import zstandard

    packer = zstandard.ZstdCompressor().compressobj()
    raw = b"".join([*(packer.compress(bytes(MIB)) for _ in range(512)), packer.flush()])
    out = io.BytesIO(raw)
    collector = archive._Collector(Limits(unpacked=256 * MIB), None, archive.Digester())
    tracemalloc.start()
    try:
        with pytest.raises(ImageDataError, match="more than is allowed"):
            packed = Source(iter(lambda: out.read(1 << 19), b""), "x")
            for _ in collector._spent(compression.unpacked(packed, "zstd", "x")):
                pass
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
