"""Who works on one `docker run`, as they were seen: docker, dockerd, containerd, shim, runc, the container's process.

The processes and their sockets come from `labsupport.shell.watch` (the learner's own machine), the objects from the
Engine API. Protocols: HTTP (Engine API reference), gRPC and ttRPC (containerd, docs/runtime-v2.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from labsupport.figures.shapes import rounded
from labsupport.figures.style import Picture, Table, Theme
from labsupport.sandbox.processes import stat
from labsupport.shell.watch import Process, command_of, described, listens, processes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLIENT, DAEMON, CONTAINERD, SHIM, RUNC, MAIN = "docker", "dockerd", "containerd", "shim", "runc", "container"
_HUES = {CLIENT: "fourth", DAEMON: "first", CONTAINERD: "second", SHIM: "second", RUNC: "second", MAIN: "third"}
Place = tuple[float, float, float, float]  # left, bottom, width, height
_PLACES: dict[str, Place] = {
    CLIENT: (1, 32, 17, 9),
    DAEMON: (33, 30, 29, 13),
    CONTAINERD: (33, 15.5, 17, 9),
    SHIM: (66, 15.5, 17, 9),
    RUNC: (33, 1, 17, 9),
    MAIN: (66, 1, 17, 9),
}
_REGISTRY: Place = (70, 32, 13, 9)


@dataclass(frozen=True)
class Station:
    """One process on a request's way. does: its command, short; socket: where it is asked; alive: still there."""

    role: str
    pid: int
    parent: int
    does: str = ""
    socket: str = ""
    alive: bool = True


def stations(seen: Iterable[Process], daemon: int, main: int) -> list[Station]:
    """The processes behind a running container, in the order in which the request reaches them.

    seen: what was watched while it was started; daemon, main: the pids of dockerd and of the container's first
    process, on this machine. Client and runc are left out when they were not seen. Raises KeyError when daemon or
    main is no process of this machine.
    """
    there, watched = processes(), list(seen)
    shim = described(there[main][0])
    child = next((pid for pid, (parent, name) in there.items() if parent == daemon and name == CONTAINERD), 0)
    if not child:  # a containerd that dockerd did not start itself (a system service)
        child = next((pid for pid, (_, name) in there.items() if name == CONTAINERD), 0)
    found = [_gone(each, CLIENT) for each in watched if each.name == CLIENT][:1]
    found.append(_present(DAEMON, daemon, "docker.sock"))
    if child:
        found.append(_present(CONTAINERD, child, "containerd.sock"))
    found.append(_present(SHIM, shim.pid, ""))
    found += [_gone(each, RUNC) for each in watched if each.name == RUNC and each.parent == shim.pid][:1]
    found.append(Station(MAIN, main, shim.pid, command_of(main)))
    return found


def _present(role: str, pid: int, wanted: str) -> Station:
    paths = listens(pid)
    path = next((path for path in paths if path.endswith(wanted)), "") if paths else ""
    there = described(pid)
    return Station(role, pid, there.parent, there.name, path)


def _gone(seen: Process, role: str) -> Station:
    return Station(role, seen.pid, seen.parent, seen.name, alive=stat(seen.pid) is not None)


def architecture(
    chain: Sequence[Station],
    objects: Mapping[str, int],
    registry: str,
    title: str = "One docker run, and who works on it",
) -> Picture:
    """The way of one request, drawn: boxes with pids, arrows with sockets; who has ended is drawn dashed.

    objects: how many of each kind the engine keeps, {"images": 3, ...}; registry: its address as the engine has it.
    """
    kept = ", ".join(f"{kind}: {count}" for kind, count in objects.items())
    way = "; ".join(
        f"{each.role} has pid {each.pid} and parent {each.parent}"
        + (f", listens at {short_path(each.socket)}" if each.socket else "")
        + ("" if each.alive else ", and has ended")
        for each in chain
    )
    alt = f"{title}: {way}. dockerd keeps {kept} and asks the registry {registry}."
    rows = [
        (each.role, each.pid, each.parent, short_path(each.socket), "runs" if each.alive else "ended") for each in chain
    ]
    table = Table(("process", "pid", "parent", "listens at", "now"), [tuple(map(str, row)) for row in rows])
    return Picture(lambda theme: _draw(theme, {each.role: each for each in chain}, kept, registry, title), alt, table)


def short_path(path: str) -> str:
    """A socket's path, short enough for a figure: its last folder and name, long names cut."""
    if not path:
        return ""
    pure = PurePosixPath(path)
    name = pure.name if len(pure.name) <= 20 else pure.name[:8] + "…"
    return f"{pure.parent.name}/{name}"


def _draw(theme: Theme, chain: Mapping[str, Station], kept: str, registry: str, title: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 4.9))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, 84)
    axes.set_ylim(0, 48)
    axes.axis("off")
    _words(axes, theme, 1.2, 46, title, fontsize=12, fontweight="bold", ha="left")
    for role, station in chain.items():
        first = (station.does if role == MAIN else role)[:22]
        state = f"pid {station.pid}" + ("" if station.alive else ", has ended")
        more = kept.replace(", ", "\n", 2).replace("\n", ", ", 1) if role == DAEMON else ""
        _box(axes, theme, _PLACES[role], _HUES[role], [first, state, *more.splitlines()], station.alive)
    _box(axes, theme, _REGISTRY, "first", ["registry", registry], True)
    hub = _edge(_PLACES[DAEMON], "right")
    _arrow(axes, theme, hub, (_REGISTRY[0], hub[1]), "HTTP")
    if CLIENT in chain:
        to = (_PLACES[DAEMON][0], _edge(_PLACES[CLIENT], "right")[1])
        _arrow(axes, theme, _edge(_PLACES[CLIENT], "right"), to, f"HTTP\n{short_path(chain[DAEMON].socket)}")
    if CONTAINERD in chain:
        start, to = _edge(_PLACES[DAEMON], "bottom"), _edge(_PLACES[CONTAINERD], "top")
        _arrow(axes, theme, (to[0], start[1]), to, f"gRPC, {short_path(chain[CONTAINERD].socket)}", beside=True)
        ends = _edge(_PLACES[CONTAINERD], "right"), _edge(_PLACES[SHIM], "left")
        _arrow(axes, theme, *ends, f"ttRPC\n{short_path(chain[SHIM].socket)}")
    start, to = _edge(_PLACES[SHIM], "bottom"), _edge(_PLACES[MAIN], "top")
    _arrow(axes, theme, start, (start[0], to[1]), "is its parent", beside=True)
    if RUNC in chain:
        corner = _PLACES[RUNC][0] + _PLACES[RUNC][2] - 1
        _arrow(axes, theme, (_PLACES[SHIM][0] + 1, start[1]), (corner, to[1]), "starts runc, twice", dashed=True)
        _arrow(axes, theme, _edge(_PLACES[RUNC], "right"), _edge(_PLACES[MAIN], "left"), "makes it", dashed=True)
    return figure


def _edge(place: Place, side: str) -> tuple[float, float]:
    x, y, width, height = place
    return {
        "left": (x, y + height / 2),
        "right": (x + width, y + height / 2),
        "top": (x + width / 2, y + height),
        "bottom": (x + width / 2, y),
    }[side]


def _box(axes: Axes, theme: Theme, place: Place, hue: str, lines: Sequence[str], alive: bool) -> None:
    x, y, width, height = place
    edge = getattr(theme, hue) if alive else theme.quiet
    fill, line = (theme.tint(edge), "-") if alive else (theme.ground, "--")
    rounded(axes, x, y, width, height, edgecolor=edge, facecolor=fill, linewidth=1.3, linestyle=line)
    middle = y + height / 2 + 1.25 * (len(lines) - 1)
    for row, line in enumerate(lines):
        _words(axes, theme, x + width / 2, middle - 2.5 * row, line, fontweight="bold" if row == 0 else "normal")


def _words(axes: Axes, theme: Theme, x: float, y: float, text: str, **style: Any) -> None:
    options: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9.5, "color": theme.ink, "linespacing": 1.3}
    axes.text(x, y, text, **{**options, **style})


def _arrow(
    axes: Axes, theme: Theme, start: tuple[float, float], end: tuple[float, float], label: str, *,
    beside: bool = False, dashed: bool = False,
) -> None:  # fmt: skip
    """An arrow with its label above the middle, or beside it."""
    style = {"arrowstyle": "-|>", "color": theme.ink, "linewidth": 1.3, "shrinkA": 3, "shrinkB": 3}
    axes.annotate("", end, start, arrowprops={**style, "linestyle": "--" if dashed else "-"})
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if beside:
        x, place = x + 1, {"ha": "left", "va": "center"}
    elif start[1] != end[1]:  # a slanting one: its label stands left of its middle
        x, y, place = x - 3, y + 0.8, {"ha": "right", "va": "center"}
    else:
        y, place = y + 0.6, {"ha": "center", "va": "bottom"}
    _words(axes, theme, x, y, label, fontsize=9, color=theme.quiet, **place)
