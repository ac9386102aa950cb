"""Read files that somebody else wrote, and may have written to do harm: in pieces, up to a limit, and no links.

A check reads what a learner has made, perhaps on the teacher's computer. A small gzip file can hold terabytes, a
layout can have a pipe or a link where a blob should be, a text can nest deeper than Python may recurse.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from labsupport.errors import ImageDataError
from labsupport.gunzip import gunzip

PIECE = 1 << 16  # bytes read, and twice as many at most unpacked, at a time
LARGEST_DOCUMENT = 4 << 20  # bytes; what registries take as a manifest at least (distribution specification)
LARGEST = 1 << 30  # bytes, read and unpacked together: the images of the course have a few million
MEMBER = 4096  # bytes that each member of a gzip file counts as: an empty one costs time, too


class Budget:
    """How many bytes may still be read or unpacked."""

    def __init__(self, limit: int = LARGEST) -> None:
        self._limit = self._left = limit

    def spend(self, count: int) -> None:
        """Take bytes off. Raises ImageDataError when there are none left."""
        self._left -= count
        if self._left < 0:
            raise ImageDataError(f"too much to look at: more than {self._limit:,} bytes, unpacked ones included")

    def metered(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, each of them paid for."""
        for piece in pieces:
            self.spend(len(piece))
            yield piece


def printable(text: str) -> str:
    """The text with what would move a terminal's cursor, or could not be written as UTF-8, as an escape."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def opened(path: Path, top: Path) -> BinaryIO:
    """A regular file below the folder top, open for reading.

    Raises OSError when there is none: no such file, a link, a pipe or a device, or a folder on the way leads out.
    """
    if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(top)):
        raise OSError(f"{path} is not below {top}")
    # without O_NONBLOCK, open() of a pipe waits for somebody to write
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no regular file")
    return os.fdopen(descriptor, "rb")


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a file, in pieces."""
    while piece := file.read(PIECE):
        yield piece


class Joined:
    """Pieces of bytes, of any size, as a file that is read front to back."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def read(self, size: int) -> bytes:
        """The next size bytes, fewer at the end."""
        found, missing = [], size
        while missing:
            if not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._left = piece
            found.append(self._left[:missing])
            self._left = self._left[missing:]
            missing -= len(found[-1])
        return b"".join(found)


def document(path: Path, top: Path, budget: Budget | None = None) -> Any:
    """The JSON in a file below top; None when there is none. Raises ImageDataError for one too large."""
    budget = budget or Budget()
    try:
        with opened(path, top) as file:
            text = file.read(LARGEST_DOCUMENT + 1)
    except OSError:
        return None
    if len(text) > LARGEST_DOCUMENT:
        raise ImageDataError(f"{path.name[:20]} is too large for a JSON document: more than {LARGEST_DOCUMENT:,} bytes")
    budget.spend(len(text))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def inflated(pieces: Iterable[bytes], budget: Budget) -> Iterator[bytes]:
    """The contents of a gzip file (RFC 1952), also of several members, paid from the budget before more is unpacked.

    Raises zlib.error when it is damaged or ends too early.
    """
    for part in gunzip(pieces, 2 * PIECE, member=lambda: budget.spend(MEMBER)):
        budget.spend(len(part))
        yield part
