"""Unpack gzip data piece by piece (RFC 1952): a small file can hold terabytes, and its reader says when to stop."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator


def gunzip(
    pieces: Iterable[bytes | memoryview], most: int, member: Callable[[], object] = lambda: None
) -> Iterator[bytes]:
    """The contents, also of several members one after another, in parts of `most` bytes at most.

    member: called before each member is unpacked. Nothing is unpacked before the part before it was taken. Raises
    zlib.error when the data are damaged or end too early.
    """
    unpack, begun = zlib.decompressobj(wbits=31), False
    for data in pieces:
        while data:
            if not begun:
                data = bytes(data).lstrip(b"\0")  # padding between members, and after the last
                if not data:
                    break
                member()
            begun = True
            yield unpack.decompress(data, most)
            data = unpack.unconsumed_tail
            if unpack.eof:
                data = unpack.unused_data
                unpack, begun = zlib.decompressobj(wbits=31), False
    if begun:
        raise zlib.error("it ends too early")
