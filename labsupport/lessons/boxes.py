"""Boxes, arrows and words: what the lessons' diagrams are drawn with, in the colours of labsupport.figures.style.

Colours are never the only signal: every box carries its name. The ground is opaque, so that a diagram reads the
same on JupyterLab's light and dark themes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labsupport.figures.shapes import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labsupport.figures.style import Theme

# kind of thing -> the hue of its edge; its fill is that hue, thinned
KINDS = {
    "plain": "quiet",
    "frame": "quiet",
    "image": "first",
    "container": "third",
    "text": "fourth",
    "trouble": "second",
}
DPI = 72  # points: one unit of a drawing is one point times SCALE
SCALE = 10.0


@dataclass(frozen=True)
class Box:
    """A rectangle, by its lower left corner; `at("right")` is the middle of a side."""

    x: float
    y: float
    width: float
    height: float

    def at(self, side: str) -> tuple[float, float]:
        middle_x, middle_y = self.x + self.width / 2, self.y + self.height / 2
        return {
            "left": (self.x, middle_y),
            "right": (self.x + self.width, middle_y),
            "top": (middle_x, self.y + self.height),
            "bottom": (middle_x, self.y),
        }[side]


class Drawing:
    """A canvas of width x height units (ten points each), drawn on by name."""

    def __init__(self, theme: Theme, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.theme = theme
        self.figure = Figure(figsize=(width * SCALE / DPI, height * SCALE / DPI))
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(0, height)
        self.axes.axis("off")

    def box(
        self, x: float, y: float, width: float, height: float, text: str = "", kind: str = "plain", **words: Any
    ) -> Box:
        """A rounded box with its text in the middle, or at the top when it is a frame around others."""
        edge = getattr(self.theme, KINDS[kind])
        fill = self.theme.ground if kind == "frame" else self.theme.tint(edge)
        dashes = "--" if kind == "frame" else "-"
        rounded(self.axes, x, y, width, height, facecolor=fill, edgecolor=edge, linewidth=1.3, linestyle=dashes)
        if text and kind == "frame":
            self.words(x + width / 2, y + height - 1.5, text, **words)
        elif text:
            self.words(x + width / 2, y + height / 2, text, **words)
        return Box(x, y, width, height)

    def words(self, x: float, y: float, text: str, **style: Any) -> None:
        options: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 11,
            "color": self.theme.ink,
            "linespacing": 1.35,
        }
        if style.pop("note", False):
            options.update(fontsize=9.5, color=self.theme.quiet)
        if style.pop("mono", False):
            options["family"] = "DejaVu Sans Mono"
        self.axes.text(x, y, text, **{**options, **style})

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], label: str = "", *, both: bool = False,
        above: float = 0.9, **style: Any,
    ) -> None:  # fmt: skip
        """An arrow with its label over the middle."""
        shape = "<|-|>" if both else "-|>"
        self.axes.annotate(
            "", end, start,
            arrowprops={
                "arrowstyle": shape, "color": self.theme.ink, "linewidth": 1.4, "shrinkA": 3, "shrinkB": 3, **style,
            },
        )  # fmt: skip
        if label:
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + above)
            self.words(*middle, label, note=True)
