"""The books as bars: bytes if each image had its own copy, bytes stored, bytes a registry sends, bytes freed."""

from __future__ import annotations

from collections.abc import Iterable

from labsupport.figures.bars import Bar, bars
from labsupport.figures.style import Picture
from labsupport.layers.books import books, freed_by, over_the_wire
from labsupport.layers.model import Image, Store
from labsupport.layers.units import percent, size


def ledger(store: Store, *, removed: Iterable[Image] = (), wire: int | None = None) -> Picture:
    """Pulled separately against stored; with `removed`, what removing those images together would free.

    wire: compressed bytes a registry sends for all images, where a registry's Store told them (`over_the_wire`).
    """
    sums = books(store)
    sent = over_the_wire(store.images, store) if wire is None else wire
    items = [
        Bar("a copy for each image", sums.pulled_separately, highlight=True),
        Bar("stored, each layer once", sums.stored, f"{percent(sums.stored, sums.pulled_separately)} of the copies"),
    ]
    if sent is not None:
        items.append(Bar("sent by a registry", sent, "compressed, each blob once"))
    gone = list(removed)
    if gone:
        freed = freed_by(store, gone)
        names = ", ".join(image.name for image in gone[:3]) + (" ..." if len(gone) > 3 else "")
        items.append(Bar("freed by removing", freed, names))
    caption = f"{len(store.images)} images, {len(store.users)} layers; sizes in {store.accounting} accounting."
    if sums.unknown_layers:
        caption += f" {sums.unknown_layers} layers of unknown size are not in the sums."
    return bars(items, f"Sharing saves {size(sums.saved)}", axis="", number=size, caption=caption)
