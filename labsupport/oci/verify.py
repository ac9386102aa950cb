"""Walk an image layout on disk from its index down and recompute every digest, as nobody does who only loads it.

See the image specification: image-layout.md, descriptor.md ("Verification"), config.md ("rootfs").
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def problems(layout: Path) -> list[str]:
    """What is wrong with a layout, from the top down; [] when every name in it is what its contents hash to."""
    return list(_layout(layout))


def images(layout: Path) -> list[dict[str, Any]]:
    """The images of a layout: {"descriptor", "manifest", "config"} as JSON, in the index's order.

    What cannot be read is left out: `problems` names it.
    """
    found = []
    for descriptor in _descriptors(_json(layout / "index.json"), "manifests"):
        manifest = _json(blob(layout, descriptor))
        if isinstance(manifest, dict) and (config := _json(blob(layout, manifest.get("config")))):
            found.append({"descriptor": descriptor, "manifest": manifest, "config": config})
    return found


def blob(layout: Path, descriptor: Any) -> Path:
    """Where the contents that a descriptor names lie."""
    digest = str(descriptor.get("digest", "")) if isinstance(descriptor, dict) else ""
    algorithm, _, encoded = digest.partition(":")
    # a digest is a name, never a way out of the folder
    return layout / "blobs" / Path(algorithm).name / Path(encoded).name


def short(digest: str) -> str:
    return digest.partition(":")[2][:12] or digest


def _layout(layout: Path) -> Iterator[str]:
    marker = _json(layout / "oci-layout")
    if not isinstance(marker, dict) or "imageLayoutVersion" not in marker:
        yield "the file oci-layout is missing, or has no imageLayoutVersion"
    index = _json(layout / "index.json")
    if not isinstance(index, dict):
        yield "index.json is missing, or is no JSON object"
        return
    listed = _descriptors(index, "manifests")
    if not listed:
        yield "index.json names no manifest"
    for descriptor in listed:
        yield from _blob(layout, descriptor, "the manifest")
        if descriptor.get("mediaType") in (MANIFEST, None):
            yield from _manifest(layout, _json(blob(layout, descriptor)))


def _manifest(layout: Path, manifest: Any) -> Iterator[str]:
    if not isinstance(manifest, dict):
        return
    yield from _blob(layout, manifest.get("config"), "the config")
    layers = _descriptors(manifest, "layers")
    if not layers:
        yield "the manifest names no layer"
    for number, descriptor in enumerate(layers, 1):
        yield from _blob(layout, descriptor, f"layer {number}")
    config = _json(blob(layout, manifest.get("config")))
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    told = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(told, list) or len(told) != len(layers):
        yield f"the config must have one diff_id for each of the {len(layers)} layers, under rootfs"
        return
    for number, (diff_id, descriptor) in enumerate(zip(told, layers, strict=True), 1):
        contents = _contents(layout, descriptor)
        if contents is None:
            continue
        found = _digest(_unpacked(contents))
        if diff_id != found:
            packed = " (that is the digest of the compressed blob)" if diff_id == _digest(contents) else ""
            yield f"diff_id {number} says {short(str(diff_id))}{packed}, the uncompressed layer has {short(found)}"


def _blob(layout: Path, descriptor: Any, what: str) -> Iterator[str]:
    contents = _contents(layout, descriptor)
    if contents is None:
        name = short(str(descriptor.get("digest"))) if isinstance(descriptor, dict) else "nothing"
        yield f"{what}: no file in blobs/ has the name {name}"
        return
    if descriptor["digest"] != _digest(contents):
        yield f"{what}: its name says {short(descriptor['digest'])}, its bytes have {short(_digest(contents))}"
    if descriptor.get("size") != len(contents):
        yield f"{what}: its descriptor says {descriptor.get('size')} bytes, the file has {len(contents)}"


def _contents(layout: Path, descriptor: Any) -> bytes | None:
    try:
        return blob(layout, descriptor).read_bytes()
    except OSError:
        return None


def _unpacked(contents: bytes) -> bytes:
    if contents[:2] != b"\x1f\x8b":
        return contents
    try:
        return gzip.decompress(contents)
    except (OSError, EOFError, zlib.error):
        return contents


def _digest(contents: bytes) -> str:
    return "sha256:" + hashlib.sha256(contents).hexdigest()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _descriptors(document: Any, key: str) -> list[dict[str, Any]]:
    listed = document.get(key) if isinstance(document, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
