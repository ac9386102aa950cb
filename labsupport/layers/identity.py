"""The names a layer has: diff_id, chain_id, blob digest (OCI image specification, config.md, "Layer DiffID" and
"Layer ChainID").

- diff_id: digest of the uncompressed layer archive. Names the *content* of one layer.
- chain_id: digest over the diff_ids from the bottom up to a layer. Names a layer *on its parents*: the unit of
storage.
- blob digest: digest of the archive as a registry keeps it, often compressed. The unit of transfer.

An image id is none of these: the digest of the config with graph drivers, of the manifest or index with the
containerd image store. It never serves as a layer's name here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

EMPTY_ARCHIVE = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""The diff_id of 1,024 zero bytes, an archive with nothing in it: what BuildKit makes of `RUN true`."""

_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")


@lru_cache(maxsize=1 << 14)
def is_digest(text: object) -> bool:
    """Whether text has the form `algorithm:encoded` (image specification, descriptor.md); sha256 and sha512 by
    length too.
    """
    if not isinstance(text, str) or not _DIGEST.fullmatch(text):
        return False
    algorithm, _, encoded = text.partition(":")
    length = {"sha256": 64, "sha512": 128}.get(algorithm)
    return length is None or bool(re.fullmatch(rf"[0-9a-f]{{{length}}}", encoded))


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """The chain_id of every layer, bottom first: the first is its diff_id, then sha256(parent's chain_id + " "
    + diff_id).
    """
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(_on(chain[-1], diff_id) if chain else diff_id)
    return tuple(chain)


@lru_cache(maxsize=1 << 14)
def _on(parent: str, diff_id: str) -> str:
    return "sha256:" + hashlib.sha256(f"{parent} {diff_id}".encode()).hexdigest()


def short(digest: str, length: int = 12) -> str:
    """The first hexadecimal digits of a digest, without its algorithm, as `docker images` shows ids."""
    return digest.rpartition(":")[2][:length]
