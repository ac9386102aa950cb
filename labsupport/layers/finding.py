"""Find a path in many images: each layer that has it once, with the images that stand on that layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.model import Image
from labsupport.layers.tarstream import Entry

Names = dict[str, dict[str, Entry | None]]


@dataclass(slots=True)
class Found:
    """A path in one layer. number: that layer's, from 1; fates: what later layers did to it, by image: "visible",
    "deleted", "overwritten", "same bytes".
    """

    layer: str
    number: int
    path: str
    size: int
    images: list[str] = field(default_factory=list)
    fates: dict[str, int] = field(default_factory=dict)

    @property
    def fate(self) -> str:
        """In words, "" where every image's container sees it."""
        if set(self.fates) == {"visible"}:
            return ""
        if len(self.fates) == 1:
            return f"{next(iter(self.fates))} later"
        return ", ".join(f"{fate} in {count}" for fate, count in sorted(self.fates.items()))


def find(images: Iterable[Image], files: Mapping[str, LayerFiles], wanted: str) -> list[Found]:
    """Every file whose path contains `wanted`, by path and layer. files: of every layer of these images, by diff_id."""
    found: dict[tuple[str, str], Found] = {}
    matching: dict[str, dict[str, Entry]] = {}
    names: Names = {}
    for image in images:
        for number, (chain_id, diff_id) in enumerate(zip(image.chain, image.diff_ids, strict=True)):
            if diff_id not in matching:
                matching[diff_id] = {
                    entry.name: entry
                    for entry in files[diff_id].entries
                    if wanted in f"/{entry.name}" and entry.kind != "5"
                }
            for path, entry in matching[diff_id].items():
                group = found.setdefault((path, chain_id), Found(chain_id, number + 1, path, entry.size))
                group.images.append(image.name)
                fate = _fate(entry, image.diff_ids[number + 1 :], files, names)
                group.fates[fate] = group.fates.get(fate, 0) + 1
    return [found[key] for key in sorted(found, key=lambda key: (key[0], found[key].number, key[1]))]


def _fate(entry: Entry, above: Iterable[str], files: Mapping[str, LayerFiles], names: Names) -> str:
    """What the first of the layers above that touches a file does to it (image specification, layer.md)."""
    parts = entry.name.split("/")
    prefixes = {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
    folders = prefixes - {entry.name} | {""}
    for diff_id in above:
        layer = files[diff_id]
        if not prefixes.isdisjoint(layer.whiteouts) or not folders.isdisjoint(layer.opaque):
            return "deleted"
        if diff_id not in names:
            names[diff_id] = _names(layer)
        there = names[diff_id]
        if entry.name in there:
            return "same bytes" if _is_same(entry, there[entry.name]) else "overwritten"
        if any((folder := there.get(each)) is not None and folder.kind != "5" for each in folders):
            return "overwritten"
    return "visible"


def _names(layer: LayerFiles) -> dict[str, Entry | None]:
    """A layer's entries by path, and None for folders above them that it leaves out.

    Of a path that comes twice the later one; but a folder does not bring back what a file of its name replaced.
    """
    found: dict[str, Entry | None] = {}
    for entry in layer.entries:
        if entry.kind != "5" or (before := found.get(entry.name)) is None or before.kind == "5":
            found[entry.name] = entry
    for entry in layer.entries:
        folder = entry.name.rpartition("/")[0]
        while folder and folder not in found:
            found[folder] = None
            folder = folder.rpartition("/")[0]
    return found


def _is_same(entry: Entry, later: Entry | None) -> bool:
    if later is None or later.kind != "0" or entry.kind != "0":
        return False
    return (later.digest, later.size) == (entry.digest, entry.size)
