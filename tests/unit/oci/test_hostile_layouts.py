"""Layouts made to do harm: each is refused in words, quickly, and without much memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport.errors import ImageDataError
from labsupport.oci import reading, verify
from labsupport.oci.reading import Budget, document, inflated, opened, pieces_of

MIB = 1 << 20


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def store(layout: Path, content: bytes) -> dict[str, Any]:
    descriptor = {"digest": digest(content), "size": len(content)}
    path = verify.blob(layout, descriptor)
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return descriptor


def index(layout: Path, *descriptors: Any) -> None:
    layout.mkdir(exist_ok=True)
    (layout / "index.json").write_text(json.dumps({"manifests": descriptors}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def image(layout: Path, layer: bytes, diff_id: str) -> dict[str, Any]:
    """Descriptors of a stored image with one layer; index.json names it."""
    described = store(layout, layer)
    config = store(layout, json.dumps({"rootfs": {"diff_ids": [diff_id]}}).encode())
    manifest = store(layout, json.dumps({"config": config, "layers": [described]}).encode())
    index(layout, manifest)
    return {"layer": described, "config": config, "manifest": manifest}


def path_of(layout: Path, descriptor: dict[str, Any]) -> Path:
    path = verify.blob(layout, descriptor)
    assert path is not None
    return path


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A gzip file of about 260 KB that holds 256 MiB."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(MIB)
    return b"".join([*(packer.compress(zeros) for _ in range(256)), packer.flush()])


@pytest.fixture
def peak() -> Iterator[Callable[[], int]]:
    """How many bytes Python had at most since the test began."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_and_named(tmp_path: Path, bomb: bytes) -> None:
    image(tmp_path, bomb, digest(b""))
    assert len(bomb) < MIB
    assert verify.problems(tmp_path, limit=20 * MIB) == [
        f"too much to look at: more than {20 * MIB:,} bytes, unpacked ones included"
    ]


def test_a_large_layer_within_the_limit_is_unpacked_in_little_memory(
    tmp_path: Path, bomb: bytes, peak: Callable[[], int]
) -> None:
    honest = hashlib.sha256()
    for _ in range(256):
        honest.update(bytes(MIB))
    image(tmp_path, bomb, f"sha256:{honest.hexdigest()}")
    assert verify.problems(tmp_path) == []
    assert peak() < 8 * MIB


def test_what_was_found_before_the_limit_is_told(tmp_path: Path, bomb: bytes) -> None:
    image(tmp_path, bomb, digest(b""))
    (tmp_path / "oci-layout").unlink()
    first, last = verify.problems(tmp_path, limit=MIB)
    assert first.startswith("the file oci-layout is missing")
    assert last.startswith("too much to look at")


def test_one_blob_under_many_names_is_read_once(tmp_path: Path) -> None:
    layer = os.urandom(MIB)
    described = store(tmp_path, layer)
    config = store(tmp_path, json.dumps({"rootfs": {"diff_ids": [digest(layer)] * 500}}).encode())
    index(tmp_path, store(tmp_path, json.dumps({"config": config, "layers": [described] * 500}).encode()))
    assert verify.problems(tmp_path, limit=2 * MIB) == []


def test_a_sparse_file_costs_no_memory(tmp_path: Path, peak: Callable[[], int]) -> None:
    made = image(tmp_path, b"layer", digest(b"layer"))
    with path_of(tmp_path, made["layer"]).open("wb") as file:
        file.truncate(1 << 40)
    assert verify.problems(tmp_path, limit=64 * MIB)[-1].startswith("too much to look at")
    assert peak() < 8 * MIB


def test_too_many_descriptors_are_not_followed(tmp_path: Path) -> None:
    made = image(tmp_path, b"layer", digest(b"layer"))
    index(tmp_path, *[made["manifest"]] * (verify.MOST + 1))
    assert verify.problems(tmp_path) == [f"too much to look at: more than {verify.MOST:,} descriptors"]
    assert verify.images(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        *("sha256:../../../secret", "../..:x", "..:..", "sha256:", "", "sha512:" + "0" * 128),
        *("sha256:" + "A" * 64, "sha256:" + "0" * 64 + "\n", "sha256:\0", "sha256:\ud800", "\x1b[2J", 7, None, [[]]),
    ],
)
def test_a_name_that_is_no_digest_leads_nowhere(tmp_path: Path, name: Any) -> None:
    layout = tmp_path / "layout"
    (tmp_path / "secret").write_text("{}")
    index(layout, {"digest": name, "size": 2})
    assert verify.blob(layout, {"digest": name}) is None
    (line,) = verify.problems(layout)
    assert "which is not sha256: and 64 hexadecimal digits" in line
    assert line.isprintable()
    assert verify.images(layout) == []


def as_link(path: Path, outside: Path) -> None:
    path.rename(outside)
    path.symlink_to(outside)


def as_folder_that_is_a_link(path: Path, outside: Path) -> None:
    path.parent.rename(outside)
    path.parent.symlink_to(outside)


def as_pipe(path: Path, outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_device(path: Path, outside: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def as_circle(path: Path, outside: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def as_folder(path: Path, outside: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [as_link, as_folder_that_is_a_link, as_pipe, as_device, as_circle, as_folder])
@pytest.mark.parametrize("part", ["manifest", "config", "layer"])
def test_a_blob_that_is_no_file_of_the_layout_is_not_read(
    tmp_path: Path, part: str, harm: Callable[[Path, Path], None]
) -> None:
    layout = tmp_path / "layout"
    made = image(layout, b"layer", digest(b"layer"))
    assert verify.problems(layout) == []
    harm(path_of(layout, made[part]), tmp_path / "outside")
    assert any("no file in blobs/" in line for line in verify.problems(layout))


@pytest.mark.parametrize("name", ["index.json", "oci-layout"])
def test_nor_is_one_of_the_two_documents_with_a_fixed_place(tmp_path: Path, name: str) -> None:
    layout = tmp_path / "layout"
    image(layout, b"layer", digest(b"layer"))
    as_link(layout / name, tmp_path / "outside")
    assert any(f"{name} is missing" in line for line in verify.problems(layout))


def test_an_index_that_leads_to_itself_ends(tmp_path: Path) -> None:
    made = image(tmp_path, b"layer", digest(b"layer"))
    itself = {"digest": "sha256:" + "0" * 64, "size": 1}
    path_of(tmp_path, itself).write_text(json.dumps({"manifests": [itself, made["manifest"], itself]}))
    index(tmp_path, itself)
    (name, size) = verify.problems(tmp_path)
    assert name.startswith("the index in the index: its name says 000000000000")
    assert size.startswith("the index in the index: its descriptor says 1 bytes")
    assert [each["descriptor"] for each in verify.images(tmp_path)] == [made["manifest"]]


def test_an_image_below_an_index_is_verified(tmp_path: Path) -> None:
    made = image(tmp_path, b"layer", digest(b"other"))
    index(tmp_path, store(tmp_path, json.dumps({"manifests": [made["manifest"]]}).encode()))
    (line,) = verify.problems(tmp_path)
    assert line.startswith("diff_id 1 says")


def test_a_manifest_of_any_media_type_is_verified(tmp_path: Path) -> None:
    made = image(tmp_path, b"layer", digest(b"other"))
    index(tmp_path, {**made["manifest"], "mediaType": "text/plain"})
    assert len(verify.problems(tmp_path)) == 1


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"manifests": ' * 50_000, "9" * 10_000, "\udcff".encode("utf-8", "surrogateescape")]
)
def test_json_that_no_parser_takes_is_no_json(tmp_path: Path, text: str | bytes) -> None:
    index(tmp_path)
    (tmp_path / "index.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert verify.problems(tmp_path) == ["index.json is missing, or is no JSON object"]


def test_a_document_has_a_largest_size(tmp_path: Path) -> None:
    index(tmp_path)
    (tmp_path / "index.json").write_bytes(b"{" + b" " * reading.LARGEST_DOCUMENT + b"}")
    assert verify.problems(tmp_path) == [
        f"index.json is too large for a JSON document: more than {reading.LARGEST_DOCUMENT:,} bytes"
    ]


@pytest.mark.parametrize(
    "config", [[], 7, {"rootfs": 1}, {"rootfs": {"diff_ids": 1}}, {"rootfs": {"diff_ids": [[[]]]}}, {"rootfs": None}]
)
def test_a_config_of_another_shape_is_a_finding(tmp_path: Path, config: Any) -> None:
    layer = store(tmp_path, b"layer")
    described = store(tmp_path, json.dumps(config).encode())
    index(tmp_path, store(tmp_path, json.dumps({"config": described, "layers": [layer, 7, None]}).encode()))
    assert any("diff_id" in line for line in verify.problems(tmp_path))
    assert verify.diff_ids(config) in (None, [[[]]])


def test_damaged_gzip_is_a_finding_and_no_error(tmp_path: Path) -> None:
    packed = gzip.compress(b"layer" * 1000)
    made = image(tmp_path, packed[:-9], digest(b"layer" * 1000))
    assert verify.problems(tmp_path) == ["layer 1: its bytes begin as a gzip file and are none"]
    assert path_of(tmp_path, made["layer"]).exists()


def test_members_of_a_gzip_file_are_unpacked_one_after_the_other() -> None:
    content = [os.urandom(1000) * 1000, b"", b"end"]
    packed = b"".join(gzip.compress(each) for each in content) + bytes(500)
    for size in (1, 7, 4096, len(packed)) if len(packed) < 20_000 else (4096, len(packed)):
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
        assert b"".join(inflated(pieces, Budget())) == b"".join(content)


def test_empty_members_are_not_for_nothing() -> None:
    many = [gzip.compress(b"") * 1000] * 20
    with pytest.raises(ImageDataError):
        list(inflated(many, Budget(MIB)))


def test_a_file_is_read_from_below_its_folder_alone(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "inside").write_text("{}")
    (tmp_path / "outside").write_text("{}")
    with opened(top / "inside", top) as file:
        assert b"".join(pieces_of(file)) == b"{}"
    with pytest.raises(OSError, match="not below"):
        opened(top / ".." / "outside", top)
    assert document(top / "inside", top) == {}
    assert document(top / ".." / "outside", top) is None
