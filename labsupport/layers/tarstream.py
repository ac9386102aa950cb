"""Tar archives read front to back from pieces of bytes, in bounded memory, writing nothing.

Image layers are POSIX tar archives (image specification, layer.md): POSIX.1-2008 pax(1), "ustar Interchange
Format" and "pax Header Block", and GNU tar's extensions for long names, large numbers and sparse files. The standard
library's tarfile reads them too, at several times the cost per entry, and a 20,000-entry image is the usual case.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from labsupport.errors import ImageDataError

BLOCK = 512
_LARGEST_HEADER = 1 << 20  # bytes of an entry's extended headers, and of the global ones: names and attributes
_ZEROS = bytes(BLOCK)
# Modes, owners, times, checksums: an archive has few different ones, and reading them is most of an empty file's cost.
_NUMBERS: dict[bytes, int] = {}
_OWNERS: dict[bytes, tuple[int, int, int]] = {}
_SUMS: dict[bytes, int] = {}
_MOST_NUMBERS = 1 << 14


class Source:
    """Reads exact amounts from pieces of bytes, and hands what it read to a digest."""

    def __init__(self, pieces: Iterable[bytes | memoryview], what: str) -> None:
        self._pieces = iter(pieces)
        self._buffer = memoryview(b"")
        self.what = what
        self.position = 0
        self.observe: Callable[[memoryview], object] | None = None

    def more(self) -> bool:
        """Whether there is at least one more byte."""
        while not self._buffer:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._buffer = memoryview(piece)
            if self.observe is not None and piece:
                self.observe(self._buffer)
        return True

    def head(self, count: int) -> bytes:
        """The next count bytes, or fewer at the end, without taking them."""
        while self.more() and len(self._buffer) < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            if self.observe is not None and piece:
                self.observe(memoryview(piece))
            self._buffer = memoryview(bytes(self._buffer) + bytes(piece))
        return bytes(self._buffer[:count])

    def some(self, limit: int) -> memoryview:
        """At most limit bytes, at least one; raises at the end of the data."""
        if not self.more():
            raise ImageDataError(f"{self.what} ends too early.", seen=f"{self.position} bytes, more were announced")
        taken, self._buffer = self._buffer[:limit], self._buffer[limit:]
        self.position += len(taken)
        return taken

    def exactly(self, count: int) -> bytes:
        """Exactly count bytes, for small counts."""
        buffer = self._buffer
        if len(buffer) >= count > 0:  # nearly always: a header lies within one piece
            self._buffer = buffer[count:]
            self.position += count
            return bytes(buffer[:count])
        taken = self.some(count)
        if len(taken) == count:
            return bytes(taken)
        parts = [taken]
        missing = count - len(taken)
        while missing:
            taken = self.some(missing)
            parts.append(taken)
            missing -= len(taken)
        return b"".join(parts)

    def through(self, count: int) -> Iterator[memoryview]:
        """The next count bytes in pieces."""
        while count:
            taken = self.some(count)
            count -= len(taken)
            yield taken

    def skip(self, count: int) -> None:
        for _ in self.through(count):
            pass

    def drain(self) -> None:
        """Read to the end, so that a digest covers every byte."""
        while self.more():
            self.some(len(self._buffer))


@dataclass(slots=True)
class Entry:
    """One entry. kind is the type flag as text: "0" file, "1" hard link, "2" symlink, "5" directory ...

    size: bytes the file has once unpacked; stored: bytes in the archive (fewer for a sparse file).
    digest: of the contents, "" for what has none. xattrs: names and values as PAX records carry them.
    """

    name: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float
    link: str = ""
    stored: int = 0
    digest: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, str], ...] = ()


# Kinds without contents, whatever their size field says; Go's archive/tar, which the engine uses, holds the same.
_HEADER_ONLY = frozenset("123456")


Contents = Callable[[Entry, Iterator[memoryview]], str]
"""Takes an entry's contents, all or not, and returns what becomes the entry's digest."""


def hashed(entry: Entry, pieces: Iterator[memoryview]) -> str:
    """SHA-1 of a file's contents: to tell equal from changed, no more."""
    digest = hashlib.sha1(usedforsecurity=False)
    if entry.kind == "0":
        for piece in pieces:
            digest.update(piece)
    return digest.hexdigest()


def entries(source: Source, contents: Contents = hashed, *, limit: int = 5_000_000) -> Iterator[Entry]:
    """Every entry in order; those with contents are yielded after `contents` had them.

    Raises ImageDataError when the archive is truncated, a header is damaged, or there are more entries than limit.
    """
    shared: dict[str, str] = {}
    shared_size = 0
    for _ in range(limit):
        own: dict[str, str] = {}
        own_size = 0
        while True:
            if not source.more():
                if own:
                    raise ImageDataError(f"{source.what} ends after an extended header.")
                return
            block = source.exactly(BLOCK)
            if block == _ZEROS:
                source.drain()  # two zero blocks end an archive; whatever follows is padding
                return
            entry = _header(block, source)
            if entry.kind not in "xgLK":
                break
            # an empty one costs its block, so that headers without an end are too many some time
            if entry.kind == "g":
                shared_size += BLOCK + entry.size
            else:
                own_size += BLOCK + entry.size
            if max(shared_size, own_size) > _LARGEST_HEADER + BLOCK:
                raise ImageDataError(
                    f"{source.what} has extended headers of absurd size.", seen=f"{entry.size:,} bytes"
                )
            _extended(entry, source, shared if entry.kind == "g" else own)
        if shared or own:
            _apply(entry, {**shared, **own}, source)
        if entry.kind == "S":
            _old_sparse(entry, block, source)
        if entry.kind in "\x007S":
            entry.kind = "5" if entry.kind == "\0" and entry.name.endswith("/") else "0"
        if entry.kind in _HEADER_ONLY:
            entry.size = entry.stored = 0
        elif entry.stored:
            pieces = source.through(entry.stored)
            entry.digest = contents(entry, pieces)
            for _ in pieces:  # what the callback left
                pass
            source.skip(-entry.stored % BLOCK)
        yield entry
    if source.more():
        raise ImageDataError(f"{source.what} has too many entries.", seen=f"more than {limit:,}")


def _header(block: bytes, source: Source) -> Entry:
    field = block[148:156]
    # The low half of Adler-32 is 1 + the sum of all bytes, modulo 65521, at a tenth of sum()'s time (RFC 1950, 8.2).
    if zlib.adler32(block) & 0xFFFF != _SUMS.get(field):
        _check_sum(block, field, source)
    name = _text(block[:100])
    # GNU archives ("ustar  ") keep times where POSIX ones keep the name's first part.
    if block[345] and block[257:263] == b"ustar\0":
        name = f"{_text(block[345:500])}/{name}"
    kind = chr(block[156])
    size = _number(block[124:136], source)
    if size < 0:
        raise ImageDataError(f"{source.what} has an entry of negative size.", seen=f"{name!r}: {size}")
    mode, uid, gid = _OWNERS.get(block[100:124]) or _owner(block[100:124], source)
    link = _text(block[157:257]) if block[157] else ""
    entry = Entry(name, kind, mode, uid, gid, size, _number(block[136:148], source), link, size)
    if kind in "34":
        entry.device = (_number(block[329:337], source), _number(block[337:345], source))
    return entry


def _check_sum(block: bytes, field: bytes, source: Source) -> None:
    """Check a header's sum of bytes as it is recorded; some old archives have it of signed bytes."""
    recorded = _number(field, source)
    if sum(block) - sum(field) + 256 != recorded:
        signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + b" " * 8 + block[156:])
        if signed != recorded:
            raise ImageDataError(f"{source.what} has a damaged header.", seen=f"at byte {source.position - BLOCK}")
    elif len(_SUMS) < _MOST_NUMBERS:
        _SUMS[field] = zlib.adler32(block) & 0xFFFF


def _owner(raw: bytes, source: Source) -> tuple[int, int, int]:
    """Mode, user and group of a header."""
    found = (_number(raw[:8], source) & 0o7777, _number(raw[8:16], source), _number(raw[16:], source))
    if len(_OWNERS) < _MOST_NUMBERS:
        _OWNERS[raw] = found
    return found


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _number(raw: bytes, source: Source) -> int:
    known = _NUMBERS.get(raw)
    if known is None:
        known = _parsed(raw, source)
        if len(_NUMBERS) < _MOST_NUMBERS:
            _NUMBERS[raw] = known
    return known


def _parsed(raw: bytes, source: Source) -> int:
    if raw[0] & 0x80:
        # GNU's base-256: the first bit set, the rest a big-endian two's complement number.
        value = int.from_bytes(raw, "big") & ~(0x80 << 8 * (len(raw) - 1))
        return value - (1 << 8 * len(raw)) if raw[0] == 0xFF else value
    try:
        return int(raw.split(b"\0", 1)[0].strip() or b"0", 8)
    except ValueError:
        raise ImageDataError(
            f"{source.what} has a damaged header.", seen=f"{raw!r} for a number, at byte {source.position - BLOCK}"
        ) from None


def _extended(entry: Entry, source: Source, records: dict[str, str]) -> None:
    body = source.exactly(entry.size) if entry.size else b""
    source.skip(-entry.size % BLOCK)
    if entry.kind in "LK":
        records["path" if entry.kind == "L" else "linkpath"] = _text(body)
        return
    start = 0
    while start < len(body):
        space = body.find(b" ", start, start + 12)
        length = int(body[start:space]) if space > start and body[start:space].isdigit() else 0
        record = body[space + 1 : start + length]
        key, equals, value = record.partition(b"=")
        if start + length > len(body) or not record.endswith(b"\n") or not equals:
            raise ImageDataError(f"{source.what} has a damaged extended header.", seen=repr(body[start : start + 40]))
        records[key.decode("utf-8", "surrogateescape")] = value[:-1].decode("utf-8", "surrogateescape")
        start += length


def _apply(entry: Entry, records: Mapping[str, str], source: Source) -> None:
    try:
        entry.name = records.get("GNU.sparse.name") or records.get("path") or entry.name
        entry.link = records.get("linkpath") or entry.link
        if "size" in records:
            entry.size = entry.stored = int(records["size"])
        entry.size = int(records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size") or entry.size)
        entry.uid = int(records.get("uid") or entry.uid)
        entry.gid = int(records.get("gid") or entry.gid)
        entry.mtime = float(records.get("mtime") or entry.mtime)
    except ValueError as error:
        raise ImageDataError(f"{source.what} has a damaged extended header.", seen=str(error)) from None
    if entry.size < 0 or entry.stored < 0:
        raise ImageDataError(f"{source.what} has an entry of negative size.", seen=f"{entry.name!r}: {entry.size}")
    prefix = "SCHILY.xattr."
    found = [(key[len(prefix) :], value) for key, value in records.items() if key.startswith(prefix)]
    if found:
        entry.xattrs = tuple(sorted(found))


def _old_sparse(entry: Entry, block: bytes, source: Source) -> None:
    """GNU's old sparse form: the true size at byte 483, more maps in the blocks that follow while byte 482 says
    so.
    """
    entry.size = _number(block[483:495], source)
    more = block[482]
    while more:
        more = source.exactly(BLOCK)[504]
