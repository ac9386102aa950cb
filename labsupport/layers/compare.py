"""Two images, or one place before and after a command: what differs, layer by layer and file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labsupport.layers.books import bytes_of, shared_between
from labsupport.layers.files import FileHistory
from labsupport.layers.model import Image, Layer, Store
from labsupport.layers.versions import Version


@dataclass(frozen=True, slots=True)
class Difference:
    """One path. change: "A" only in the second, "D" only in the first, "M" other contents, "m" other attributes
    only.

    before, after: bytes of the file on either side, 0 where it has none. layer: number of the layer of the second
    image (of the first for "D") that has it, counted from 0 at the bottom.
    """

    change: str
    path: str
    before: int
    after: int
    layer: int


def compare_files(first: FileHistory, second: FileHistory) -> list[Difference]:
    """What a container of the second image sees other than one of the first, by path. Times do not count."""
    found: list[Difference] = []
    for path in sorted(first.live.keys() | second.live.keys()):
        old, new = first.live.get(path), second.live.get(path)
        if old is None and new is not None:
            found.append(Difference("A", path, 0, new.size, new.layer))
        elif new is None and old is not None:
            found.append(Difference("D", path, old.size, 0, old.layer))
        elif old is not None and new is not None:
            change = _change(old, new)
            if change:
                layer = new.attributes_layer if change == "m" else new.layer
                found.append(Difference(change, path, old.size, new.size, layer))
    return found


def _change(old: Version, new: Version) -> str:
    before, after = old.entry, new.entry
    kinds = [
        ("5" if entry.kind == "implied" else "0" if entry.kind == "1" else entry.kind) for entry in (before, after)
    ]
    digests = [version.content.digest if version.content else "" for version in (old, new)]
    if kinds[0] != kinds[1] or digests[0] != digests[1] or (kinds[0] == "2" and before.link != after.link):
        return "M"
    if "implied" in (before.kind, after.kind):
        return ""  # the archive tells no attributes for it
    return "m" if (old.attributes, before.device) != (new.attributes, after.device) else ""


@dataclass(frozen=True, slots=True)
class LayerComparison:
    """Two images' layers: what both stand on, and what each has above it."""

    first: Image
    second: Image
    common: tuple[Layer, ...]
    only_first: tuple[Layer, ...]
    only_second: tuple[Layer, ...]
    common_bytes: int | None
    same_content_elsewhere: tuple[str, ...]
    """diff_ids both have above the common part: sent once by a registry, stored twice by an engine."""


def compare_layers(store: Store, first: Image, second: Image) -> LayerComparison:
    """Where two images of one store part ways."""
    common, size = shared_between(store, first, second)
    left, right = store.path(first), store.path(second)
    elsewhere = {layer.diff_id for layer in left[common:]} & {layer.diff_id for layer in right[common:]}
    return LayerComparison(
        first,
        second,
        tuple(left[:common]),
        tuple(left[common:]),
        tuple(right[common:]),
        size,
        tuple(sorted(elsewhere)),
    )


@dataclass(frozen=True, slots=True)
class StoreChange:
    """One place before and after something: layers that came and went, with their known bytes."""

    appeared: tuple[Layer, ...]
    vanished: tuple[Layer, ...]
    new_images: tuple[Image, ...]
    gone_images: tuple[Image, ...]
    retagged: tuple[tuple[Image, Image], ...]
    bytes_before: int
    bytes_after: int


def compare_stores(before: Store, after: Store) -> StoreChange:
    """What a pull, a build or a removal did to the layers of an engine."""
    old = {image.id: image for image in before.images}
    new = {image.id: image for image in after.images}
    return StoreChange(
        _missing(after, before),
        _missing(before, after),
        tuple(image for key, image in new.items() if key not in old),
        tuple(image for key, image in old.items() if key not in new),
        tuple((old[key], new[key]) for key in old.keys() & new.keys() if old[key].tags != new[key].tags),
        bytes_of(before, before.users),
        bytes_of(after, after.users),
    )


def _missing(here: Store, there: Store) -> tuple[Layer, ...]:
    return tuple(layer for key, layer in here.layers.items() if key in here.users and key not in there.users)


def total(layers: Sequence[Layer]) -> int:
    """Known bytes of these layers."""
    return sum(layer.size or 0 for layer in layers)
