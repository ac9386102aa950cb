"""One layer's archive as a list: its entries, and its whiteouts apart from them (image specification, layer.md).

`.wh.NAME` removes NAME of the layers below, `.wh..wh..opq` everything below a directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from labsupport.errors import ImageDataError
from labsupport.layers.tarstream import Entry

WHITEOUT, OPAQUE, RESERVED = ".wh.", ".wh..wh..opq", ".wh..wh."
LONGEST_PATH = 4096
"""Linux's PATH_MAX: an engine could not unpack a longer one."""


@dataclass(slots=True)
class LayerFiles:
    """One layer's archive, parsed. size: bytes of its files, and of its symlinks' targets as overlay2 counts
    them.
    """

    entries: list[Entry] = field(default_factory=list)
    whiteouts: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, entry: Entry) -> None:
        """Take an entry; ImageDataError for a name that would leave the image's root."""
        path = clean(entry.name)
        if WHITEOUT in path and (name := path.rpartition("/")[2]).startswith(WHITEOUT):
            folder = path.rpartition("/")[0]
            if name == OPAQUE:
                self.opaque.append(folder)
            elif not name.startswith(RESERVED):
                hidden = name[len(WHITEOUT) :]
                if hidden in ("", ".", ".."):
                    raise ImageDataError("A whiteout in a layer names nothing it may remove.", seen=repr(entry.name))
                self.whiteouts.append(f"{folder}/{hidden}" if folder else hidden)
            return
        entry.name = path
        if entry.kind == "1":
            entry.link = clean(entry.link)
        elif entry.kind == "0":
            self.size += entry.size
        elif entry.kind == "2":
            self.size += len(entry.link.encode("utf-8", "surrogateescape"))
        self.entries.append(entry)


def clean(name: str) -> str:
    """An entry's path from the root, "" for the root itself. Raises ImageDataError for a path with `..` or NUL."""
    if len(name) > LONGEST_PATH:
        raise ImageDataError("An archive names a path longer than Linux allows.", seen=f"{len(name):,} characters")
    if ".." not in name and "//" not in name and "/." not in name and "\0" not in name and name[:1] not in "./":
        return name.rstrip("/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise ImageDataError("An archive names a path outside its own root.", seen=repr(name))
    return "/".join(parts)


def layer_files(entries: Iterable[Entry]) -> LayerFiles:
    """A layer from its archive's entries, in their order."""
    layer = LayerFiles()
    for entry in entries:
        layer.add(entry)
    return layer
