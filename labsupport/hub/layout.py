"""An OCI image layout in a tar, read without trusting it (image specification 1.0, image-layout.md and descriptor.md).

Nothing is unpacked. Every entry must have a name the layout knows, every blob the digest its name says, every
descriptor the size of its blob, every tag all that it refers to; the first contradiction is a HubError.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from labsupport.errors import HubError
from labsupport.hub.build import MANIFEST
from labsupport.hub.registry import DIGEST, INDEX, MANIFEST_LIMIT, MANIFESTS, NAME, TAG, descriptors

REFERENCE = "org.opencontainers.image.ref.name"
ENTRIES = 100_000
BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")


@dataclass
class Graph:
    """What tags stand for: manifests and indexes with their bytes, those referred to first; other blobs with sizes."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)

    def add(self, digest: str, read: Callable[[str], bytes], depth: int = 0) -> None:
        """Follow a manifest or index down to its blobs; read returns the bytes of a manifest by digest."""
        if digest in self.manifests:
            return
        if depth > 3:
            raise ValueError("indexes within indexes within indexes")
        body = read(digest)
        document = json.loads(body)
        if not isinstance(document, dict) or not ("manifests" in document or "config" in document):
            raise ValueError(f"{digest} is neither a manifest nor an index")
        for entry in descriptors(document):
            inner, size = entry["digest"], entry["size"]
            if not DIGEST.fullmatch(inner) or not isinstance(size, int) or size < 0:
                raise ValueError(f"a descriptor in {digest} makes no sense")
            if entry["mediaType"] in MANIFESTS:
                self.add(inner, read, depth + 1)
            else:
                self.blobs[inner] = size
        self.manifests[digest] = body


@dataclass(frozen=True)
class Layout:
    """A checked layout: tags (name, tag, digest), the tar's member of each blob, index.json's annotations."""

    tags: list[tuple[str, str, str]]
    members: dict[str, tarfile.TarInfo]
    annotations: dict[str, str]
    read: Callable[[str], bytes]

    def graph(self, digest: str) -> Graph:
        """What one tag stands for."""
        graph = Graph()
        graph.add(digest, self.read)
        return graph

    def architectures(self, graph: Graph) -> set[str]:
        """The processor architectures an image was made for, as its configurations say."""
        configs = [json.loads(body).get("config") for body in graph.manifests.values()]
        return {str(json.loads(self.read(config["digest"])).get("architecture")) for config in configs if config}


def media_type(body: bytes) -> str:
    """Return the media type of a manifest or index (its own word for it, which older OCI manifests leave out)."""
    document: dict[str, Any] = json.loads(body)
    named = document.get("mediaType")
    return named if named in MANIFESTS else INDEX if "manifests" in document else MANIFEST


def check(stream: IO[bytes], archive: tarfile.TarFile, path: Path) -> Layout:
    """Check a hub file whole; raise HubError that says what is wrong with it."""
    try:
        return _check(stream, archive)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, tarfile.TarError) as error:
        seen = f"no {error} in it" if isinstance(error, KeyError) else str(error)
        raise HubError(
            f"{path} is not a whole hub file: nothing was loaded",
            seen=seen[:300],
            next_command="get the file again; it is made by: python3 -m labsupport hub save FILE",
        ) from error


def _check(stream: IO[bytes], archive: tarfile.TarFile) -> Layout:
    members = _members(archive, stream.seek(0, 2))

    def content(name: str) -> bytes:
        member = members[name]
        if member.size > MANIFEST_LIMIT:
            raise ValueError(f"{name} is too large for what it should be ({member.size} bytes)")
        file = archive.extractfile(member)
        return file.read() if file else b""

    if json.loads(content("oci-layout"))["imageLayoutVersion"] != "1.0.0":
        raise ValueError("a layout of an unknown version")
    blobs = {f"sha256:{found[1]}": member for name, member in members.items() if (found := BLOB.fullmatch(name))}
    for digest, member in blobs.items():
        _verify(archive, member, digest)

    def read(digest: str) -> bytes:
        return content(f"blobs/sha256/{digest.removeprefix('sha256:')}")

    index = json.loads(content("index.json"))
    layout = Layout(_tags(index), blobs, dict(index.get("annotations") or {}), read)
    for _, _, digest in layout.tags:
        graph = layout.graph(digest)
        for blob, size in graph.blobs.items():
            if blobs[blob].size != size:
                raise ValueError(f"{blob} has {blobs[blob].size} bytes, its descriptor says {size}")
        layout.architectures(graph)  # every configuration can be read
    return layout


def _members(archive: tarfile.TarFile, end: int) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        name = member.name
        if member.isdir() and name in ("blobs", "blobs/sha256"):
            continue
        if not (name in ("oci-layout", "index.json") or BLOB.fullmatch(name)):
            raise ValueError(f"an entry that does not belong into a hub file: {name!r}")
        if not member.isreg() or member.issparse():
            raise ValueError(f"{name} is not a plain file")
        if name in members:
            raise ValueError(f"{name} is in it twice")
        if member.offset_data + member.size > end:
            raise ValueError(f"the file ends in the middle of {name}")
        members[name] = member
        if len(members) > ENTRIES:
            raise ValueError(f"more than {ENTRIES} entries")
    return members


def _verify(archive: tarfile.TarFile, member: tarfile.TarInfo, digest: str) -> None:
    hashed = hashlib.sha256()
    file = archive.extractfile(member)
    while file and (piece := file.read(1 << 20)):
        hashed.update(piece)
    if f"sha256:{hashed.hexdigest()}" != digest:
        raise ValueError(f"a blob is not what its name says: {digest}")


def _tags(index: dict[str, Any]) -> list[tuple[str, str, str]]:
    tags = []
    for entry in index["manifests"]:
        name, colon, tag = entry["annotations"][REFERENCE].rpartition(":")
        digest = entry["digest"]
        if not (colon and NAME.fullmatch(name) and TAG.fullmatch(tag) and DIGEST.fullmatch(digest)):
            raise ValueError(f"not an image's name and digest: {entry['annotations'][REFERENCE]!r} {digest!r}"[:200])
        tags.append((name, tag, digest))
    if not tags:
        raise ValueError("it names no image")
    return tags
