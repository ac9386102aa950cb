"""Where an image holds a secret: in its layers, also packed or encoded, in its configuration and its history."""

from __future__ import annotations

import base64
import bz2
import codecs
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

from labsupport.exercises.lab import Lab
from labsupport.exercises.looks import Look

LARGEST = 32_000_000  # bytes of a file that are looked into
LONG = 16  # bytes of a secret whose halves can't be anything else
DEEPEST = 3  # packed files in packed files

_PACKED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ\x00", lzma.decompress),
    (b"\x5d\x00\x00", lzma.decompress),
    (b"\x78", zlib.decompress),
)


def holding(image: str, key: str) -> Look:
    """Where the image holds the learner's value of that key: paths in its layers, "its configuration"; sorted."""

    known: dict[tuple[str, str], list[str]] = {}  # an image never changes

    def fetch(lab: Lab) -> list[str]:
        what = str(lab.inspect("image", image)["Id"]), str(lab.values[key])
        if what not in known:
            known.clear()
            known[what] = search(lab, *what)
        return known[what]

    return Look(
        fetch, f"docker save {image} | grep -ac '{{{key}}}'; docker history --no-trunc {image} | grep '{{{key}}}'"
    )


def search(lab: Lab, image: str, secret: str) -> list[str]:
    """The places of `holding`, in the image of this id. Raises what the Docker SDK raises."""
    needles = forms(secret)
    found: set[str] = set()
    with tempfile.TemporaryFile() as saved:
        for chunk in lab.client.api.get_image(image):  # by its id: a name without a tag would save all its tags
            saved.write(chunk)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            for member in archive:
                if (source := _opened(archive, member)) is not None:
                    found |= set(_in_blob(source, needles))
    if any(needle in str(row).encode() for row in lab.history(image) for needle in needles):
        found.add("its configuration")
    return sorted(found)


def forms(secret: str) -> tuple[bytes, ...]:
    """A secret as it is, its halves, and the encodings that anybody undoes: base64 at each offset, hexadecimal, rot13,
    backwards.
    """
    raw = secret.encode()
    found = [raw, raw[::-1], raw.upper(), raw.hex().encode(), raw.hex().upper().encode(), secret.encode("utf-16-le")]
    found.append(codecs.encode(secret, "rot13").encode())
    if len(raw) >= LONG:
        found += [raw[: len(raw) // 2], raw[len(raw) // 2 :]]
    for before in range(3):
        coded = base64.b64encode(b"\x00" * before + raw)
        # the letters that share bits with what stands before or behind it are others there
        found.append(coded[(0, 2, 3)[before] : len(coded) - 4])
    return tuple(dict.fromkeys(found))


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes] | None:
    return archive.extractfile(member) if member.isfile() else None


def _in_blob(source: IO[bytes], needles: tuple[bytes, ...]) -> Iterator[str]:
    """Places in one file of the archive: a layer, or JSON (configuration, manifests)."""
    head = source.read(2)
    source.seek(0)
    if head[:1] in (b"{", b"["):
        if any(needle in source.read(LARGEST) for needle in needles):
            yield "its configuration"
        return
    plain: Any = gzip.GzipFile(fileobj=source) if head == b"\x1f\x8b" else source
    with suppress(tarfile.TarError, OSError, EOFError), tarfile.open(fileobj=plain, mode="r|") as layer:
        for member in layer:
            names = f"{member.name} {member.linkname} {json.dumps(member.pax_headers)} {member.uname}".encode()
            inner = _opened(layer, member)
            content = inner.read(LARGEST) if inner else b""
            if any(needle in names for needle in needles) or in_bytes(content, needles):
                yield "/" + member.name.removeprefix("./")


def in_bytes(content: bytes, needles: tuple[bytes, ...], depth: int = DEEPEST) -> bool:
    """Whether one of the needles is in there, unpacked where it is packed."""
    without_breaks = content.replace(b"\n", b"")  # base64 and xxd break their lines
    if any(needle in content or needle in without_breaks for needle in needles):
        return True
    return depth > 0 and any(in_bytes(each, needles, depth - 1) for each in _unpacked(content))


def _unpacked(content: bytes) -> Iterator[bytes]:
    for magic, unpack in _PACKED:
        if content.startswith(magic):
            with suppress(Exception):  # it only looks like it, or it is damaged: then nobody reads it
                yield unpack(content)
    if content.startswith(b"PK\x03\x04"):
        with suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from map(packed.read, packed.namelist())
