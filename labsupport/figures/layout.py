"""Where the layers of many images stand: one band per layer, as wide as the images that share it, as long as its
bytes. Pure geometry. Nothing has a least length: a run of small layers is one band, true to scale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from labsupport.layers.model import Image, Layer, Store


@dataclass(frozen=True, slots=True)
class Band:
    """A box: one layer, or a run of small ones with the same users, lowest first. first, last: columns of its first
    and last user; bottom: bytes below it; height: its own bytes, 0 where they are not known.
    """

    layers: tuple[Layer, ...]
    first: int
    last: int
    bottom: int
    height: int

    @property
    def layer(self) -> Layer:
        """The lowest."""
        return self.layers[0]

    @property
    def size(self) -> int | None:
        """Bytes; None when they could not be told."""
        return None if self.layer.size is None else self.height

    @property
    def users(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Layout:
    """All bands of a store, parents first. height: bytes of the tallest image; tops: each column's known bytes."""

    images: tuple[Image, ...]
    bands: tuple[Band, ...]
    height: int
    tops: tuple[int, ...]


def layout(store: Store, *, small: float = 0.012, apart: Collection[str] = ()) -> Layout:
    """Columns in tree order, so that a shared layer's users stand side by side and it is one box.

    small: two and more layers in a row that the same images have, each below this part of the tallest image, make
    one band. apart: chain_ids of layers that keep a band of their own.
    """
    images = store.ordered()
    column = {image.id: number for number, image in enumerate(images)}
    tops = tuple(sum(layer.size or 0 for layer in store.path(image)) for image in images)
    below = max(tops, default=0) * small
    bands: list[Band] = []
    top: dict[str | None, int] = {None: 0}
    for run in runs(store, below, apart):
        bottom = top[run[0].parent]
        height = sum(layer.size or 0 for layer in run)
        top[run[-1].chain_id] = bottom + height
        for first, last in _neighbours([column[image] for image in store.users[run[0].chain_id]]):
            bands.append(Band(tuple(run), first, last, bottom, height))
    return Layout(images, tuple(bands), max(tops, default=0), tops)


def runs(store: Store, below: float, apart: Collection[str] = ()) -> Iterator[list[Layer]]:
    """Every layer once, parents before children; small ones (under `below` bytes) of the same images together."""
    run: list[Layer] = []
    for _, layer in store.depth_first():
        joins = (
            run
            and layer.parent == run[-1].chain_id
            and len(store.users[layer.chain_id]) == len(store.users[run[-1].chain_id])
            and _is_small(run[-1], below, apart)
            and _is_small(layer, below, apart)
        )
        if run and not joins:
            yield run
            run = []
        run.append(layer)
    if run:
        yield run


def _is_small(layer: Layer, below: float, apart: Collection[str]) -> bool:
    return layer.size is not None and layer.size <= below and layer.chain_id not in apart


def _neighbours(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring columns. In tree order there is one; a hand-made order may break a band in two."""
    found: list[tuple[int, int]] = []
    for column in sorted(columns):
        if found and found[-1][1] == column - 1:
            found[-1] = (found[-1][0], column)
        else:
            found.append((column, column))
    return found
