"""The states of a container as the OCI runtime specification has them, and the ways that runs really took.

The specification (runtime.md, "State" and "Lifecycle") knows creating, created, running and stopped; `delete` ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from labsupport.figures.states import Arrow, StateMap, Way
from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WAYS: tuple[Way, ...] = (
    ("nothing", "created", "create"),
    ("created", "running", "start"),
    ("running", "running", "kill TERM"),
    ("running", "stopped", "kill KILL"),
    ("running", "stopped", "the program ends"),
    ("created", "stopped", "kill KILL"),
    ("stopped", "nothing", "delete"),
)
_MAP = StateMap(
    ways=WAYS,
    places={"nothing": (10, 24), "created": (40, 24), "running": (70, 24), "stopped": (70, 5)},
    arrows={
        ("nothing", "created"): Arrow((17.6, 24), (32.4, 24), (25, 25.5)),
        ("created", "running"): Arrow((47.6, 24), (62.4, 24), (55, 25.5)),
        ("running", "running"): Arrow((77.6, 25.6), (77.6, 22.4), (81.8, 24), "left", -1.6),
        ("running", "stopped"): Arrow((70, 20.7), (70, 8.3), (71.2, 15.6), "left"),
        ("created", "stopped"): Arrow((44, 20.7), (62.4, 6.2), (54.6, 15.6), "left"),
        ("stopped", "nothing"): Arrow((62.4, 4.2), (10, 20.7), (27.5, 5.6), "right", -0.25),
    },
    outside=("nothing",),
    high=3.2,
    width=96,
    span=(-1, 30),
    box=(15.0, 6.4),
    line=2.6,
)


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
    return Picture(lambda theme: _MAP.draw(theme, title, gone), alt, Table(("from", "by", "to", "times"), rows))


def plain_states(theme: Theme) -> Figure:
    """The map alone: every state and every way."""
    return _MAP.draw(theme, "", None)
