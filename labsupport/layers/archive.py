"""Images in an archive or a folder: what `docker save` writes (before and since Engine 25), and OCI image layouts.

Read once, front to back, in memory bounded by the number of entries; nothing is unpacked. Every digest that
names a
blob is checked (image specification, image-layout.md, descriptor.md), and every layer against its diff_id.
"""

from __future__ import annotations

import importlib
import posixpath
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labsupport.errors import ImageDataError
from labsupport.gunzip import gunzip
from labsupport.layers.digests import Digester
from labsupport.layers.layerfiles import LayerFiles, clean, layer_files
from labsupport.layers.tarstream import BLOCK, Entry, Source, entries

Progress = Callable[[int], None]
"""Called with the bytes read so far. May raise to cancel."""

_JSON_LIMIT = 16 << 20  # bytes of one document
_ALL_JSON_LIMIT = 128 << 20  # bytes of all of them: they stay in memory
_PIECE = 1 << 19
_PACKED = 1 << 16  # bytes unpacked at a time: what follows the end of a gzip member is copied for each member


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may cost: entries of all layers together, and bytes after decompression."""

    entries: int = 5_000_000
    unpacked: int = 1 << 40


@dataclass(slots=True)
class Blob:
    """One member that holds a layer. stored: its bytes in the archive; digest: of these; diff_id: of the tar
    itself.
    """

    files: LayerFiles
    digest: str
    diff_id: str
    stored: int


@dataclass(slots=True)
class Contents:
    """What an archive held, before it is put together: JSON documents and layers by path, links between paths.

    parsed: bytes of the documents that were parsed so far, repeated ones again.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    parsed: int = 0

    def resolve(self, path: str) -> str:
        """Follow links inside the archive; ImageDataError for a circle."""
        for _ in range(40):
            if path not in self.links:
                return path
            path = self.links[path]
        raise ImageDataError("The archive's links lead in a circle.", seen=path)


def read_contents(
    pieces: Iterable[bytes], *, progress: Progress | None = None, limits: Limits | None = None
) -> Contents:
    """Read an archive's bytes. Raises ImageDataError for what is truncated, damaged, hostile, or misnamed."""
    with Digester() as digester:
        return _Collector(limits or Limits(), progress, digester).archive(pieces)


def read_folder(root: Path, *, progress: Progress | None = None, limits: Limits | None = None) -> Contents:
    """Read an image layout that is a folder. Raises as read_contents does."""
    with Digester() as digester:
        return _Collector(limits or Limits(), progress, digester).folder(root)


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file's bytes, in pieces."""
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


class _Collector:
    def __init__(self, limits: Limits, progress: Progress | None, digester: Digester) -> None:
        self.found = Contents()
        self._digester = digester
        self._limits = limits
        self._entries = 0
        self._unpacked = 0
        self._json = 0
        self._progress = progress

    def archive(self, pieces: Iterable[bytes]) -> Contents:
        source = Source(self._counted(pieces), "The archive")
        head = source.head(BLOCK)
        if head[:2] == b"\x1f\x8b":
            source = Source(self._gunzip(source, "The archive"), "The archive")
        for entry in entries(source, self._member, limit=self._limits.entries):
            if entry.kind in "12" and entry.link:
                path = clean(entry.name)
                base = posixpath.dirname(path) if entry.kind == "2" else ""
                target = posixpath.normpath(posixpath.join(base, entry.link))
                if target.startswith(("/", "..")):
                    raise ImageDataError("The archive links to a place outside itself.", seen=repr(entry.link))
                self.found.links[path] = target
        return self.found

    def folder(self, root: Path) -> Contents:
        """An image layout that is a folder. Links are not followed: a layout has none."""
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(root).as_posix()
                entry = Entry(name, "0", 0, 0, 0, path.stat().st_size, 0, "", path.stat().st_size)
                self._member(entry, (memoryview(piece) for piece in self._counted(pieces_of(path))))
        return self.found

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        done = 0
        for piece in pieces:
            done += len(piece)
            yield piece
            if self._progress is not None:
                self._progress(done)

    def _member(self, entry: Entry, pieces: Iterator[memoryview]) -> str:
        path = clean(entry.name)
        if entry.kind != "0":
            return ""
        stored = self._digester.sha256()
        source = Source(pieces, f"{path} in the archive")
        source.observe = stored.update
        head = source.head(BLOCK)
        if head[:1] in (b"{", b"["):
            if entry.stored > _JSON_LIMIT:
                raise ImageDataError(f"{path} is too large for a JSON document.", seen=f"{entry.stored:,} bytes")
            self._json += entry.stored
            if self._json > _ALL_JSON_LIMIT:
                raise ImageDataError("The archive has too many JSON documents.", seen=f"{self._json:,} bytes of them")
            self.found.documents[path] = source.exactly(entry.stored)
        elif _is_layer(head):
            self.found.blobs[path] = self._layer(source, head, path, entry, stored.hexdigest)
        source.drain()
        digest = stored.hexdigest()
        if path.startswith("blobs/sha256/") and path != f"blobs/sha256/{digest}":
            raise ImageDataError(f"{path} does not have the digest it is named by.", seen=f"sha256:{digest}")
        return digest

    def _layer(self, source: Source, head: bytes, path: str, entry: Entry, stored: Callable[[], str]) -> Blob:
        inner, opened = source, None
        if head[:2] == b"\x1f\x8b":
            inner = Source(self._gunzip(source, path), f"{path} in the archive")
        elif head[:4] == b"\x28\xb5\x2f\xfd":
            inner = Source(self._unzstd(source, path), f"{path} in the archive")
        if inner is not source:
            opened = self._digester.sha256()
            inner.observe = opened.update
        files = layer_files(self._limited(entries(inner, limit=self._limits.entries)))
        inner.drain()
        source.drain()
        digest = "sha256:" + stored()
        return Blob(files, digest, digest if opened is None else "sha256:" + opened.hexdigest(), entry.stored)

    def _limited(self, found: Iterable[Entry]) -> Iterator[Entry]:
        for entry in found:
            self._entries += 1
            if self._entries > self._limits.entries:
                raise ImageDataError("The archive has too many entries.", seen=f"more than {self._limits.entries:,}")
            yield entry

    def _spend(self, piece: bytes) -> bytes:
        self._unpacked += len(piece)
        if self._unpacked > self._limits.unpacked:
            raise ImageDataError("The archive unpacks to more than is allowed.", seen=f"{self._unpacked:,} bytes")
        return piece

    def _gunzip(self, source: Source, what: str) -> Iterator[bytes]:
        """At most 1 MiB at a time, however well it packs."""
        try:
            for part in gunzip(_packed(source), 1 << 20):
                yield self._spend(part)
        except zlib.error as error:
            raise ImageDataError(f"{what} is damaged gzip data.", seen=str(error)) from None

    def _unzstd(self, source: Source, what: str) -> Iterator[bytes]:
        try:
            zstandard = importlib.import_module("zstandard")
        except ImportError:
            raise ImageDataError(
                f"{what} is compressed with zstd, which this Python cannot read.",
                next_command="python3 -m pip install zstandard",
            ) from None
        # not decompressobj(): it gives all that a piece of input holds at once, and 4 bytes can hold 128 KiB
        unpack = zstandard.ZstdDecompressor().stream_reader(_Reader(source), read_size=_PACKED, read_across_frames=True)
        try:
            while piece := unpack.read(_PIECE):
                yield self._spend(piece)
        except zstandard.ZstdError as error:
            raise ImageDataError(f"{what} is damaged zstd data.", seen=str(error)) from None


def _packed(source: Source) -> Iterator[bytes | memoryview]:
    while source.more():
        yield source.some(_PACKED)


class _Reader:
    """A source as the file that a decompressor reads from."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, size: int) -> bytes:
        return bytes(self._source.some(size)) if self._source.more() else b""


def _is_layer(head: bytes) -> bool:
    if head[:2] == b"\x1f\x8b" or head[:4] == b"\x28\xb5\x2f\xfd":
        return True
    # POSIX and GNU archives say "ustar"; the empty archive is zeros; older ones have a checksum that fits.
    return len(head) == BLOCK and (head[257:262] == b"ustar" or not any(head) or _checksum_fits(head))


def _checksum_fits(head: bytes) -> bool:
    field_ = head[148:156].strip(b"\0 ")
    return (
        field_.isdigit()
        and all(digit < 56 for digit in field_)
        and (sum(head) - sum(head[148:156]) + 256 == int(field_, 8))
    )
