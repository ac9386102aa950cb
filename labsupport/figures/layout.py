"""Where the layers of many images stand: one band per layer, as wide as the images that share it. Pure
geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labsupport.layers.model import Image, Layer, Store


@dataclass(frozen=True, slots=True)
class Band:
    """One layer's box. first, last: columns of its first and last user; bottom, height: drawn bytes from the
    base.
    """

    layer: Layer
    first: int
    last: int
    bottom: float
    height: float

    @property
    def users(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Layout:
    """All bands of a store. least: the drawn height of a layer that would be too thin to see, in bytes."""

    images: tuple[Image, ...]
    bands: tuple[Band, ...]
    height: float
    least: float


def layout(store: Store, *, visible: float = 0.012) -> Layout:
    """Columns in tree order, so that a shared layer's users stand side by side and it is one box.

    visible: the least height of a band, as part of the tallest image; less where an image has many layers, so that
    the boxes of small layers never take more than a quarter of the picture. Layers of 0 bytes exist too.
    """
    images = store.ordered()
    column = {image.id: number for number, image in enumerate(images)}
    tallest = max((sum(layer.size or 0 for layer in store.path(image)) for image in images), default=0) or 1
    deepest = max((len(image.chain) for image in images), default=0) or 1
    least = tallest * min(visible, 0.25 / deepest)
    bands: list[Band] = []
    top: dict[str | None, float] = {None: 0.0}
    for _, layer in store.depth_first():
        bottom = top[layer.parent]
        height = max(float(layer.size or 0), least)
        top[layer.chain_id] = bottom + height
        for first, last in _runs([column[image] for image in store.users[layer.chain_id]]):
            bands.append(Band(layer, first, last, bottom, height))
    return Layout(images, tuple(bands), max(top.values()), least)


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of neighbouring columns. In tree order there is one; a hand-made order may break a band in two."""
    runs: list[tuple[int, int]] = []
    for column in sorted(columns):
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs
