"""The images of an archive put together: configurations, exact histories, files of every layer."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Blob, Contents, Limits, Progress, pieces_of, read_contents, read_folder
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.model import Image, Store, assemble
from labsupport.layers.registry import image_from_config

_MOST = 10_000  # descriptors of an archive's indexes that are followed
_JSON_LIMIT = 512 << 20  # bytes of JSON that are parsed: one document may be named many times


class ImageArchive:
    """Images read from an archive. sizes are in "archive" accounting: files and symlink targets of each layer."""

    def __init__(self, store: Store, files: dict[str, LayerFiles]) -> None:
        self.store = store
        self.files = files

    def history(self, image: Image) -> FileHistory:
        """The files of an image, layer on layer."""
        return FileHistory([self.files[diff_id] for diff_id in image.diff_ids])

    @cached_property
    def only(self) -> Image:
        """The one image of the archive; ImageDataError when there are more."""
        if len(self.store.images) != 1:
            raise ImageDataError("The archive holds not one image.", seen=", ".join(i.name for i in self.store.images))
        return self.store.images[0]


def read_archive(
    pieces: Iterable[bytes], *, progress: Progress | None = None, limits: Limits | None = None
) -> ImageArchive:
    """Read the bytes of a `docker save` archive or of an archived OCI layout. Raises ImageDataError; writes
    nothing.
    """
    return _put_together(read_contents(pieces, progress=progress, limits=limits))


def read_path(path: Path, *, progress: Progress | None = None, limits: Limits | None = None) -> ImageArchive:
    """Read an archive file (also gzipped), or an OCI layout that is a folder."""
    if path.is_dir():
        return _put_together(read_folder(path, progress=progress, limits=limits))
    return read_archive(pieces_of(path), progress=progress, limits=limits)


def _put_together(contents: Contents) -> ImageArchive:
    images: list[Image] = []
    blobs: dict[str, Blob] = {}
    try:
        if "manifest.json" in contents.documents:
            images, blobs = _from_manifest_json(contents)
        elif "index.json" in contents.documents:
            images, blobs = _from_layout(contents)
    except (AttributeError, TypeError) as error:  # a list where an object should be, and the like
        raise ImageDataError("A document in the archive is not of the shape it should have.", seen=str(error)) from None
    if not images:
        raise ImageDataError(
            "The archive holds no image: neither manifest.json nor index.json names one.",
            seen=", ".join(sorted(contents.documents)[:5]) or "no JSON document",
        )
    sizes: dict[str, int] = {}
    wire: dict[str, tuple[str, int]] = {}
    for image in images:
        for diff_id, chain_id in zip(image.diff_ids, image.chain, strict=True):
            blob = blobs[diff_id]
            sizes[chain_id] = blob.files.size
            if blob.digest != blob.diff_id:
                wire[diff_id] = (blob.digest, blob.stored)
    store = assemble([_sized(image, sizes) for image in images], "archive", sizes=sizes, blobs=wire)
    return ImageArchive(store, {diff_id: blob.files for diff_id, blob in blobs.items()})


def _sized(image: Image, sizes: dict[str, int]) -> Image:
    steps = tuple(step._replace(size=sizes[step.layer] if step.layer else 0) for step in image.steps)
    return replace(image, steps=steps)


def _from_manifest_json(contents: Contents) -> tuple[list[Image], dict[str, Blob]]:
    """The docker-archive format: manifest.json lists for each image its configuration, tags and layers."""
    images: list[Image] = []
    blobs: dict[str, Blob] = {}
    for entry in _items(_json(contents, "manifest.json"), "manifest.json"):
        config = str(entry.get("Config") or "")
        name = config.rpartition("/")[2].removesuffix(".json")
        tags = tuple(sorted(str(tag) for tag in entry.get("RepoTags") or ()))
        document = _object(contents, config)
        image = image_from_config(document, image_id=f"sha256:{name}", tags=tags)
        _pair(contents, image, [str(path) for path in entry.get("Layers") or ()], blobs)
        images.append(image)
    return images, blobs


def _from_layout(contents: Contents) -> tuple[list[Image], dict[str, Blob]]:
    """An OCI layout: index.json leads to manifests, perhaps through further indexes (image-layout.md,
    image-index.md).
    """
    images: list[Image] = []
    blobs: dict[str, Blob] = {}
    waiting = deque(_items(_object(contents, "index.json").get("manifests"), "index.json"))
    read: set[str] = set()
    followed = 0
    while waiting:
        entry = waiting.popleft()
        followed += 1
        if followed > _MOST:
            raise ImageDataError("The archive names too many manifests.", seen=f"more than {_MOST:,}")
        path = _blob_path(entry.get("digest"))
        if contents.resolve(path) not in contents.documents:
            continue  # another platform's image, that the archive does not carry
        document = _object(contents, path)
        if "manifests" in document:
            if path in read:
                continue  # an index that leads to itself, or that two others name
            read.add(path)
            inner = _items(document["manifests"], "an index")
            notes = entry.get("annotations") or {}
            waiting.extend({**child, "annotations": {**notes, **(child.get("annotations") or {})}} for child in inner)
            continue
        annotations = entry.get("annotations") or {}
        if annotations.get("vnd.docker.reference.type"):
            continue  # an attestation: a manifest in form, no image
        name = annotations.get("io.containerd.image.name") or annotations.get("org.opencontainers.image.ref.name")
        config = _object(contents, _blob_path((document.get("config") or {}).get("digest")))
        tags = (str(name).removeprefix("docker.io/library/").removeprefix("docker.io/"),) if name else ()
        image = image_from_config(config, image_id=str(entry.get("digest")), tags=tags)
        layers = [_blob_path(layer.get("digest")) for layer in _items(document.get("layers"), "a manifest")]
        _pair(contents, image, layers, blobs)
        images.append(image)
    return images, blobs


def _pair(contents: Contents, image: Image, paths: list[str], blobs: dict[str, Blob]) -> None:
    if len(paths) != len(image.diff_ids):
        raise ImageDataError(
            f"{image.name}: manifest and configuration disagree.",
            seen=f"{len(paths)} layers, {len(image.diff_ids)} diff_ids",
        )
    for path, diff_id in zip(paths, image.diff_ids, strict=True):
        blob = contents.blobs.get(contents.resolve(path))
        if blob is None:
            raise ImageDataError(f"{image.name}: the archive lacks the layer {path}, or it is no tar archive.")
        if blob.diff_id != diff_id:
            raise ImageDataError(
                f"{image.name}: the layer {path} is not the one its configuration names.",
                seen=f"{blob.diff_id}, expected {diff_id}",
            )
        blobs[diff_id] = blob


def _json(contents: Contents, path: str) -> Any:
    raw = contents.documents.get(contents.resolve(path))
    if raw is None:
        raise ImageDataError(f"The archive lacks {path or 'a document that its manifest should name'}.")
    contents.parsed += len(raw)
    if contents.parsed > _JSON_LIMIT:
        raise ImageDataError("The archive names its documents too often.", seen=f"{contents.parsed:,} bytes of JSON")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ImageDataError(f"{path} in the archive is not JSON.", seen=repr(raw[:60])) from None


def _object(contents: Contents, path: str) -> dict[str, Any]:
    found = _json(contents, path)
    if not isinstance(found, dict):
        raise ImageDataError(f"{path} in the archive is no JSON object.", seen=repr(found)[:80])
    return found


def _items(found: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ImageDataError(f"{where} in the archive is not a list of objects.", seen=repr(found)[:80])
    return found


def _blob_path(digest: Any) -> str:
    return "blobs/" + str(digest).replace(":", "/", 1)
