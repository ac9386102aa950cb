"""The states of a container as a map, and the ways that containers really went, counted from an event stream.

The states are those of `docker inspect` (.State.Status); the events are those of `GET /events` (Engine API). A stop
is told by the event `stop`, a kill by `kill` without it, memory by `oom`: `die` alone does not say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labsupport.figures.states import Arrow, StateMap, Way
from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Event = Mapping[str, Any]

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
_MAP = StateMap(
    ways=WAYS,
    places={
        "nothing": (7, 27), "created": (29, 27), "running": (55, 27), "paused": (83, 27), "exited": (55, 5),
        "removed": (29, 5),
    },
    arrows={
        ("nothing", "created"): Arrow((13.3, 27), (22.7, 27), (18, 28.3)),
        ("created", "running"): Arrow((35.3, 27), (48.7, 27), (42, 28.3)),
        ("running", "paused"): Arrow((61.3, 28.5), (76.7, 28.5), (69, 31.6), bend=-0.22),
        ("paused", "running"): Arrow((76.7, 25.5), (61.3, 25.5), (69, 22.4), bend=-0.22),
        ("running", "exited"): Arrow((57.5, 24.2), (57.5, 7.8), (58.6, 19.3), "left"),
        ("exited", "running"): Arrow((52.5, 7.8), (52.5, 24.2), (51.6, 16), "right"),
        ("exited", "removed"): Arrow((48.7, 5), (35.3, 5), (42, 6.3)),
        ("created", "removed"): Arrow((29, 24.2), (29, 7.8), (28.2, 16), "right"),
    },
    outside=("nothing", "removed"),
    high=3.7,
    width=90,
    span=(1, 34),
    box=(12.5, 5.4),
    line=2.3,
)  # fmt: skip


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
    return Picture(lambda theme: _MAP.draw(theme, title, gone), alt, Table(("from", "by", "to", "times"), rows))


def plain_map(theme: Theme) -> Figure:
    """The map alone: every state and every way."""
    return _MAP.draw(theme, "", None)


def _counted(gone: Counter[Way]) -> list[tuple[Way, int]]:
    return [(way, gone[way]) for way in WAYS]
