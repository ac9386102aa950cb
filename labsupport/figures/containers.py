"""An image's layers and the containers that stand on it, each with a writable layer of its own.

One box for each layer, across all containers: they share it and none can change it. On top a box for each container,
hollow and dashed. Boxes have one height, so that a layer of 0 bytes is as easy to see as one of 2 GB; the bytes are
printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labsupport.figures.style import Picture, Table, Theme, shorten
from labsupport.layers.units import plural, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Box:
    """A layer or a container's own layer. bytes: its size, or words such as `3.66MB` where only those are known."""

    label: str
    bytes: int | str | None

    @property
    def weight(self) -> str:
        return self.bytes if isinstance(self.bytes, str) else size(self.bytes)


def containers(
    image: str, layers: Sequence[Box], own: Sequence[Box], title: str = "Who stands on the image"
) -> Picture:
    """layers: of the image, lowest first; own: the containers' writable layers, side by side."""
    stack = "; ".join(f"{number}. {box.label} {box.weight}" for number, box in enumerate(layers, 1))
    tops = "; ".join(f"{box.label} {box.weight}" for box in own)
    alt = (
        f"{title}. Image {image}, {plural(len(layers), 'read-only layer')} from the base up: {stack}. "
        f"On them {plural(len(own), 'container')}, each with a writable layer of its own: {tops}."
    )
    rows = [(number, box.label, "read-only, the image's", box.bytes) for number, box in enumerate(layers, 1)]
    rows += [(len(layers) + 1, box.label, "writable, the container's", box.bytes) for box in own]
    table = Table(("position", "layer", "whose", "bytes"), rows)
    caption = "The boxes are of one height; their bytes are printed."
    return Picture(lambda theme: draw(theme, image, layers, own, title), alt, table, caption)


def draw(theme: Theme, image: str, layers: Sequence[Box], own: Sequence[Box], title: str) -> Figure:
    """The drawing itself, 7.6 inches wide."""
    from matplotlib.figure import Figure

    rows = len(layers) + 1
    figure = Figure(figsize=(7.6, 0.9 + 0.62 * rows))
    axes = figure.add_subplot()
    columns = max(1, len(own))
    for row, box in enumerate(layers):
        _box(axes, theme, 0, row, columns, box, theme.first, writable=False)
    for column, box in enumerate(own):
        _box(axes, theme, column, len(layers) + 0.15, 1, box, theme.third, writable=True)
    side: dict[str, Any] = {"ha": "left", "va": "center", "color": theme.quiet, "fontsize": 9}
    axes.text(columns * 1.01, len(layers) / 2, f"image {image}\nread-only,\nstored once", **side)
    axes.text(columns * 1.01, len(layers) + 0.65, "containers,\nwritable", **side)
    axes.set_xlim(0, columns * 1.22)
    axes.set_ylim(0, rows + 0.2)
    axes.axis("off")
    axes.set_title(title)
    return figure


def _box(axes: Axes, theme: Theme, x: float, y: float, width: int, box: Box, hue: str, *, writable: bool) -> None:
    from matplotlib.patches import Rectangle

    margin = 0.012 * width if width > 1 else 0.012
    axes.add_patch(
        Rectangle(
            (x + margin, y + 0.06), width - 2 * margin, 0.88,
            facecolor=theme.ground if writable else theme.tint(hue, 0.22), edgecolor=hue, linewidth=1.4,
            linestyle="--" if writable else "-",
        )
    )  # fmt: skip
    words = f"{shorten(box.label, 30 if writable else 60)}   {box.weight}"
    axes.text(x + width / 2, y + 0.5, words, ha="center", va="center", fontsize=9.5, color=theme.ink)
