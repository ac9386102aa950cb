"""Shapes that several figures are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rounded(axes: Axes, x: float, y: float, width: float, height: float, **style: Any) -> None:
    """A rectangle with round corners, by its lower left corner, in the axes' units. style: of matplotlib's patch.

    inset (0.4): how far inside it is drawn; pad (the same unless given): how much of that its corners take back.
    """
    from matplotlib.patches import FancyBboxPatch

    inset = style.pop("inset", 0.4)
    pad = style.pop("pad", inset)
    shape = f"round,pad={pad},rounding_size=0.6"
    corner = (x + inset, y + inset)
    axes.add_patch(FancyBboxPatch(corner, width - 2 * inset, height - 2 * inset, boxstyle=shape, **style))
