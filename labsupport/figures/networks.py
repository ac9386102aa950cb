"""Who can talk to whom: containers hung on their networks, and the way of a published port, station by station.

The first is drawn from what `docker inspect` and `docker network inspect` say (Engine API, NetworkSettings).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COMPUTER = "this computer"


@dataclass(frozen=True, slots=True)
class Hung:
    """A container: its address in each network it is in, and the host ports that lead to it ("8090 -> 80").

    lodges_with: the id or name of the container whose network it shares instead of having one.
    """

    name: str
    addresses: Mapping[str, str]
    published: tuple[str, ...] = ()
    lodges_with: str = ""


def hung(found: Mapping[str, Any]) -> Hung:
    """From the JSON of one container's inspection."""
    settings = found["NetworkSettings"]
    addresses = {name: (end or {}).get("IPAddress") or "" for name, end in (settings.get("Networks") or {}).items()}
    ports = {
        f"{binding['HostPort']} -> {inside.split('/')[0]}"
        for inside, bindings in (settings.get("Ports") or {}).items()
        for binding in bindings or ()
    }
    mode, _, host = str((found.get("HostConfig") or {}).get("NetworkMode")).partition(":")
    lodges_with = host if mode == "container" else ""
    return Hung(str(found["Name"]).lstrip("/"), addresses, tuple(sorted(ports)), lodges_with)


def networks(containers: Sequence[Mapping[str, Any]], title: str = "Who is in which network") -> Picture:
    """A line for each network, a box for each container, a dot where the one is in the other, with its address.

    containers: inspections (`container.attrs`), in the order in which they are to be drawn.
    """
    names = {str(found.get("Id")): str(found["Name"]).lstrip("/") for found in containers}
    boxes = [hung(found) for found in containers]
    boxes = [replace(box, lodges_with=names.get(box.lodges_with, box.lodges_with[:12])) for box in boxes]
    lines = sorted({name for box in boxes for name in box.addresses}, key=lambda name: (name == "none", name))
    words = [_in_words(box) for box in boxes]
    rows = [
        (box.name, network, address, ", ".join(box.published))
        for box in boxes
        for network, address in (box.addresses or {f"that of {box.lodges_with}" if box.lodges_with else "": ""}).items()
    ]
    return Picture(
        lambda theme: _draw_networks(theme, boxes, lines, title),
        f"{title}. {' '.join(words) or 'No containers.'}",
        Table(("container", "network", "address", "published"), rows),
    )


def _in_words(box: Hung) -> str:
    places = ", ".join(f"{name} ({address})" if address else name for name, address in box.addresses.items())
    ports = f", published: {', '.join(box.published)}" if box.published else ""
    if box.lodges_with:
        return f"{box.name} shares the network of {box.lodges_with}."
    return f"{box.name} is in {places or 'no network'}{ports}."


def _draw_networks(theme: Theme, boxes: Sequence[Hung], lines: Sequence[str], title: str) -> Figure:
    from matplotlib.figure import Figure

    wide = max(7.2, 1.6 + 1.5 * len(boxes))
    figure = Figure(figsize=(wide, 2.1 + 0.62 * len(lines)))
    axes = figure.add_axes((0, 0, 1, 0.88))
    axes.axis("off")
    axes.set_title(title, x=0.02)
    axes.set_xlim(-1.15, max(len(boxes), 3) - 0.35)
    axes.set_ylim(len(lines) + 0.1, -2.0)
    _box(axes, theme, ((len(boxes) - 1) / 2, -1.65), COMPUTER, theme.quiet, len(boxes) - 0.18)
    for row, name in enumerate(lines):
        hue = theme.quiet if name == "none" else theme.hues[row % 4]
        axes.plot((-0.4, len(boxes) - 0.55), (row + 0.4, row + 0.4), color=hue, linewidth=5, alpha=0.55, zorder=1)
        axes.text(-0.5, row + 0.4, name, ha="right", va="center", color=theme.ink, fontweight="bold")
        members = [column for column, box in enumerate(boxes) if name in box.addresses]
        for column in members:
            axes.plot((column, column), (-0.15, row + 0.4), color=theme.line, linewidth=1.6, zorder=2)
            axes.plot(column, row + 0.4, "o", markersize=10, color=hue, markeredgecolor=theme.ink, zorder=4)
            axes.text(
                column + 0.09, row + 0.68, boxes[column].addresses[name], fontsize=8.5, color=theme.quiet, zorder=5
            )
    for column, box in enumerate(boxes):
        _box(axes, theme, (column, -0.35), box.name, theme.third)
        if box.lodges_with:
            axes.text(column, 0.08, f"lodges with {box.lodges_with}", ha="center", fontsize=8.5, color=theme.quiet)
        if box.published:
            axes.annotate(
                "", (column, -0.62), (column, -1.4), arrowprops={"arrowstyle": "-|>", "color": theme.ink, "lw": 1.6}
            )
            axes.text(column + 0.07, -1.0, "\n".join(box.published), va="center", fontsize=9, fontweight="bold")
    return figure


def _box(axes: Axes, theme: Theme, place: tuple[float, float], text: str, hue: str, wide: float = 0.84) -> None:
    from matplotlib.patches import FancyBboxPatch

    high = 0.46
    axes.add_patch(
        FancyBboxPatch(
            (place[0] - wide / 2, place[1] - high / 2), wide, high, boxstyle="round,pad=0,rounding_size=0.07",
            edgecolor=hue, facecolor=theme.tint(hue), mutation_aspect=1.0, zorder=3,
        )
    )  # fmt: skip
    axes.text(*place, text, ha="center", va="center", fontsize=10, color=theme.ink, zorder=4)


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a request to one container. stations: (where, what is there); open: how many of them it passes."""

    name: str
    stations: tuple[tuple[str, str], ...]
    open: int


def ways(found: Sequence[Way], title: str = "How far a request comes") -> Picture:
    """A row for each container, a box for each station; a broken arrow in front of the first that is not reached."""
    told = " ".join(f"{way.name}: {_told(way)}." for way in found)
    rows = [
        (way.name, where, " ".join(what.split()), "yes" if place < way.open else "no")
        for way in found
        for place, (where, what) in enumerate(way.stations)
    ]
    table = Table(("container", "station", "what is there", "reached"), rows)
    return Picture(lambda theme: _draw_ways(theme, found, title), f"{title}. {told}", table)


def _told(way: Way) -> str:
    if way.open == len(way.stations):
        return "a request comes through to the program"
    where, what = way.stations[way.open]
    return f"a request is stopped at the station {where!r} ({' '.join(what.split())})"


def _draw_ways(theme: Theme, found: Sequence[Way], title: str) -> Figure:
    from matplotlib.figure import Figure

    columns = max((len(way.stations) for way in found), default=1)
    figure = Figure(figsize=(max(7.2, 0.9 + 2.25 * columns), 1.1 + 0.95 * len(found)))
    axes = figure.add_axes((0, 0, 1, 1 - 0.4 / (1.1 + 0.95 * len(found))))
    axes.axis("off")
    axes.set_title(title, x=0.02)
    axes.set_xlim(-0.95, columns - 0.45)
    axes.set_ylim(len(found) - 0.4, -0.75)
    heads = max((way.stations for way in found), key=len, default=())
    for column, (where, _) in enumerate(heads):
        axes.text(column, -0.5, where, ha="center", va="center", color=theme.quiet, fontsize=9.5)
    for row, way in enumerate(found):
        axes.text(-0.9, row, way.name, va="center", fontweight="bold", color=theme.ink)
        for column, (_, what) in enumerate(way.stations):
            reached = column < way.open
            _box(axes, theme, (column, row), what, theme.third if reached else theme.second, 0.8)
            at = column - 0.4
            arrow = {"arrowstyle": "-|>", "color": theme.ink if reached else theme.second, "lw": 1.6}
            axes.annotate("", (at, row), (at - 0.2, row), arrowprops={**arrow, "ls": "-" if reached else ":"})
            if column == way.open:
                around = {"facecolor": theme.ground, "edgecolor": "none", "pad": 1.2}
                axes.text(
                    at - 0.11, row, "X", ha="center", va="center", color=theme.second, fontweight="bold", bbox=around
                )
    return figure
