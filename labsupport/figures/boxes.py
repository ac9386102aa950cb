"""The boxes of a layout, drawn: each from where its bytes begin to where they end.

Full against hollow tells shared from own in black and white, too; stripes tell a run of small layers. What is too
thin for a box at the picture's scale is a line that stands out at both sides: a line has no length to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labsupport.figures.layout import Band, Layout
from labsupport.figures.style import Theme

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Look:
    """upright: the bytes grow upwards, else to the right; thin: rows of a few pixels, without a gap; least: bytes of
    the smallest box, anything below is a line.
    """

    upright: bool
    thin: bool
    least: float


def boxes(axes: Axes, theme: Theme, plan: Layout, look: Look) -> set[str]:
    """Draw all bands, one collection for each look: hundreds of images have thousands of layers.

    Returns the kinds that there are. A collection's gid is its kind, for a reader of the drawing.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    boxed: dict[str, list[Corners]] = {"shared": [], "own": [], "shared run": [], "own run": []}
    lines: dict[str, list[Corners]] = {"line": [], "unknown": [], "edge": []}
    margin = 0.0 if look.thin else 0.04
    for band in plan.bands:
        low, high = band.first - 0.5 + margin, band.last + 0.5 - margin
        start, end = band.bottom, band.bottom + band.height
        across = [(low - margin / 2, start), (high + margin / 2, start)]
        if band.size is None:
            lines["unknown"].append(across)
        elif band.height < look.least:
            lines["line"].append(across)
        else:
            boxed[_kind(band)].append([(low, start), (high, start), (high, end), (low, end)])
            if band.users > 1:
                lines["edge"] += [[(low, start), (high, start)]] if start else []
                lines["edge"] += [[(low, start), (low, end)]] if look.thin else []
    styles = _styles(theme, look.thin)
    for kind, shapes in boxed.items():
        if shapes:
            axes.add_collection(PolyCollection(_turned(shapes, look), gid=kind, **styles[kind]))
            if kind.endswith("run"):
                axes.add_collection(PolyCollection(_turned(shapes, look), gid="stripes", **styles[f"{kind} stripes"]))
    for kind, shapes in lines.items():
        if shapes:
            axes.add_collection(LineCollection(_turned(shapes, look), gid=kind, **styles[kind]))
    return {kind for kind, shapes in {**boxed, **lines}.items() if shapes} | (
        {"run"} if boxed["shared run"] or boxed["own run"] else set()
    )


def _kind(band: Band) -> str:
    return ("shared" if band.users > 1 else "own") + (" run" if len(band.layers) > 1 else "")


def _turned(shapes: list[Corners], look: Look) -> list[Corners]:
    return shapes if look.upright else [[(y, x) for x, y in shape] for shape in shapes]


def _styles(theme: Theme, thin: bool) -> dict[str, dict[str, Any]]:
    own = theme.second if thin else theme.tint(theme.second)
    width = 0.0 if thin else 0.9
    full = {"facecolors": theme.first, "edgecolors": theme.first, "linewidths": 0.0}
    hollow = {"facecolors": own, "edgecolors": theme.second, "linewidths": width}
    stripes = {"facecolors": "none", "linewidths": 0.0, "hatch": "|||||||" if thin else "||||"}
    return {
        "shared": full,
        "own": hollow,
        "shared run": full,
        "shared run stripes": {**stripes, "edgecolors": theme.on_hue},
        "own run": hollow,
        "own run stripes": {**stripes, "edgecolors": theme.ground if thin else theme.second},
        "line": {"colors": theme.ink, "linewidths": 0.5 if thin else 1.0, "capstyle": "butt"},
        "unknown": {"colors": theme.quiet, "linewidths": 0.8 if thin else 1.6, "linestyles": "dotted"},
        "edge": {"colors": theme.ground, "linewidths": 0.5 if thin else 0.9, "capstyle": "butt"},
    }


def _shared(theme: Theme, thin: bool) -> Artist:
    from matplotlib.patches import Patch

    return Patch(facecolor=theme.first, label="shared: stored once for all the images it spans")


def _own(theme: Theme, thin: bool) -> Artist:
    from matplotlib.patches import Patch

    face = theme.second if thin else theme.tint(theme.second)
    return Patch(facecolor=face, edgecolor=theme.second, label="one image's own")


def _run(theme: Theme, thin: bool) -> Artist:
    from matplotlib.patches import Patch

    words = "several small layers"
    return Patch(facecolor=theme.ground, edgecolor=theme.ink, hatch="|||||", linewidth=0.6, label=words)


def _line(theme: Theme, thin: bool) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=theme.ink, linewidth=1.0, label="a layer too small for a box")


def _unknown(theme: Theme, thin: bool) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=theme.quiet, linewidth=1.6, linestyle="dotted", label="size not known")


KEYS: dict[str, Callable[[Theme, bool], Artist]] = {
    "shared": _shared, "own": _own, "run": _run, "line": _line, "unknown": _unknown,
}  # fmt: skip
"""The key's entries by kind, for a theme and for rows of a few pixels or not."""
