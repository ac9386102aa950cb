"""Walk an image layout on disk from its index down and recompute every digest, as nobody does who only loads it.

See the image specification: image-layout.md, descriptor.md ("Verification"), config.md ("rootfs"), image-index.md.
Layouts come from learners: what is read, unpacked and followed has a limit, and links are not followed at all.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.oci.reading import LARGEST, Budget, document, inflated, opened, pieces_of, printable

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")  # descriptor.md, "SHA-256"
MOST = 1000  # descriptors that are followed


@dataclass(frozen=True, slots=True)
class Facts:
    """What a blob's bytes say. digest: of the file; unpacked: of what is in it, "" when it is damaged gzip data."""

    size: int
    digest: str
    unpacked: str


def problems(layout: Path, limit: int = LARGEST) -> list[str]:
    """What is wrong with a layout, from the top down; [] when every name in it is what its contents hash to.

    limit: bytes that may be read and unpacked. A layout with more is wrong, too, and the last line says so.
    """
    found = []
    try:
        for line in _Walk(layout, limit).lines():
            found.append(line)  # one by one: those before an error count
    except ImageDataError as error:
        found.append(error.message)
    return found


def images(layout: Path) -> list[dict[str, Any]]:
    """The images of a layout: {"descriptor", "manifest", "config"} as JSON objects, in the index's order, each once.

    What cannot be read is left out: `problems` names it.
    """
    walk, found = _Walk(layout, LARGEST), []
    try:
        for descriptor, manifest in walk.manifests():
            if isinstance(manifest, dict) and isinstance(config := walk.json(manifest.get("config")), dict):
                found.append({"descriptor": descriptor, "manifest": manifest, "config": config})
    except ImageDataError:
        pass
    return found


def diff_ids(config: Any) -> list[Any] | None:
    """The list a config has under rootfs.diff_ids, whatever is in it; None when there is no list."""
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    told = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return told if isinstance(told, list) else None


def blob(layout: Path, descriptor: Any) -> Path | None:
    """Where the contents that a descriptor names lie; None when its digest is none: a name is no way out."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        return None
    return layout / "blobs" / "sha256" / digest.partition(":")[2]


def short(digest: Any) -> str:
    """The first 12 characters after the algorithm, or of what stands in its place."""
    text = str(digest) if isinstance(digest, (str, int, float)) else type(digest).__name__
    return printable((text.partition(":")[2] or text)[:12])


class _Walk:
    def __init__(self, layout: Path, limit: int) -> None:
        self._layout = layout
        self._budget = Budget(limit)
        self._seen: dict[Path, Facts | None] = {}
        self._followed = 0

    def json(self, descriptor: Any) -> Any:
        """The JSON a descriptor names; None when there is none."""
        path = blob(self._layout, descriptor)
        return None if path is None else document(path, self._layout, self._budget)

    def manifests(self) -> Iterator[tuple[dict[str, Any], Any]]:
        """(descriptor, contents) of what the index names, further indexes followed, each digest once."""
        waiting = self._descriptors(document(self._layout / "index.json", self._layout), "manifests")[::-1]
        done: set[Any] = set()
        while waiting:
            descriptor = waiting.pop()
            path = blob(self._layout, descriptor)
            if path in done and path is not None:
                continue  # named twice, or an index that leads to itself
            done.add(path)
            contents = self.json(descriptor)
            yield descriptor, contents
            waiting += self._descriptors(contents, "manifests")[::-1]

    def lines(self) -> Iterator[str]:
        marker = document(self._layout / "oci-layout", self._layout)
        if not isinstance(marker, dict) or "imageLayoutVersion" not in marker:
            yield "the file oci-layout is missing, or has no imageLayoutVersion"
        index = document(self._layout / "index.json", self._layout)
        if not isinstance(index, dict):
            yield "index.json is missing, or is no JSON object"
            return
        named = False
        for descriptor, contents in self.manifests():
            named = True
            nested = isinstance(contents, dict) and "manifests" in contents
            yield from self._blob(descriptor, "the index in the index" if nested else "the manifest")
            if isinstance(contents, dict) and not nested:
                yield from self._manifest(contents)
        if not named:
            yield "index.json names no manifest"

    def _manifest(self, manifest: dict[str, Any]) -> Iterator[str]:
        yield from self._blob(manifest.get("config"), "the config")
        layers = self._descriptors(manifest, "layers")
        if not layers:
            yield "the manifest names no layer"
        for number, descriptor in enumerate(layers, 1):
            yield from self._blob(descriptor, f"layer {number}")
        told = diff_ids(self.json(manifest.get("config")))
        if told is None or len(told) != len(layers):
            yield f"the config must have one diff_id for each of the {len(layers)} layers, under rootfs"
            return
        for number, (diff_id, descriptor) in enumerate(zip(told, layers, strict=True), 1):
            facts = self._facts(descriptor)
            if facts is None or diff_id == facts.unpacked:
                continue
            if not facts.unpacked:
                yield f"layer {number}: its bytes begin as a gzip file and are none"
                continue
            packed = " (that is the digest of the compressed blob)" if diff_id == facts.digest else ""
            yield f"diff_id {number} says {short(diff_id)}{packed}, the uncompressed layer has {short(facts.unpacked)}"

    def _blob(self, descriptor: Any, what: str) -> Iterator[str]:
        facts = self._facts(descriptor)
        if facts is None:
            name = short(descriptor.get("digest")) if isinstance(descriptor, dict) else "nothing"
            form = "" if blob(self._layout, descriptor) else ", which is not sha256: and 64 hexadecimal digits"
            yield f"{what}: no file in blobs/ has the name {name}{form}"
            return
        if descriptor["digest"] != facts.digest:
            yield f"{what}: its name says {short(descriptor['digest'])}, its bytes have {short(facts.digest)}"
        if descriptor.get("size") != facts.size:
            yield f"{what}: its descriptor says {short(descriptor.get('size'))} bytes, the file has {facts.size}"

    def _facts(self, descriptor: Any) -> Facts | None:
        """Of each blob once: many descriptors may name it."""
        path = blob(self._layout, descriptor)
        if path is None:
            return None
        if path not in self._seen:
            try:
                with opened(path, self._layout) as file:
                    self._seen[path] = _look(self._budget.metered(pieces_of(file)), self._budget)
            except OSError:
                self._seen[path] = None
        return self._seen[path]

    def _descriptors(self, contents: Any, key: str) -> list[dict[str, Any]]:
        listed = contents.get(key) if isinstance(contents, dict) else None
        found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        self._followed += len(found)
        if self._followed > MOST:
            raise ImageDataError(f"too much to look at: more than {MOST:,} descriptors")
        return found


def _look(pieces: Iterable[bytes], budget: Budget) -> Facts:
    stored, unpacked, size = hashlib.sha256(), hashlib.sha256(), 0

    def observed() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            stored.update(piece)
            size += len(piece)
            yield piece

    source = observed()
    first = next(source, b"")
    whole = True
    if first[:2] == b"\x1f\x8b":
        try:
            for part in inflated(_again(first, source), budget):
                unpacked.update(part)
        except zlib.error:
            whole = False
        for _ in source:  # what comes after the damage has a part in the file's digest
            pass
    else:
        for _ in source:
            pass
        unpacked = stored
    return Facts(size, f"sha256:{stored.hexdigest()}", f"sha256:{unpacked.hexdigest()}" if whole else "")


def _again(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
