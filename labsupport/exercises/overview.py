"""How far the learner is: every exercise and quiz of the course beside the progress, and what to do next."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises import catalog, hints
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.progress import Progress
from labsupport.exercises.render import number


@dataclass(frozen=True)
class Row:
    """One exercise or quiz. call is what to type to go on with it; result is where the best result came from.

    state: "done", "tried", "open", or "not here" for one that the learner's engine can't do: it does not count.
    """

    id: str
    title: str
    lesson: str
    kind: str
    state: str
    earned: float
    points: float
    tries: int
    hints: int
    minutes: int
    call: str
    result: dict[str, Any] | None = None


def rows(progress: Progress, root: Path | None = None) -> list[Row]:
    """Every exercise and quiz in the order of the course. A lesson that does not load is left out."""
    data = progress.read()
    found: list[Row] = []
    for folder in catalog.folders(root):
        try:
            lesson = catalog.load(folder)
        except LessonError:
            continue  # its own cells say what is wrong with it
        for exercise in lesson.exercises:
            found.append(_exercise(exercise, folder.name, data))
        for quiz in lesson.quizzes:
            kept = data["quizzes"].get(quiz.id, {})
            first = quiz.question.splitlines()[0]
            found.append(_row(quiz.id, first, folder.name, "quiz", kept, quiz.points, 1, f'quiz("{quiz.id}")'))
    return found


def _exercise(exercise: Exercise, lesson: str, data: dict[str, Any]) -> Row:
    kept = data["exercises"].get(exercise.id, {})
    begun = exercise.id in data["scenes"]
    call = f'begin("{exercise.id}")' if exercise.scene and not begun else f'check("{exercise.id}")'
    row = _row(exercise.id, exercise.title, lesson, "exercise", kept, exercise.points, exercise.minutes, call)
    if row.state != "done" and exercise.id in data["lacking"]:
        return replace(row, state="not here")
    return replace(row, state="tried") if row.state == "open" and begun else row


def hint_cost() -> float:
    """The fraction of an exercise's points that each hint read before it was passed costs: the teacher's setting.

    LABSUPPORT_HINT_COST, else "hint_cost" in labs/course.json, else 0. Raises LessonError when it is not 0 to 1/3.
    """
    setting: Any = os.environ.get("LABSUPPORT_HINT_COST")
    path = catalog.labs() / "course.json"
    try:
        if setting is None and path.is_file():
            setting = json.loads(path.read_text(encoding="utf-8")).get("hint_cost", 0)
        cost = float(setting or 0)
    except (ValueError, AttributeError, TypeError):
        cost = -1
    if not 0 <= cost <= 1 / hints.STEPS:
        raise LessonError("what a hint costs is a fraction between 0 and 0.33", seen=f"hint_cost {setting!r}")
    return cost


def _row(
    name: str, title: str, lesson: str, kind: str, kept: dict[str, Any], points: float, minutes: int, call: str
) -> Row:
    state = "done" if kept.get("passed") else "tried" if kept.get("tries") else "open"
    # The points of today's exercise count: an update may have changed them since they were earned.
    earned = points if state == "done" else min(float(kept.get("earned", 0)), points)
    needed = kept.get("hints_needed", kept.get("hints", 0))
    earned = round(earned * (1 - hint_cost() * min(needed, hints.STEPS)), 2) if needed else earned
    return Row(
        name, title, lesson, kind, state, earned, points, kept.get("tries", 0), kept.get("hints", 0), minutes, call,
        kept.get("result"),
    )  # fmt: skip


def next_row(found: Sequence[Row]) -> Row | None:
    """What to do next: what was tried last in the course's order and not finished, else the first open one."""
    open_ones = [row for row in found if row.state in ("tried", "open")]
    tried = [row for row in open_ones if row.state == "tried"]
    first = tried or open_ones
    return first[0] if first else None


def totals(found: Sequence[Row]) -> tuple[float, float]:
    """Points earned and points there are, without what can't be done here."""
    counted = [row for row in found if row.state != "not here"]
    return sum(row.earned for row in counted), sum(row.points for row in counted)


def next_words(found: Sequence[Row]) -> str:
    row = next_row(found)
    if row is None:
        return "All done." if found else "No exercises were found."
    return f"Next: {row.id} {row.title} (about {row.minutes} min). In its notebook: {row.call}"


SYMBOLS = {"done": "✔", "tried": "…", "open": "·", "not here": "○"}


def text(found: Sequence[Row]) -> str:
    """The overview as text: a line per lesson, a line per exercise, the sum, and what to do next."""
    lines: list[str] = []
    for lesson in dict.fromkeys(row.lesson for row in found):
        mine = [row for row in found if row.lesson == lesson]
        earned, points = totals(mine)
        lines.append(f"{lesson}: {number(earned)} of {number(points)}")
        for row in mine:
            hints = f", {row.hints} of 3 hints" if row.hints else ""
            mark = f"{SYMBOLS[row.state]} {row.state}"
            lines.append(f"  {mark:<8} {row.id:<7} {row.title} ({number(row.earned)}/{number(row.points)}{hints})")
    earned, points = totals(found)
    return "\n".join([*lines, f"Together: {number(earned)} of {number(points)} points", next_words(found)])


def as_json(progress: Progress, found: Sequence[Row]) -> str:
    """The progress as a document to hand in: the learner's seed, the sums, one object per exercise and quiz."""
    earned, points = totals(found)
    document = {
        "version": 1,
        "learner": progress.learner(),
        "earned": earned,
        "points": points,
        "rows": [asdict(row) for row in found],
        "predictions": progress.read()["predictions"],
    }
    return json.dumps(document, indent=1, sort_keys=True)


def as_csv(found: Sequence[Row]) -> str:
    """One line per exercise and quiz, with a header."""
    import csv
    import io

    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    names = ["id", "kind", "lesson", "title", "state", "earned", "points", "tries", "hints"]
    names += ["at", "engine", "seed", "evidence"]
    writer.writerow(names)
    for row in found:
        known = {**(row.result or {}), **asdict(row)}
        writer.writerow([known.get(name, "") for name in names])
    return target.getvalue()


def summary() -> str:
    """`python3 -m labsupport progress`: the overview of this learner, as text."""
    from labsupport.exercises import session

    return text(rows(session.progress()))


def export(form: str) -> str:
    """`python3 -m labsupport progress --json` or `--csv`. Raises LessonError for another form."""
    from labsupport.exercises import session

    progress = session.progress()
    if form == "json":
        return as_json(progress, rows(progress))
    if form == "csv":
        return as_csv(rows(progress))
    raise LessonError(f"progress is exported as json or csv, not {form}")
