"""What was read of layers, kept on disk by diff_id: a layer never changes, so a second look costs next to nothing.

One file a layer, written beside its place and renamed: whoever reads sees a whole one or none, and any number of
notebooks share the folder. It may be deleted at any time. Only what was checked against its diff_id comes in. Columns
instead of objects, as 400,000 entries are read back in a second; no pickle, as nothing in a file may be run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import zlib
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labsupport.layers.identity import is_digest
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.tarstream import Entry

_FORMAT = f"course-layer 1 {sys.byteorder}\n".encode()
_LIMIT = 256 << 20  # bytes of all files
_LEVEL = 1  # of zlib: reading is what has to be fast
_INTEGERS = ("mode", "uid", "gid", "size", "stored")
_DIGEST = 20  # bytes of SHA-1


class LayerCache:
    """The layers kept in a folder. Whatever fails (a full disk, no right to write) is as if nothing were kept."""

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self.folder = folder
        self._limit = limit
        self._room = 0  # bytes that may be written before the folder is looked through again

    def get(self, diff_id: str) -> LayerFiles | None:
        """The layer's files, None when they are not kept, or not readable."""
        raw = self._read(diff_id)
        try:
            return None if raw is None else _unpacked(raw)
        except (ValueError, KeyError, IndexError, TypeError, EOFError, zlib.error):
            self._forget(diff_id)
            return None

    def put(self, diff_id: str, files: LayerFiles) -> None:
        """Keep a layer's files that were read from what has this diff_id."""
        with contextlib.suppress(OverflowError):  # a number no file system has
            self._write(diff_id, _packed(files))

    def flags(self, image_id: str) -> tuple[bool, ...] | None:
        """Which rows of an image's history made no layer, as its configuration says; None when it is not kept."""
        raw = self._read(image_id)
        if raw is None or set(raw) - set(b"01"):
            return None
        return tuple(flag == ord("1") for flag in raw)

    def put_flags(self, image_id: str, flags: Sequence[bool]) -> None:
        """Keep which rows of an image's history made no layer."""
        self._write(image_id, b"".join(b"1" if flag else b"0" for flag in flags))

    def _place(self, digest: str) -> Path | None:
        return self.folder / digest.replace(":", "-") if is_digest(digest) else None

    def _read(self, digest: str) -> bytes | None:
        place = self._place(digest)
        if place is None:
            return None
        try:
            raw = place.read_bytes()
            os.utime(place)  # what was looked at last is removed last
        except OSError:
            return None
        return raw[len(_FORMAT) :] if raw.startswith(_FORMAT) else None

    def _write(self, digest: str, raw: bytes) -> None:
        place = self._place(digest)
        if place is None or len(raw) > self._limit // 2:
            return
        part = place.with_name(f"{place.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(_FORMAT + raw)
            part.replace(place)
            self._room -= len(_FORMAT) + len(raw)
            if self._room <= 0:
                self._shrink()
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _forget(self, digest: str) -> None:
        place = self._place(digest)
        with contextlib.suppress(OSError):
            if place is not None:
                place.unlink(missing_ok=True)

    def _shrink(self) -> None:
        """Remove what was looked at longest ago, until a tenth is free; and say how much of the room may be written.

        Looked through after every one, a folder of 5,000 layers took longer than all of their export. A quarter of what
        is free, as other notebooks write, too.
        """
        kept = []
        with os.scandir(self.folder) as there:
            for entry in there:
                if not entry.name.startswith("."):  # the mark of who made the folder
                    with contextlib.suppress(OSError):
                        known = entry.stat()
                        kept.append((known.st_mtime, known.st_size, entry.path))
        total = sum(size for _, size, _ in kept)
        if total > self._limit:
            for _, size, path in sorted(kept):
                with contextlib.suppress(OSError):
                    Path(path).unlink()
                    total -= size
                if total <= self._limit * 9 // 10:
                    break
        self._room = (self._limit - total) // 4


def kept_layers() -> LayerCache:
    """The layers kept for this user, in the course's cache folder."""
    from labsupport.errors import SandboxError
    from labsupport.sandbox import marked, paths

    folder = paths.cache() / "layers"
    with contextlib.suppress(SandboxError, OSError):
        marked.make(folder)
    return LayerCache(folder)


def _packed(files: LayerFiles) -> bytes:
    entries = files.entries
    head = {
        "size": files.size,
        "whiteouts": files.whiteouts,
        "opaque": files.opaque,
        "links": {number: entry.link for number, entry in enumerate(entries) if entry.link},
        "devices": {number: entry.device for number, entry in enumerate(entries) if entry.device != (0, 0)},
        "xattrs": {number: entry.xattrs for number, entry in enumerate(entries) if entry.xattrs},
        "count": len(entries),
    }
    columns = [array("q", [getattr(entry, name) for entry in entries]).tobytes() for name in _INTEGERS]
    columns.append(array("d", [entry.mtime for entry in entries]).tobytes())
    columns.append("".join(entry.kind for entry in entries).encode("latin-1"))
    columns.append(bytes(bool(entry.digest) for entry in entries))
    columns.append(b"".join(bytes.fromhex(entry.digest) for entry in entries))
    columns.append("\0".join(entry.name for entry in entries).encode("utf-8", "surrogateescape"))
    told = json.dumps({**head, "lengths": [len(column) for column in columns]}).encode()
    return zlib.compress(len(told).to_bytes(8, "big") + told + b"".join(columns), _LEVEL)


def _unpacked(raw: bytes) -> LayerFiles:
    body = memoryview(zlib.decompress(raw))  # with a checksum of its own
    start = 8 + int.from_bytes(body[:8], "big")
    head: dict[str, Any] = json.loads(bytes(body[8:start]))
    parts: list[memoryview] = []
    for length in head["lengths"]:
        parts.append(body[start : start + length])
        start += length
    count = head["count"]
    integers = [array("q", bytes(part)) for part in parts[:5]]
    times, kinds, has_digest = array("d", bytes(parts[5])), bytes(parts[6]).decode("latin-1"), bytes(parts[7])
    digests = bytes(parts[8]).hex()
    names = bytes(parts[9]).decode("utf-8", "surrogateescape").split("\0") if count else []
    if not len(names) == len(times) == len(kinds) == len(has_digest) == count:
        raise ValueError("columns of different lengths")
    entries: list[Entry] = []
    at = 0
    for name, kind, mode, uid, gid, size, stored, mtime, digested in zip(
        names, kinds, *integers, times, has_digest, strict=True
    ):
        digest = ""
        if digested:
            digest, at = digests[at : at + 2 * _DIGEST], at + 2 * _DIGEST
        entries.append(Entry(name, kind, mode, uid, gid, size, mtime, "", stored, digest))
    for number, link in head["links"].items():
        entries[int(number)].link = link
    for number, device in head["devices"].items():
        entries[int(number)].device = (device[0], device[1])
    for number, xattrs in head["xattrs"].items():
        entries[int(number)].xattrs = tuple((key, value) for key, value in xattrs)
    return LayerFiles(entries, head["whiteouts"], head["opaque"], head["size"])
