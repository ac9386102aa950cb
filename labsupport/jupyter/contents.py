"""The course's contents as JupyterLab's first page shows them: lessons, what each needs, how far the learner is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labsupport.doctor import lessons as needs
from labsupport.doctor.engine import Facts
from labsupport.errors import CourseError
from labsupport.exercises import catalog, overview
from labsupport.exercises.overview import Row

_FACTS_FOR = 30.0  # seconds; what an engine can do changes only with another engine
_NUMBERS = {"an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "ten": "10"}
_one_at_a_time = threading.Lock()
_facts: tuple[float, Facts] = (0.0, Facts())


@dataclass(frozen=True)
class Lesson:
    """One line of the contents. path is below the working copy; after: the numbers of the lessons it builds on;
    state: "done", "begun" or "open"; lacking: what this machine has not for it and what mends that, in words.
    """

    number: str
    title: str
    path: str
    minutes: int
    after: tuple[str, ...]
    state: str
    earned: float
    points: float
    lacking: tuple[str, ...]
    exercises: tuple[dict[str, Any], ...]


def read() -> dict[str, Any]:
    """The contents as JSON, from labs/, this learner's progress and the engine that runs. Takes turns with others."""
    from labsupport.exercises import session

    with _one_at_a_time:  # lessons are loaded at the first call, and two browser tabs ask at once
        progress = session.progress()
        return contents(catalog.labs(), overview.rows(progress), progress.read()["predictions"], _engine())


def _engine() -> Facts:
    global _facts
    asked, facts = _facts
    if not facts.info or time.monotonic() - asked > _FACTS_FOR:
        from labsupport.doctor import engine

        try:
            facts = engine.findings()[1]
        except CourseError:
            facts = Facts()  # what ails the sandbox, its own commands say; the lessons are there
        _facts = (time.monotonic(), facts)
    return facts


def contents(labs: Path, rows: Sequence[Row], predictions: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The same from these alone. next is what to go on with: None when all is done."""
    found = []
    for source in sorted(labs.glob("*/lesson.md")):
        name = source.parent.name
        mine = [row for row in rows if row.lesson == name]
        begun = any(key.startswith(f"{name.split('-')[0]}.") for key in predictions)
        found.append(_lesson(name, source.read_text(encoding="utf-8"), mine, begun, facts))
    earned, points = overview.totals(rows)
    following = overview.next_row(rows)
    place = {each["id"]: lesson.path for lesson in found for each in lesson.exercises}
    return {
        "lessons": [asdict(lesson) for lesson in found],
        "earned": earned,
        "points": points,
        "begun": any(lesson.state != "open" for lesson in found),
        "next": following
        and {
            "id": following.id,
            "title": _plain(following.title),
            "minutes": following.minutes,
            "path": place.get(following.id, ""),
        },
    }


def _lesson(name: str, source: str, rows: Sequence[Row], predicted: bool, facts: Facts) -> Lesson:
    earned, points = overview.totals(rows)
    counted = [row.state for row in rows if row.state != "not here"]
    touched = predicted or any(row.tries or row.hints or row.state in ("tried", "done") for row in rows)
    done = bool(counted) and all(state == "done" for state in counted)
    lacking = [
        found.seen + (f". What mends it: {found.mend}" if found.mend else "")
        for found in needs.unmet(name, source, facts)
    ]
    return Lesson(
        number=name.split("-")[0],
        title=title_of(source) or name,
        path=f"notebooks/{name}.ipynb",
        minutes=minutes_of(source) or sum(row.minutes for row in rows),
        after=after_of(source),
        state="done" if done else "begun" if touched else "open",
        earned=earned,
        points=points,
        lacking=tuple(lacking),
        exercises=tuple(_exercise(row) for row in rows),
    )


def _exercise(row: Row) -> dict[str, Any]:
    shown = {"id": row.id, "title": _plain(row.title), "kind": row.kind, "state": row.state}
    return {**shown, "earned": row.earned, "points": row.points, "symbol": overview.SYMBOLS[row.state]}


def _plain(words: str) -> str:
    return words.replace("`", "")


def title_of(source: str) -> str:
    """A lesson source's title, "" when it has none."""
    found = re.search(r"^# +(.+?)\s*$", source, re.MULTILINE)
    return found[1] if found else ""


def _needed(source: str) -> str:
    """The words of a lesson's section "What you need"."""
    found = re.search(r"^## What you need\n(.*?)(?=^## |^```)", source, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def minutes_of(source: str) -> int:
    """How long a lesson says it takes, "About 90 minutes" or "About two hours"; 0 when it does not for the whole."""
    found = re.search(r"\bAbout (\w+) (minute|hour)s?\b(?! each)", _needed(source))
    number = _NUMBERS.get(found[1], found[1]) if found else "0"
    return int(number) * (60 if found and found[2] == "hour" else 1) if number.isdecimal() else 0


def after_of(source: str) -> tuple[str, ...]:
    """The numbers of the lessons that a lesson's "What you need" links to."""
    return tuple(sorted(set(re.findall(r"notebooks/(\d+)-", _needed(source)))))
