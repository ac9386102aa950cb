"""A map of states, and how often each way from one to another was gone: of a container, of a runtime's container."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.figures.shapes import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labsupport.figures.style import Theme

Point = tuple[float, float]
Way = tuple[str, str, str]  # from, to, by


@dataclass(frozen=True, slots=True)
class Arrow:
    """From state to state: its ends, where the word for its first way stands, that word's alignment, its bend."""

    start: Point
    end: Point
    words: Point
    align: str = "center"
    bend: float = 0


@dataclass(frozen=True, slots=True)
class StateMap:
    """Where everything stands, in units of the axes. outside: no states, the thing is not there.

    high: the figure's height in inches (it is 9 wide); span: the lowest and highest unit shown; box: a state's width
    and height; line: from the word for one way to the next below it.
    """

    ways: tuple[Way, ...]
    places: Mapping[str, Point]
    arrows: Mapping[tuple[str, str], Arrow]
    outside: tuple[str, ...]
    high: float
    width: float
    span: Point
    box: Point
    line: float

    def draw(self, theme: Theme, title: str, gone: Counter[Way] | None) -> Figure:
        """A full arrow with its count for a way that was gone, a faint one for others; gone None: all alike."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9.0, self.high))
        axes = figure.add_axes((0, 0, 1, 1 - 0.295 / self.high if title else 1))
        axes.set_xlim(0, self.width)
        axes.set_ylim(*self.span)
        axes.axis("off")
        if title:
            axes.set_title(title)
        for name in self.places:
            self._state(axes, theme, name)
        for (start, end), arrow in self.arrows.items():
            counts = {by: None if gone is None else gone[a, b, by] for a, b, by in self.ways if (a, b) == (start, end)}
            self._arrow(axes, theme, arrow, counts)
        return figure

    def _state(self, axes: Axes, theme: Theme, name: str) -> None:
        (x, y), (width, height) = self.places[name], self.box
        gone = name in self.outside
        hue = theme.quiet if gone else theme.third
        rounded(
            axes, x - width / 2, y - height / 2, width, height, inset=0.6, pad=0.5, edgecolor=hue,
            facecolor=theme.ground if gone else theme.tint(hue), linestyle="--" if gone else "-",
        )  # fmt: skip
        axes.text(x, y, name, ha="center", va="center", fontsize=10.5, color=theme.ink)

    def _arrow(self, axes: Axes, theme: Theme, arrow: Arrow, counts: Mapping[str, int | None]) -> None:
        """One arrow, and a word for each way that leads along it."""
        faint = all(times == 0 for times in counts.values())
        axes.annotate(
            "", arrow.end, arrow.start,
            arrowprops={
                "arrowstyle": "-|>", "connectionstyle": f"arc3,rad={arrow.bend}", "linestyle": ":" if faint else "-",
                "color": theme.quiet if faint else theme.ink, "linewidth": 1.0 if faint else 1.7,
            },
        )  # fmt: skip
        for row, (by, times) in enumerate(counts.items()):
            axes.text(
                arrow.words[0], arrow.words[1] - self.line * row, f"{by}: {times}" if times else by, ha=arrow.align,
                va="center", fontsize=9.5, fontweight="bold" if times else "normal",
                color=theme.quiet if times == 0 else theme.ink,
            )  # fmt: skip
