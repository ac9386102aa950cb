"""Unpack what layers and archives are compressed with, piece by piece: a small file can hold terabytes.

Engines load layers as gzip and zstd (image specification, layer.md), and whole archives also as bzip2 and xz.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

from labsupport.errors import ImageDataError
from labsupport.gunzip import gunzip
from labsupport.layers.tarstream import Source

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
_PACKED = 1 << 16  # bytes unpacked at a time: what follows the end of a gzip member is copied for each member
_PIECE = 1 << 19
_LARGEST_PIECE = 1 << 20
_MOST_AHEAD = 4  # pieces
_MOST_MEMORY = 256 << 20  # bytes that an xz stream may have for its dictionary


def compression(head: bytes) -> str:
    """What data that begin like this are compressed with: "gzip", "zstd", "bzip2", "xz"; "" when not at all."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def unpacked(source: Source, name: str, what: str) -> Iterator[bytes]:
    """The contents of a source compressed with `name`, at most 1 MiB at a time, however well it packs.

    Raises ImageDataError when the data are damaged or end too early.
    """
    try:
        yield from _UNPACKERS[name](source, what)
    except (zlib.error, lzma.LZMAError, MemoryError, EOFError) as error:
        raise ImageDataError(f"{what} is damaged {name} data.", seen=str(error)) from None


def ahead(pieces: Iterator[bytes]) -> Generator[bytes]:
    """The same pieces, made by a thread of their own while those before are worked on: zlib lets other threads run.

    Until it has ended or was closed, that thread is the only one that may use what the pieces are made from.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="unpack")
    try:
        waiting = deque(pool.submit(next, pieces, None) for _ in range(_MOST_AHEAD))
        while (piece := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, pieces, None))
            yield piece
    finally:
        pool.shutdown(cancel_futures=True)


def _gunzip(source: Source, _: str) -> Iterator[bytes]:
    yield from gunzip(_packed(source), _LARGEST_PIECE)


def _bunzip2(source: Source, what: str) -> Iterator[bytes]:
    try:
        yield from _streams(source, bz2.BZ2Decompressor)
    except OSError as error:  # what the module raises for damaged data
        raise ImageDataError(f"{what} is damaged bzip2 data.", seen=str(error)) from None


def _unxz(source: Source, _: str) -> Iterator[bytes]:
    yield from _streams(source, lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY))


def _streams(source: Source, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> Iterator[bytes]:
    """One or more compressed streams one after another, zeros between them."""
    unpack, begun = new(), False
    for data in _packed(source):
        while data or not unpack.needs_input:
            if not begun and not (data := data.lstrip(b"\0")):
                break
            begun = True
            yield unpack.decompress(data, _LARGEST_PIECE)
            data = b""
            if unpack.eof:
                data = unpack.unused_data
                unpack, begun = new(), False
    if begun:
        raise EOFError("it ends too early")


def _unzstd(source: Source, what: str) -> Iterator[bytes]:
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        raise ImageDataError(
            f"{what} is compressed with zstd, which this Python cannot read.",
            next_command="python3 -m labsupport start",
        ) from None
    # not decompressobj(): it gives all that a piece of input holds at once, and 4 bytes can hold 128 KiB
    unpack = zstandard.ZstdDecompressor().stream_reader(_Reader(source), read_size=_PACKED, read_across_frames=True)
    try:
        while piece := unpack.read(_PIECE):
            yield piece
    except zstandard.ZstdError as error:
        raise ImageDataError(f"{what} is damaged zstd data.", seen=str(error)) from None


_UNPACKERS = {"gzip": _gunzip, "bzip2": _bunzip2, "xz": _unxz, "zstd": _unzstd}


def _packed(source: Source) -> Iterator[bytes]:
    while source.more():
        yield bytes(source.some(_PACKED))


class _Reader:
    """A source as the file that a decompressor reads from."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        return bytes(self._source.some(size)) if self._source.more() else b""
