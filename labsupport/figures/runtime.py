"""The states of a container as the OCI runtime specification has them, and the ways that runs really took.

The specification (runtime.md, "State" and "Lifecycle") knows creating, created, running and stopped; `delete` ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Way = tuple[str, str, str]  # from, to, by

WAYS: tuple[Way, ...] = (
    ("nothing", "created", "create"),
    ("created", "running", "start"),
    ("running", "running", "kill TERM"),
    ("running", "stopped", "kill KILL"),
    ("running", "stopped", "the program ends"),
    ("created", "stopped", "kill KILL"),
    ("stopped", "nothing", "delete"),
)
_PLACES = {"nothing": (10, 24), "created": (40, 24), "running": (70, 24), "stopped": (70, 5)}
_WIDE, _HIGH = 15.0, 6.4
# from, to -> the arrow's ends, where its first word stands, its words' alignment, its bend
_ARROWS: dict[tuple[str, str], tuple[tuple[float, float], tuple[float, float], tuple[float, float], str, float]] = {
    ("nothing", "created"): ((17.6, 24), (32.4, 24), (25, 25.5), "center", 0),
    ("created", "running"): ((47.6, 24), (62.4, 24), (55, 25.5), "center", 0),
    ("running", "running"): ((77.6, 25.6), (77.6, 22.4), (81.8, 24), "left", -1.6),
    ("running", "stopped"): ((70, 20.7), (70, 8.3), (71.2, 15.6), "left", 0),
    ("created", "stopped"): ((44, 20.7), (62.4, 6.2), (54.6, 15.6), "left", 0),
    ("stopped", "nothing"): ((62.4, 4.2), (10, 20.7), (27.5, 5.6), "right", -0.25),
}


def ways(steps: Iterable[tuple[str, str]]) -> Counter[Way]:
    """How often each way was gone. steps: (command, status afterwards) of one container after the other, in order;
    the status after `delete` is "nothing", and so is the status before the first.
    """
    gone: Counter[Way] = Counter()
    before = "nothing"
    for by, after in steps:
        gone[before, after, by] += 1
        before = after
    return gone


def runtime_states(steps: Iterable[tuple[str, str]], title: str = "The ways these containers went") -> Picture:
    """The map, with a full arrow and a count for each way that was gone, and a faint one for the others."""
    gone = ways(steps)
    other = [way for way in gone if way not in WAYS]
    rows = [(start, by, end, gone[start, end, by]) for start, end, by in (*WAYS, *other)]
    told = ", ".join(f"{by} from {start} to {end} {times}" for start, by, end, times in rows if times)
    alt = f"States nothing, created, running and stopped of the OCI runtime specification. Gone: {told or 'none yet'}."
    return Picture(lambda theme: _draw(theme, title, gone), alt, Table(("from", "by", "to", "times"), rows))


def plain_states(theme: Theme) -> Figure:
    """The map alone: every state and every way."""
    return _draw(theme, "", None)


def _draw(theme: Theme, title: str, gone: Counter[Way] | None) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.2))
    axes = figure.add_axes((0, 0, 1, 0.91 if title else 1))
    axes.set_xlim(0, 96)
    axes.set_ylim(-1, 30)
    axes.axis("off")
    if title:
        axes.set_title(title)
    for name, place in _PLACES.items():
        _box(axes, theme, name, place)
    for start, end in _ARROWS:
        counts = {by: None if gone is None else gone[start, end, by] for a, b, by in WAYS if (a, b) == (start, end)}
        _arrow(axes, theme, (start, end), counts)
    return figure


def _box(axes: Axes, theme: Theme, name: str, place: tuple[float, float]) -> None:
    from matplotlib.patches import FancyBboxPatch

    outside = name == "nothing"
    hue = theme.quiet if outside else theme.third
    axes.add_patch(
        FancyBboxPatch(
            (place[0] - _WIDE / 2 + 0.6, place[1] - _HIGH / 2 + 0.6), _WIDE - 1.2, _HIGH - 1.2,
            boxstyle="round,pad=0.5,rounding_size=0.6", edgecolor=hue,
            facecolor=theme.ground if outside else theme.tint(hue), linestyle="--" if outside else "-",
        )
    )  # fmt: skip
    axes.text(*place, name, ha="center", va="center", fontsize=10.5, color=theme.ink)


def _arrow(axes: Axes, theme: Theme, between: tuple[str, str], counts: dict[str, int | None]) -> None:
    start, end, (x, y), align, bend = _ARROWS[between]
    faint = all(times == 0 for times in counts.values())
    axes.annotate(
        "", end, start,
        arrowprops={
            "arrowstyle": "-|>", "connectionstyle": f"arc3,rad={bend}", "linestyle": ":" if faint else "-",
            "color": theme.quiet if faint else theme.ink, "linewidth": 1.0 if faint else 1.7,
        },
    )  # fmt: skip
    for row, (by, times) in enumerate(counts.items()):
        axes.text(
            x, y - 2.6 * row, f"{by}: {times}" if times else by, ha=align, va="center", fontsize=9.5,
            fontweight="bold" if times else "normal", color=theme.quiet if times == 0 else theme.ink,
        )  # fmt: skip
