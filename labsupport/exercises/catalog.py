"""Find the lessons' exercises, quizzes and predictions by id; a lesson is loaded when it is needed.

A lesson is a folder of labs/ with a `questions.py` (QUIZZES and PREDICTIONS, tuples, each optional), a folder
`exercises/`, or both. An exercise is a folder of that one, `exercises/2-slug/`: its `exercise.py` declares EXERCISE,
its hints are in `hints.md`. "05.2" is in labs/05-*/exercises/2-*/, "bug.3" in labs/*-bug-*/exercises/03-*/. There is no
list to keep: what is there counts, in the order of the numbers.

The folders are Python packages while they are loaded, so that `from ...shared import x` in an exercise.py gives what
the lesson's `shared.py` declares.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises import hints, seeds, sources
from labsupport.exercises.answers import words
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.quiz import Prediction, Quiz

Entry = Exercise | Quiz | Prediction


def labs() -> Path:
    """The labs folder: beside the package, or $LABSUPPORT_LABS."""
    value = os.environ.get("LABSUPPORT_LABS")
    return Path(value) if value else Path(__file__).resolve().parents[2] / "labs"


@dataclass(frozen=True)
class Lesson:
    """One folder of labs/ that declares something."""

    folder: Path
    exercises: tuple[Exercise, ...]
    quizzes: tuple[Quiz, ...]
    predictions: tuple[Prediction, ...]
    hints: dict[str, tuple[str, ...]]

    @property
    def entries(self) -> tuple[Entry, ...]:
        return (*self.exercises, *self.quizzes, *self.predictions)


_loaded: dict[Path, tuple[object, Lesson]] = {}
_assigned: dict[tuple[Path, str], dict[str, frozenset[Any]]] = {}


def load(folder: Path) -> Lesson:
    """One lesson's declarations; read again only when one of its files changed. Raises LessonError."""
    stamp = sources.stamp(folder)
    if folder in _loaded and _loaded[folder][0] == stamp:
        return _loaded[folder][1]
    modules = sources.load(folder)
    _assigned.clear()  # a lesson that was changed may take other names
    questions = modules.get(folder / sources.QUESTIONS)
    exercises = [_exercise(place, modules[place / sources.EXERCISE]) for place in sources.exercises(folder)]
    lesson = Lesson(
        folder,
        tuple(exercises),
        tuple(getattr(questions, "QUIZZES", ())),
        tuple(getattr(questions, "PREDICTIONS", ())),
        {each.id: hints.read(each.folder) for each in exercises if each.folder},
    )
    _loaded[folder] = (stamp, lesson)
    return lesson


def _exercise(folder: Path, module: object) -> Exercise:
    declared = getattr(module, "EXERCISE", None)
    if not isinstance(declared, Exercise):
        raise LessonError(f"{folder / sources.EXERCISE} declares no exercise", seen="no EXERCISE = Exercise(...) in it")
    return replace(declared, folder=folder, taken=partial(taken_before, declared.id, folder.parents[2]))


def taken_before(exercise: str, root: Path, seed: str) -> frozenset[Any]:
    """The names and ports that a learner's exercises before this one have, in the order of the course.

    Containers of an exercise may be there long after it is done: the next must not need their names or ports.
    """
    if (root, seed) not in _assigned:
        taken: frozenset[Any] = frozenset()
        before: dict[str, frozenset[Any]] = {}
        for folder in folders(root):
            try:
                exercises = load(folder).exercises
            except LessonError:
                continue  # its own cells say what is wrong with it
            for each in exercises:
                before[each.id] = taken
                taken |= seeds.shared(each.seeds, seeds.values(seed, each.id, each.seeds, taken))
        _assigned[root, seed] = before  # after the lessons were loaded: loading one forgets what was assigned
    return _assigned[root, seed].get(exercise, frozenset())


def folders(root: Path | None = None) -> list[Path]:
    """The folders of labs/ that declare something, in the order of the course."""
    return sources.lessons(root or labs())


def lessons(root: Path | None = None) -> Iterator[Lesson]:
    for folder in folders(root):
        yield load(folder)


def prefixes(folder: Path) -> tuple[str, str]:
    """How the ids in a lesson may begin, the same for all of it: with its number or the first word after it."""
    number, word, *_ = [*folder.name.split("-"), ""]
    return number, word


def find(wanted: str, root: Path | None = None) -> tuple[Lesson, Entry]:
    """The lesson and the entry with this id. Raises LessonError with the nearest ids there are."""
    if not isinstance(wanted, str):
        raise LessonError(f'an exercise is named by a text such as "01.2", not {words(wanted)}')
    wanted = str.__str__(wanted).strip()
    for folder in (each for each in folders(root) if wanted.partition(".")[0] in prefixes(each)):
        lesson = load(folder)
        for entry in lesson.entries:
            if entry.id == wanted:
                return lesson, entry
    known = [entry.id for lesson in lessons(root) for entry in lesson.entries]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    raise LessonError(
        f"there is no exercise {words(wanted)}",
        seen=f"near it: {', '.join(near)}" if near else f"{len(known)} exercises, none with a name like it",
        next_command="python3 -m labsupport progress",
    )


def find_exercise(wanted: str, root: Path | None = None) -> tuple[Lesson, Exercise]:
    lesson, entry = find(wanted, root)
    if not isinstance(entry, Exercise):
        call = "quiz" if isinstance(entry, Quiz) else "predict"
        raise LessonError(f"{wanted} is not an exercise", next_command=f'{call}("{wanted}")')
    return lesson, entry


def of(lesson: str, root: Path | None = None) -> list[Exercise]:
    """A lesson's exercises ("03"), or all hunts ("bug"). Raises LessonError for one that is not there."""
    for folder in (each for each in folders(root) if lesson in prefixes(each)):
        if lesson in begin(load(folder)):
            return list(load(folder).exercises)
    there = ", ".join(sorted({one for each in lessons(root) for one in begin(each)}))
    raise LessonError(f"there is no lesson {words(lesson)}", seen=f"there are: {there}")


def begin(lesson: Lesson) -> set[str]:
    """How its ids begin: {"03"}."""
    return {entry.id.partition(".")[0] for entry in lesson.entries}


def following(wanted: str, root: Path | None = None) -> str:
    """The id of the lesson's next exercise, or "" after the last: a new lesson elsewhere changes nothing here."""
    ids = [exercise.id for exercise in find(wanted, root)[0].exercises]
    later = ids[ids.index(wanted) + 1 :] if wanted in ids else ids
    return later[0] if later else ""
