"""A file, a path as one layer has it, and what one layer did, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

from labsupport.layers.tarstream import Entry

Attributes = tuple[int, int, int, tuple[tuple[str, str], ...]]

CAUSES = ("deleted", "overwritten", "same bytes")


@dataclass(slots=True)
class Content:
    """The bytes of one file as one layer stores them; hard links are several names of it, with its attributes.

    stored: bytes in the layer's archive, fewer than size for a sparse file. attributes: mode, owner, group, extended
    attributes; the last entry that names the file sets them for all its names, in layer attributes_layer. counted: as
    what the layer's summary has its bytes, "A" or "M"; is_same: bytes that were there before.
    """

    layer: int
    size: int
    digest: str
    stored: int
    attributes: Attributes
    attributes_layer: int
    names: int = 1
    fate: str = "visible"
    killer: int | None = None
    counted: str = ""
    is_same: bool = False


@dataclass(slots=True)
class Version:
    """A path as one layer has it. change: "A" added, "M" changed; fate and killer: what a later layer did to
    it.
    """

    path: str
    layer: int
    entry: Entry
    content: Content | None
    change: str
    fate: str = "visible"
    killer: int | None = None
    previous: Version | None = None

    @property
    def size(self) -> int:
        return self.content.size if self.content else 0

    @property
    def is_folder(self) -> bool:
        return self.entry.kind in ("5", "implied")

    @property
    def attributes(self) -> Attributes:
        """Mode, owner, group, extended attributes: of the file, however many names it has."""
        return self.content.attributes if self.content else attributes_of(self.entry)

    @property
    def attributes_layer(self) -> int:
        """The layer that set them last."""
        return self.content.attributes_layer if self.content else self.layer


@dataclass(slots=True)
class LayerSummary:
    """Counts and bytes of one layer. Removed: what whiteouts hid; hidden: its own bytes that a later layer hid."""

    added: int = 0
    added_bytes: int = 0
    changed: int = 0
    changed_bytes: int = 0
    same_bytes: int = 0
    removed: int = 0
    removed_bytes: int = 0
    whiteouts: int = 0
    hidden: dict[str, int] = field(default_factory=dict)

    def count(self, content: Content, size: int) -> None:
        """Count bytes as what this file's are counted as."""
        if content.counted == "A":
            self.added_bytes += size
        else:
            self.changed_bytes += size
            self.same_bytes += size if content.is_same else 0

    @property
    def stored(self) -> int:
        return self.added_bytes + self.changed_bytes

    @property
    def hidden_bytes(self) -> int:
        return sum(self.hidden.values())


def attributes_of(entry: Entry) -> Attributes:
    """Mode, owner, group, extended attributes, as an entry has them."""
    return (entry.mode, entry.uid, entry.gid, entry.xattrs)
