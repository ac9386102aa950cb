"""The states of a container as a map, and the ways that containers really went, counted from an event stream.

The states are those of `docker inspect` (.State.Status); the events are those of `GET /events` (Engine API). A stop
is told by the event `stop`, a kill by `kill` without it, memory by `oom`: `die` alone does not say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Event = Mapping[str, Any]
Way = tuple[str, str, str]  # from, to, by

WAYS: tuple[Way, ...] = (
    ("nothing", "created", "create"),
    ("created", "running", "start"),
    ("running", "paused", "pause"),
    ("paused", "running", "unpause"),
    ("running", "exited", "ends by itself"),
    ("running", "exited", "stop"),
    ("running", "exited", "kill"),
    ("running", "exited", "out of memory"),
    ("exited", "running", "start"),
    ("exited", "removed", "rm"),
    ("created", "removed", "rm"),
)
_OUTSIDE = ("nothing", "removed")  # no states of a container: it is not there
_PLACES = {
    "nothing": (7, 27), "created": (29, 27), "running": (55, 27), "paused": (83, 27), "exited": (55, 5),
    "removed": (29, 5),
}  # fmt: skip
_WIDE, _HIGH = 12.5, 5.4
_BEND = 0.22
# from, to -> the arrow's ends, where its first word stands, and how the words are aligned
_ARROWS: dict[tuple[str, str], tuple[tuple[float, float], tuple[float, float], tuple[float, float], str]] = {
    ("nothing", "created"): ((13.3, 27), (22.7, 27), (18, 28.3), "center"),
    ("created", "running"): ((35.3, 27), (48.7, 27), (42, 28.3), "center"),
    ("running", "paused"): ((61.3, 28.5), (76.7, 28.5), (69, 31.6), "center"),
    ("paused", "running"): ((76.7, 25.5), (61.3, 25.5), (69, 22.4), "center"),
    ("running", "exited"): ((57.5, 24.2), (57.5, 7.8), (58.6, 19.3), "left"),
    ("exited", "running"): ((52.5, 7.8), (52.5, 24.2), (51.6, 16), "right"),
    ("exited", "removed"): ((48.7, 5), (35.3, 5), (42, 6.3), "center"),
    ("created", "removed"): ((29, 24.2), (29, 7.8), (28.2, 16), "right"),
}


def ways(events: Iterable[Event]) -> Counter[Way]:
    """How often each way was gone, from the container events in the order in which they came."""
    gone: Counter[Way] = Counter()
    state: dict[str, str] = {}
    run: dict[str, set[str]] = {}  # what happened to a container since its last start
    for event in events:
        if event.get("Type") != "container":
            continue
        name, action = str((event.get("Actor") or {}).get("ID")), str(event.get("Action"))
        now = state.get(name)
        if action == "create":
            gone["nothing", "created", "create"] += 1
            state[name] = "created"
        elif now is None:
            continue  # made before the stream began
        elif action == "start":
            gone[now, "running", "start"] += 1
            state[name], run[name] = "running", set()
        elif action in ("pause", "unpause"):
            following = "paused" if action == "pause" else "running"
            gone[now, following, action] += 1
            state[name] = following
        elif action in ("oom", "kill", "stop"):
            _ended_by(gone, run.setdefault(name, set()), action)
        elif action == "die":
            seen = run.setdefault(name, set())
            seen.add("die")
            gone["running", "exited", _cause(seen)] += 1
            state[name] = "exited"
        elif action == "destroy":
            gone[now, "removed", "rm"] += 1
            del state[name]
    return Counter({way: times for way, times in gone.items() if way in WAYS and times})


def _cause(seen: set[str]) -> str:
    if "oom" in seen:
        return "out of memory"
    return "stop" if "stop" in seen else "kill" if "kill" in seen else "ends by itself"


def _ended_by(gone: Counter[Way], seen: set[str], action: str) -> None:
    """Note what happened; `stop` and `oom` may come after the `die` they belong to, which then gets its cause."""
    if "die" in seen:
        gone["running", "exited", _cause(seen)] -= 1
        gone["running", "exited", _cause(seen | {action})] += 1
    seen.add(action)


def lifecycle(events: Iterable[Event], title: str = "The ways your containers went") -> Picture:
    """The map with what the events tell: a full arrow and its count for a way that was gone, a faint one for others.

    events: container events in the order in which they came, as the Engine API gives them.
    """
    gone = ways(events)
    words = ", ".join(f"{by} from {start} to {end} {times}" for (start, end, by), times in _counted(gone) if times)
    untried = ", ".join(f"{by} from {start} to {end}" for (start, end, by), times in _counted(gone) if not times)
    alt = f"{title}, and how often: {words or 'none yet'}. Not gone: {untried or 'none'}."
    rows = [(start, by, end, times) for (start, end, by), times in _counted(gone)]
    return Picture(lambda theme: _draw(theme, title, gone), alt, Table(("from", "by", "to", "times"), rows))


def plain_map(theme: Theme) -> Figure:
    """The map alone: every state and every way."""
    return _draw(theme, "", None)


def _counted(gone: Counter[Way]) -> list[tuple[Way, int]]:
    return [(way, gone[way]) for way in WAYS]


def _draw(theme: Theme, title: str, gone: Counter[Way] | None) -> Figure:
    """gone None: all ways alike, without counts."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.7))
    axes = figure.add_axes((0, 0, 1, 0.92 if title else 1))
    axes.set_xlim(0, 90)
    axes.set_ylim(1, 34)
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

    outside = name in _OUTSIDE
    hue = theme.quiet if outside else theme.third
    corner = (place[0] - _WIDE / 2 + 0.6, place[1] - _HIGH / 2 + 0.6)
    axes.add_patch(
        FancyBboxPatch(
            corner, _WIDE - 1.2, _HIGH - 1.2, boxstyle="round,pad=0.5,rounding_size=0.6", edgecolor=hue,
            facecolor=theme.ground if outside else theme.tint(hue), linestyle="--" if outside else "-",
        )
    )  # fmt: skip
    axes.text(*place, name, ha="center", va="center", fontsize=10.5, color=theme.ink)


def _arrow(axes: Axes, theme: Theme, between: tuple[str, str], counts: Mapping[str, int | None]) -> None:
    """One arrow from state to state, and a word for each way that leads there."""
    start, end, (x, y), align = _ARROWS[between]
    faint = all(times == 0 for times in counts.values())
    bend = _BEND if "paused" in between else 0.0
    axes.annotate(
        "", end, start,
        arrowprops={
            "arrowstyle": "-|>", "connectionstyle": f"arc3,rad={-bend}", "linestyle": ":" if faint else "-",
            "color": theme.quiet if faint else theme.ink, "linewidth": 1.0 if faint else 1.7,
        },
    )  # fmt: skip
    for row, (by, times) in enumerate(counts.items()):
        axes.text(
            x, y - 2.3 * row, f"{by}: {times}" if times else by, ha=align, va="center", fontsize=9.5,
            fontweight="bold" if times else "normal", color=theme.quiet if times == 0 else theme.ink,
        )  # fmt: skip
