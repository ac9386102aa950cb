"""Who started whom: processes as boxes, each to the right of its parent, drawn from /proc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labsupport.figures.shapes import rounded
from labsupport.figures.style import Picture, Table, Theme
from labsupport.sandbox.own.family import Process, tree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE, _HIGH, _STEP, _INDENT = 25.0, 3.6, 4.8, 9.0
_ENGINE = ("dockerd", "containerd", "ctr", "runc", "crun")


def family(
    processes: Sequence[Process], title: str = "Who started whom", notes: Mapping[int, str] | None = None
) -> Picture:
    """A box for each process with its number, below and to the right of its parent's.

    notes: words beside a box, by process id. A process whose parent is not among them begins a line of its own.
    """
    known, noted = {one.pid: one for one in processes}, dict(notes or {})
    rows, words = [], []
    for _, one in tree(processes):
        parent = known[one.parent].name if one.parent in known else f"process {one.parent}, not shown"
        rows.append((one.name, one.pid, parent, noted.get(one.pid, "")))
        started = f"{one.name}{f' ({noted[one.pid]})' if one.pid in noted else ''}"
        words.append(f"{started} has no parent here" if one.parent not in known else f"{started}, a child of {parent}")
    alt = f"{title}: {'; '.join(words) or 'no process'}."
    return Picture(
        lambda theme: _draw(theme, processes, title, noted), alt, Table(("process", "id", "parent", ""), rows)
    )


def kind(one: Process, processes: Sequence[Process]) -> str:
    """ "engine", "shim", "container" (below a shim) or "other"."""
    if one.name.startswith("containerd-shim"):
        return "shim"
    if one.name in _ENGINE:
        return "engine"
    known = {each.pid: each for each in processes}
    above, steps = known.get(one.parent), 0
    while above is not None and steps < len(known):
        if above.name.startswith("containerd-shim"):
            return "container"
        above, steps = known.get(above.parent), steps + 1
    return "other"


def _draw(theme: Theme, processes: Sequence[Process], title: str, notes: Mapping[int, str]) -> Figure:
    from matplotlib.figure import Figure

    ordered = tree(processes)
    deepest = max((depth for depth, _ in ordered), default=0)
    longest = max((len(note) for note in notes.values()), default=0)
    wide = deepest * _INDENT + _WIDE + 2 + longest * 0.8
    high = max(1, len(ordered)) * _STEP + 1
    figure = Figure(figsize=(max(5.0, wide / 9.0), high / 9.0 + 0.45))
    axes = figure.add_axes((0, 0, 1, 1 - 0.45 / figure.get_figheight()))
    axes.set_xlim(0, max(45.0, wide))
    axes.set_ylim(high, 0)
    axes.axis("off")
    axes.set_title(title, loc="left", x=0.01)
    hues = {"engine": theme.first, "shim": theme.fourth, "container": theme.third, "other": theme.quiet}
    places: dict[int, tuple[float, float]] = {}
    for row, (depth, one) in enumerate(ordered):
        x, y = 0.8 + depth * _INDENT, 0.8 + row * _STEP
        places[one.pid] = (x, y)
        sort = kind(one, processes)
        if one.parent in places:
            above = places[one.parent]
            line = above[0] + 3
            axes.plot(
                (line, line, x), (above[1] + _HIGH, y + _HIGH / 2, y + _HIGH / 2), color=theme.ink, linewidth=1.2,
                zorder=0,
            )  # fmt: skip
        rounded(
            axes, x, y, _WIDE, _HIGH, edgecolor=hues[sort], facecolor=theme.tint(hues[sort]),
            linestyle="--" if sort == "other" else "-", linewidth=2.2 if sort == "container" else 1.3,
        )  # fmt: skip
        axes.text(x + 1, y + _HIGH / 2, one.name, va="center", fontsize=9.5)
        axes.text(x + _WIDE - 1, y + _HIGH / 2, str(one.pid), va="center", ha="right", fontsize=8.5, color=theme.quiet)
        if one.pid in notes:
            axes.text(x + _WIDE + 1.2, y + _HIGH / 2, notes[one.pid], va="center", fontsize=9, color=theme.quiet)
    return figure
