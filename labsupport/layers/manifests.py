"""What an archive's manifests say: images with their configurations and layers, each read by itself.

`docker save` writes manifest.json; an OCI layout index.json, which may lead through further indexes (image
specification, image-layout.md, image-index.md, manifest.md).
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Blob, Contents
from labsupport.layers.identity import short
from labsupport.layers.model import Image, Unread
from labsupport.layers.names import printable
from labsupport.layers.registry import image_from_config, no_image

_MOST = 10_000  # descriptors of an archive's indexes that are followed
_JSON_LIMIT = 512 << 20  # bytes of JSON that are parsed: one document may be named many times
_Read = tuple[Image, list[str]]  # an image and its layers' paths, bottom first


class TooMuch(ImageDataError):
    """The archive as a whole would cost more than is allowed."""


def found_in(contents: Contents) -> Found:
    """The images that the archive's manifests name. Raises ImageDataError when what names them is unusable."""
    found = Found(contents)
    try:
        if "manifest.json" in contents.documents:
            _from_manifest_json(found)
        if not found.images and not found.unread and "index.json" in contents.documents:
            _from_layout(found)
    except (AttributeError, TypeError) as error:
        raise _odd(error) from None
    return found


class Found:
    """What of an archive is put together so far: images by id and layers by diff_id, and what could not be read."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.images: dict[str, Image] = {}
        self.blobs: dict[str, Blob] = {}
        self.unread: list[Unread] = []
        self.errors: list[ImageDataError] = []

    def take(self, name: str, read: Callable[[], tuple[Image, list[str]]]) -> None:
        """An image and its layers' paths; what is wrong with it is noted, and takes no other along."""
        try:
            image, paths = read()
            blobs = _paired(self.contents, image, paths)
        except TooMuch:
            raise
        except ImageDataError as error:
            self._refuse(name, error)
        except (AttributeError, TypeError, ValueError) as error:
            self._refuse(name, _odd(error))
        else:
            self.blobs.update(blobs)
            known = self.images.get(image.id)
            tags = tuple(sorted({*image.tags, *(known.tags if known else ())}))
            self.images[image.id] = replace(image, tags=tags)

    def _refuse(self, name: str, error: ImageDataError) -> None:
        self.errors.append(error)
        self.unread.append(Unread.of(name, error))


def _odd(error: Exception) -> ImageDataError:
    """A list where an object should be, and the like."""
    return ImageDataError("A document in the archive is not of the shape it should have.", seen=str(error))


def _from_manifest_json(found: Found) -> None:
    """The docker-archive format: manifest.json lists for each image its configuration, tags and layers."""
    contents = found.contents
    for entry in _items(_json(contents, "manifest.json"), "manifest.json"):
        config = str(entry.get("Config") or "")
        tags = tuple(sorted(printable(str(tag)) for tag in entry.get("RepoTags") or ()))

        def read(entry: dict[str, Any] = entry, config: str = config, tags: tuple[str, ...] = tags) -> _Read:
            document = _object(contents, config)
            # not the name it has here, which some programs choose freely
            image_id = "sha256:" + hashlib.sha256(contents.documents[contents.resolve(config)]).hexdigest()
            image = image_from_config(document, image_id=image_id, tags=tags)
            return image, [str(path) for path in entry.get("Layers") or ()]

        found.take(" = ".join(tags) or short(config.removesuffix(".json").rpartition("/")[2]) or "an image", read)


def _from_layout(found: Found) -> None:
    """An OCI layout: index.json leads to manifests, perhaps through further indexes (image-layout.md,
    image-index.md).
    """
    contents = found.contents
    waiting = deque(_items(_object(contents, "index.json").get("manifests"), "index.json"))
    read: set[tuple[str, str]] = set()
    followed = 0
    while waiting:
        entry = waiting.popleft()
        followed += 1
        if followed > _MOST:
            raise TooMuch("The archive names too many manifests.", seen=f"more than {_MOST:,}")
        path = _blob_path(entry.get("digest"))
        if not _is_there(contents, path):
            continue  # another platform's image, that the archive does not carry
        name = _name(entry)
        try:
            document = _object(contents, path)
            inner = _items(document["manifests"], "an index") if "manifests" in document else None
        except TooMuch:
            raise
        except ImageDataError as error:
            found.take(name, _raiser(error))
            continue
        notes = entry.get("annotations") or {}
        if inner is not None:
            if (path, _tag(entry)) in read:
                continue  # an index that leads to itself, or that two others name
            read.add((path, _tag(entry)))
            waiting.extend({**child, "annotations": {**notes, **(child.get("annotations") or {})}} for child in inner)
        elif not notes.get("vnd.docker.reference.type"):  # else an attestation: a manifest in form, no image
            found.take(name, partial(_from_manifest, contents, entry, document))


def _from_manifest(contents: Contents, entry: dict[str, Any], document: dict[str, Any]) -> _Read:
    layers = _items(document.get("layers"), "a manifest")
    if kind := no_image(document):
        raise ImageDataError("It is no image.", seen=kind)
    place = _blob_path((document.get("config") or {}).get("digest"))
    if not any(_is_there(contents, path) for path in (place, *(_blob_path(one.get("digest")) for one in layers))):
        raise ImageDataError("The archive has its manifest only, as of a platform that was not pulled.")
    config = _object(contents, place)
    tag = _tag(entry)
    image = image_from_config(config, image_id=str(entry.get("digest")), tags=(tag,) if tag else ())
    for layer in layers:
        if layer.get("urls") and not _is_there(contents, _blob_path(layer.get("digest"))):
            raise ImageDataError(
                "A layer of it is not in the archive, but to be fetched from elsewhere (a foreign layer).",
                seen=str(layer.get("digest")),
            )
    return image, [_blob_path(layer.get("digest")) for layer in layers]


def _tag(entry: dict[str, Any]) -> str:
    annotations = entry.get("annotations") or {}
    name = annotations.get("io.containerd.image.name") or annotations.get("org.opencontainers.image.ref.name") or ""
    return printable(str(name).removeprefix("docker.io/library/").removeprefix("docker.io/"))


def _name(entry: dict[str, Any]) -> str:
    """What an index's entry is called when it could not be read."""
    platform: dict[str, Any] = found if isinstance(found := entry.get("platform"), dict) else {}
    told = "/".join(str(platform[key]) for key in ("os", "architecture", "variant") if platform.get(key))
    return " ".join(filter(None, (_tag(entry) or short(str(entry.get("digest"))), told and f"({told})")))


def _raiser(error: ImageDataError) -> Callable[[], _Read]:
    def read() -> _Read:
        raise error

    return read


def _is_there(contents: Contents, path: str) -> bool:
    place = contents.resolve(path)
    return place in contents.documents or place in contents.blobs or place in contents.bad


def _paired(contents: Contents, image: Image, paths: list[str]) -> dict[str, Blob]:
    """The image's layers by diff_id, each checked against the configuration."""
    if len(paths) != len(image.diff_ids):
        raise ImageDataError(
            f"{image.name}: manifest and configuration disagree.",
            seen=f"{len(paths)} layers, {len(image.diff_ids)} diff_ids",
        )
    blobs: dict[str, Blob] = {}
    for path, diff_id in zip(paths, image.diff_ids, strict=True):
        place = contents.resolve(path)
        if place in contents.bad:
            raise contents.bad[place]
        blob = contents.blobs.get(place)
        if blob is None:
            raise ImageDataError(f"{image.name}: the archive lacks the layer {path}, or it is no tar archive.")
        if blob.diff_id != diff_id:
            raise ImageDataError(
                f"{image.name}: the layer {path} is not the one its configuration names.",
                seen=f"{blob.diff_id}, expected {diff_id}",
            )
        blobs[diff_id] = blob
    return blobs


def _json(contents: Contents, path: str) -> Any:
    place = contents.resolve(path)
    raw = contents.documents.get(place)
    if raw is None:
        if place in contents.bad:
            raise contents.bad[place]
        raise ImageDataError(f"The archive lacks {path or 'a document that its manifest should name'}.")
    contents.parsed += len(raw)
    if contents.parsed > _JSON_LIMIT:
        raise TooMuch("The archive names its documents too often.", seen=f"{contents.parsed:,} bytes of JSON")
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
