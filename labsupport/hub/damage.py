"""Find what is damaged in the hub's storage (a bad disk, a power cut, a hand in it), and make room for it anew.

A registry serves what lies under a digest's name without looking, and keeps it when the same is pushed again: neither a
pull nor a push shows or mends the damage. So the bytes are compared with the digest here, and wrong ones are removed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

from labsupport.errors import HubError
from labsupport.hub.layout import Graph
from labsupport.hub.registry import Registry

# distribution's file system driver: registry/storage/paths.go, "blobDataPathSpec"
_BLOBS = "hub/data/docker/registry/v2/blobs/sha256"


def find(registry: Registry, images: Iterable[tuple[str, str]]) -> set[str]:
    """The digests that these images (name, digest) are made of and for which the registry has other bytes, or none."""
    wrong: set[str] = set()
    whole: set[str] = set()
    for name, digest in images:
        for each in _parts(registry, name, digest, wrong):
            if each not in whole | wrong:
                (whole if is_whole(registry, name, each) else wrong).add(each)
    return wrong


def _parts(registry: Registry, name: str, digest: str, wrong: set[str]) -> list[str]:
    """The blobs of an image; a manifest that is not what its digest says is noted among the wrong ones."""

    def read(each: str) -> bytes:
        body = b""
        with contextlib.suppress(HubError):
            body = registry.manifest_bytes(name, each)
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != each:
            wrong.add(each)
            raise ValueError(each)
        return body

    graph = Graph()
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        graph.add(digest, read)
    return list(graph.blobs)


def is_whole(registry: Registry, name: str, digest: str) -> bool:
    """Whether the registry has a blob, and its bytes are what its digest says."""
    hashed = hashlib.sha256()
    try:
        for piece in registry.read_blob(name, digest):
            hashed.update(piece)
    except HubError:
        return False
    return f"sha256:{hashed.hexdigest()}" == digest


def remove(directory: Path, digests: Iterable[str]) -> None:
    """Remove these from the storage in a sandbox's folder, so that they can be pushed anew.

    Raises HubError where the storage lies in a volume of another engine, and not there.
    """
    for digest in digests:
        hexadecimal = digest.removeprefix("sha256:")
        file = directory / _BLOBS / hexadecimal[:2] / hexadecimal / "data"
        if not (directory / _BLOBS).is_dir():
            raise HubError(
                "the hub is damaged, and its storage cannot be reached from here to mend it",
                seen=f"{digest} is not what its digest says",
                next_command="python3 -m labsupport stop --purge && python3 -m labsupport start",
            )
        file.unlink(missing_ok=True)
