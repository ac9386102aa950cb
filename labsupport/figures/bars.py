"""Horizontal bars with their numbers printed: times, sizes, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. note: a few words beside the number; highlight: drawn in the second hue, and with a hatch."""

    label: str
    value: float
    note: str = ""
    highlight: bool = False


def seconds(value: float) -> str:
    """`0.0312` -> `31 ms`; `2.5` -> `2.5 s`; `125` -> `2 min 5 s`."""
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    return f"{int(value) // 60} min {round(value) % 60} s"


def bars(
    items: Sequence[Bar],
    title: str,
    *,
    axis: str = "",
    number: Callable[[float], str] = seconds,
    alt: str = "",
    caption: str = "",
) -> Picture:
    """A bar for each item, in the order given, longest scale from zero, each number printed at its bar.

    number: how a value is written (`seconds`, `labsupport.layers.units.size`, ...). alt: by default all bars in
    words.
    """
    words = "; ".join(f"{bar.label}: {number(bar.value)}{' ' + bar.note if bar.note else ''}" for bar in items)
    table = Table(("", axis or "value", "", ""), [(bar.label, bar.value, number(bar.value), bar.note) for bar in items])
    return Picture(lambda theme: _draw(theme, items, title, axis, number), alt or f"{title}. {words}.", table, caption)


def _draw(theme: Theme, items: Sequence[Bar], title: str, axis: str, number: Callable[[float], str]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 0.9 + 0.42 * len(items)))
    axes = figure.add_subplot()
    longest = max((bar.value for bar in items), default=0) or 1
    for position, bar in enumerate(items):
        axes.barh(
            position,
            bar.value,
            height=0.62,
            color=theme.second if bar.highlight else theme.first,
            hatch="//" if bar.highlight else None,
            edgecolor=theme.ground,
            linewidth=0,
        )
        text = axes.annotate(
            number(bar.value),
            (bar.value, position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
        )
        if bar.note:
            axes.annotate(
                f"  {bar.note}", (1, 0.5), xycoords=text, va="center", color=theme.quiet, annotation_clip=False
            )
    axes.set_yticks(range(len(items)), [bar.label for bar in items])
    axes.set_ylim(len(items) - 0.5, -0.5)
    axes.set_xlim(0, longest * 1.18)
    axes.set_xlabel(axis, color=theme.quiet)
    axes.set_title(title)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.6, alpha=0.7)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_color(theme.quiet)
    if not axis:
        axes.set_xticks([])
    return figure
