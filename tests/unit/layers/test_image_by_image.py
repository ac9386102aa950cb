"""Archives with what is no image, or cannot be read, beside good images: it is named, and takes no other along."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.command import layers_command
from labsupport.layers.connection import Refused
from labsupport.layers.engine import read_files
from labsupport.layers.imagefile import ImageArchive, read_archive
from labsupport.oci.writing import CONFIG, INDEX, LAYER, MANIFEST, File, Recipe, archive, digest, layer

GOOD = layer([File("good", b"g" * 100)])


class Layout:
    """An OCI layout in the making: blobs by digest, and what its index names."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.index: list[dict[str, Any]] = []

    def put(self, blob: bytes | dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
        raw = blob if isinstance(blob, bytes) else json.dumps(blob).encode()
        self.blobs[digest(raw)] = raw
        return {"mediaType": kind, "digest": digest(raw), "size": len(raw), **more}

    def manifest(self, config: Any, layers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return self.put({"schemaVersion": 2, "config": config, "layers": layers, **more}, MANIFEST)

    def image(self, *contents: bytes, kind: str = LAYER, platform: str = "amd64") -> dict[str, Any]:
        rootfs = {"type": "layers", "diff_ids": [digest(one) for one in contents]}
        config = self.put({"os": "linux", "architecture": platform, "rootfs": rootfs}, CONFIG)
        return self.manifest(config, [self.put(one, kind) for one in contents])

    def bytes(self) -> bytes:
        files = [File("blobs/" + name.replace(":", "/"), blob) for name, blob in sorted(self.blobs.items())]
        return layer([*files, File("index.json", json.dumps({"manifests": self.index}).encode())])


def _good(made: Layout) -> dict[str, Any]:
    return made.image(GOOD)


def _signature(made: Layout) -> dict[str, Any]:
    payload = made.put(b'{"critical": {}}', "application/vnd.dev.cosign.simplesigning.v1+json")
    rootfs = {"type": "layers", "diff_ids": [payload["digest"]]}
    return made.manifest(made.put({"rootfs": rootfs}, CONFIG), [payload])


def _sbom(made: Layout) -> dict[str, Any]:
    kind = "application/vnd.example.sbom.v1"
    empty = made.put(b"{}", "application/vnd.oci.empty.v1+json")
    return made.manifest(empty, [made.put(gzip.compress(b"no tar at all" * 99), "text/spdx+gzip")], artifactType=kind)


def _chart(made: Layout) -> dict[str, Any]:
    config = made.put({"name": "chart"}, "application/vnd.cncf.helm.config.v1+json")
    return made.manifest(config, [made.put(GOOD, "application/vnd.cncf.helm.chart.content.v1.tar+gzip")])


def _foreign(made: Layout) -> dict[str, Any]:
    found = made.image(layer([File("foreign")]))
    manifest = json.loads(made.blobs.pop(found["digest"]))
    manifest["layers"][0].update(digest=digest(b"elsewhere"), urls=["x:elsewhere"])
    return made.put(manifest, MANIFEST)


def _absent_platform(made: Layout) -> dict[str, Any]:
    here = made.image(GOOD)
    there = made.image(layer([File("arm")]), platform="arm64")
    manifest = json.loads(made.blobs[there["digest"]])
    for part in (manifest["config"], *manifest["layers"]):
        del made.blobs[part["digest"]]
    there["platform"] = {"os": "linux", "architecture": "arm64"}
    return made.put({"manifests": [here, there]}, INDEX)


def _never_pulled(made: Layout) -> dict[str, Any]:
    found = made.image(layer([File("gone")]))
    del made.blobs[found["digest"]]
    return found


def _wrong_digest(made: Layout) -> dict[str, Any]:
    found = made.image(layer([File("x", b"to be changed")]))
    one = json.loads(made.blobs[found["digest"]])["layers"][0]["digest"]
    made.blobs[one] = made.blobs[one].replace(b"to be changed", b"was changed !")
    return found


def _damaged(made: Layout) -> dict[str, Any]:
    packed = gzip.compress(layer([File("x", bytes(range(256)) * 40)]))
    return made.image(packed[: len(packed) // 2])


def _reaching_out(made: Layout) -> dict[str, Any]:
    return made.image(layer([File("../../etc/passwd")]))


def _no_layer_at_all(made: Layout) -> dict[str, Any]:
    return made.image(b"encrypted, or who knows", kind=LAYER + "+encrypted")


def _odd_config(made: Layout) -> dict[str, Any]:
    return made.manifest(made.put({"rootfs": {"diff_ids": [7, {}]}}, CONFIG), [])


def _odd_manifest(made: Layout) -> dict[str, Any]:
    return made.put({"schemaVersion": 2, "config": 7, "layers": {"a": 1}}, MANIFEST)


def _attestation(made: Layout) -> dict[str, Any]:
    return _signature(made) | {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}


# how many of what each makes are images, and how many could not be read
KINDS = {
    _good: (1, 0), _signature: (0, 1), _sbom: (0, 1), _chart: (0, 1), _foreign: (0, 1), _absent_platform: (1, 1),
    _never_pulled: (0, 0), _wrong_digest: (0, 1), _damaged: (0, 1), _reaching_out: (0, 1), _no_layer_at_all: (0, 1),
    _odd_config: (0, 1), _odd_manifest: (0, 1), _attestation: (0, 0),
}  # fmt: skip


def read(raw: bytes, piece: int = 1 << 16) -> ImageArchive:
    return read_archive(raw[at : at + piece] for at in range(0, len(raw), piece))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(list(KINDS)), max_size=5), st.integers(0, 2), st.randoms())
def test_good_images_are_read_beside_anything(kinds: list[Any], depth: int, chance: Any) -> None:
    made = Layout()
    for number, kind in enumerate([_good, *kinds]):
        entry = kind(made)
        for _ in range(depth):  # indexes within indexes
            entry = made.put({"manifests": [entry]}, INDEX)
        names = {"org.opencontainers.image.ref.name": f"n{number}:1"}
        made.index.append(entry | {"annotations": names | entry.get("annotations", {})})
    chance.shuffle(made.index)
    store = read(made.bytes()).store
    # several names of one image are one image
    good = [f"n{number}:1" for number, kind in enumerate([_good, *kinds]) if KINDS[kind][0]]
    assert [image.tags for image in store.images] == [tuple(sorted(good))] or depth
    assert {tag for image in store.images for tag in image.tags} == set(good)
    assert len({one.name for one in store.unread}) == sum(KINDS[kind][1] for kind in kinds) or depth
    assert all(one.why for one in store.unread)
    assert all(image.diff_ids == (digest(GOOD),) for image in store.images)


@pytest.mark.parametrize("kind", [kind for kind, (images, _) in KINDS.items() if not images], ids=lambda k: k.__name__)
def test_alone_it_is_an_error_that_says_why(kind: Any) -> None:
    made = Layout()
    made.index.append(kind(made))
    with pytest.raises(ImageDataError) as caught:
        read(made.bytes())
    assert len(str(caught.value)) > 20


def test_the_text_names_what_could_not_be_read(tmp_path: Path) -> None:
    made = Layout()
    for kind in (_good, _signature, _foreign):
        entry = kind(made)
        made.index.append(entry | {"annotations": {"org.opencontainers.image.ref.name": f"{kind.__name__}:1"}})
    (tmp_path / "x.tar").write_bytes(made.bytes())
    lines = layers_command(None, archive=tmp_path / "x.tar").splitlines()
    at = lines.index("2 could not be read:")
    assert lines[0].startswith("_good:1") and "simplesigning" in lines[at + 1] and "foreign" in lines[at + 2]


@pytest.mark.parametrize("empty", [b"", gzip.compress(b""), bytes(1024)], ids=["0 bytes", "gzip of nothing", "zeros"])
def test_a_layer_without_anything(empty: bytes) -> None:
    contents = gzip.decompress(empty) if empty[:2] == b"\x1f\x8b" else empty
    raw = archive([Recipe("x:1", [GOOD, contents])])
    found = read(raw)
    assert [one.size for one in found.store.path(found.only)] == [100, 0]
    assert found.history(found.only).stored == 100


def test_a_layer_that_begins_like_a_document() -> None:
    contents = layer([File("[", b"test"), File("{x}", b"y")])
    found = read(archive([Recipe("x:1", [contents])]))
    assert sorted(found.history(found.only).live) == ["[", "{x}"]


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, "zstd"], ids=["gzip", "bz2", "xz", "zstd"]
)
@pytest.mark.parametrize("piece", [1, 70_000])
def test_archives_and_layers_compressed_by_anything(pack: Any, piece: int) -> None:
    if pack == "zstd":
        pack = pytest.importorskip("zstandard").ZstdCompressor().compress
    raw = archive([Recipe("x:1", [GOOD])])
    assert read(pack(raw[:3000]) + pack(raw[3000:]), piece).only.tags == ("x:1",)
    made = Layout()
    rootfs = {"type": "layers", "diff_ids": [digest(GOOD)]}
    made.index.append(made.manifest(made.put({"rootfs": rootfs}, CONFIG), [made.put(pack(GOOD), LAYER)]))
    found = read(made.bytes(), piece)
    assert found.store.path(found.only)[0].compressed == len(pack(GOOD))
    with pytest.raises(ImageDataError):
        read(pack(raw)[:-9], 100)


def test_a_configuration_of_any_name_has_its_digest_as_id() -> None:
    config = json.dumps({"rootfs": {"diff_ids": [digest(GOOD)]}}).encode()
    listing = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["l.tar"]} for tag in ("b:1", "a:1")]
    files = [File("config.json", config), File("l.tar", GOOD), File("manifest.json", json.dumps(listing).encode())]
    found = read(layer(files)).only
    assert found.id == digest(config) and found.tags == ("a:1", "b:1")


class Exports:
    """An engine that exports these images, and breaks at one of them."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.asked: list[list[str]] = []

    def stream(self, path: str) -> Any:
        names = [part.partition("=")[2] for part in path.partition("?")[2].split("&")]
        self.asked.append(names)
        if self.bad & set(names):
            raise Refused("The engine refused it (HTTP 500).", seen="content digest: not found")
        return io.BytesIO(archive([Recipe(name, [GOOD, layer([File(name)])]) for name in names]))


@given(st.integers(1, 20), st.data())
def test_one_image_that_cannot_be_exported(count: int, data: st.DataObject) -> None:
    names = [f"i{number}:1" for number in range(count)]
    bad = data.draw(st.sets(st.sampled_from(names), max_size=3))
    engine = Exports(bad)
    if len(bad) == count:
        with pytest.raises(ImageDataError):
            read_files(engine, names)  # type: ignore[arg-type]
        return
    found = read_files(engine, names)  # type: ignore[arg-type]
    assert {image.name for image in found.store.images} == set(names) - bad
    assert {one.name for one in found.store.unread} == bad
    assert all(found.history(image).stored == 100 for image in found.store.images)
    assert len(engine.asked) <= 1 + len(bad) * 12


def test_who_stops_an_export_stops_all_of_it() -> None:
    class Stopped(ImageDataError):
        pass

    def progress(done: int) -> None:
        raise Stopped("Stopped.")

    engine = Exports(set())
    with pytest.raises(Stopped):
        read_files(engine, ["a:1", "b:1", "c:1"], progress=progress)  # type: ignore[arg-type]
    assert len(engine.asked) == 1
