"""Images in an archive or a folder: what `docker save` writes (before and since Engine 25), and OCI image layouts.

Read once, front to back, in memory bounded by the number of entries; nothing is written. Every digest that names a
blob is checked (image specification, image-layout.md, descriptor.md), and every layer against its diff_id.
A member that cannot be read (a foreign format, a wrong digest) takes along only the images that need it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from labsupport.errors import ImageDataError
from labsupport.layers.compression import ahead, compression, unpacked
from labsupport.layers.digests import Digester
from labsupport.layers.layerfiles import LayerFiles, clean, layer_files
from labsupport.layers.tarstream import BLOCK, Entry, Source, entries

Progress = Callable[[int], None]
"""Called with the bytes read so far. May raise to cancel."""

_JSON_LIMIT = 16 << 20  # bytes of one document
_ALL_JSON_LIMIT = 128 << 20  # bytes of all of them: they stay in memory
_PIECE = 1 << 19
_WORTH_A_THREAD = 1 << 18  # bytes of a compressed layer


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

    bad: why a member cannot be used; it takes along only the images that need it. parsed: bytes of the documents
    that were parsed so far, repeated ones again.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    bad: dict[str, ImageDataError] = field(default_factory=dict)
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
    """Read an archive's bytes. Raises ImageDataError when the archive itself is truncated, damaged or hostile; what is
    wrong with one member stands in `bad`.
    """
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
        self._over = False  # what was raised is about the archive, or the caller's wish to stop: not about a member

    def archive(self, pieces: Iterable[bytes]) -> Contents:
        what = "The archive"
        source = Source(self._counted(pieces), what)
        if name := compression(source.head(BLOCK)):
            source = Source(self._spent(unpacked(source, name, what)), what)
        for entry in entries(source, self._member, limit=self._limits.entries):
            if entry.kind in "12" and entry.link:
                self._link(clean(entry.name), entry)
            elif entry.kind == "0" and not entry.stored:
                self._member(entry, iter(()))
        return self.found

    def folder(self, root: Path) -> Contents:
        """An image layout that is a folder. Links are not followed: a layout has none."""
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(root).as_posix()
                try:
                    entry = Entry(name, "0", 0, 0, 0, path.stat().st_size, 0, "", path.stat().st_size)
                    self._member(entry, (memoryview(piece) for piece in self._counted(pieces_of(path))))
                except OSError as error:
                    self._over = False
                    self.found.bad[name] = ImageDataError(f"{path} cannot be read.", seen=error.strerror or str(error))
        return self.found

    def _link(self, path: str, entry: Entry) -> None:
        base = posixpath.dirname(path) if entry.kind == "2" else ""
        target = posixpath.normpath(posixpath.join(base, entry.link))
        if target.startswith(("/", "..")):
            self.found.bad[path] = ImageDataError("The archive links to a place outside itself.", seen=repr(entry.link))
        else:
            self.found.links[path] = target

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        done = 0
        for piece in pieces:
            done += len(piece)
            yield piece
            if self._progress is not None:
                self._progress(done)

    def _outer(self, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        try:
            yield from pieces
        except Exception:
            self._over = True
            raise

    def _member(self, entry: Entry, pieces: Iterator[memoryview]) -> str:
        if entry.kind != "0":
            return ""
        path = clean(entry.name)
        try:
            return self._take(path, entry, self._outer(pieces))
        except ImageDataError as error:
            if self._over:
                raise
            self.found.bad[path] = error
            self.found.documents.pop(path, None)
            self.found.blobs.pop(path, None)
            return ""

    def _take(self, path: str, entry: Entry, pieces: Iterator[memoryview]) -> str:
        stored = self._digester.sha256()
        source = Source(pieces, f"{path} in the archive")
        source.observe = stored.update
        head = source.head(BLOCK)
        if _is_layer(head):
            self.found.blobs[path] = self._layer(source, head, path, entry, stored.hexdigest)
        elif head[:1] in (b"{", b"["):
            if entry.stored > _JSON_LIMIT:
                raise ImageDataError(f"{path} is too large for a JSON document.", seen=f"{entry.stored:,} bytes")
            self._json += entry.stored
            if self._json > _ALL_JSON_LIMIT:
                self._refuse("The archive has too many JSON documents.", f"{self._json:,} bytes of them")
            self.found.documents[path] = source.exactly(entry.stored)
        source.drain()
        digest = stored.hexdigest()
        if path.startswith("blobs/sha256/") and path != f"blobs/sha256/{digest}":
            raise ImageDataError(f"{path} does not have the digest it is named by.", seen=f"sha256:{digest}")
        return digest

    def _layer(self, source: Source, head: bytes, path: str, entry: Entry, stored: Callable[[], str]) -> Blob:
        inner, opened = source, None
        with ExitStack() as ending:
            if name := compression(head):
                what = f"{path} in the archive"
                pieces = unpacked(source, name, what)
                if entry.stored > _WORTH_A_THREAD:
                    pieces = ending.enter_context(closing(ahead(pieces)))
                inner, opened = Source(self._spent(pieces), what), self._digester.sha256()
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
                self._refuse("The archive has too many entries.", f"more than {self._limits.entries:,}")
            yield entry

    def _spent(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > self._limits.unpacked:
                self._refuse("The archive unpacks to more than is allowed.", f"{self._unpacked:,} bytes")
            yield piece

    def _refuse(self, message: str, seen: str) -> NoReturn:
        self._over = True
        raise ImageDataError(message, seen=seen)


def _is_layer(head: bytes) -> bool:
    # An empty one is no tar archive by the letter, but engines load it as a layer without files.
    if not head or compression(head):
        return True
    if head[:1] in (b"{", b"["):  # a document, or a layer that begins with a file of such a name
        return len(head) == BLOCK and _checksum_fits(head)
    # POSIX and GNU archives say "ustar"; the empty archive is zeros; older ones have a checksum that fits.
    return len(head) == BLOCK and (head[257:262] == b"ustar" or not any(head) or _checksum_fits(head))


def _checksum_fits(head: bytes) -> bool:
    field_ = head[148:156].strip(b"\0 ")
    return (
        field_.isdigit()
        and all(digit < 56 for digit in field_)
        and (sum(head) - sum(head[148:156]) + 256 == int(field_, 8))
    )
