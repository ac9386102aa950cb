"""Find the lessons' exercises, quizzes and predictions by id; a lesson's checks.py is loaded when it is needed.

"01.2" is in labs/01-*/checks.py, "bug.3" in labs/bughunt-03-*/checks.py. A checks.py is a module of its own with
EXERCISES, QUIZZES and PREDICTIONS (tuples, each optional).
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises import hints, seeds
from labsupport.exercises.answers import words
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.quiz import Prediction, Quiz

Entry = Exercise | Quiz | Prediction
_BUG = re.compile(r"bughunt-0*(\d+)-")


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


_loaded: dict[Path, tuple[int, Lesson]] = {}
_assigned: dict[tuple[Path, str], dict[str, frozenset[Any]]] = {}


def _module(path: Path) -> ModuleType:
    name = "course_checks_" + re.sub(r"\W", "_", path.parent.name)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LessonError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a lesson's author got wrong, say where
        sys.modules.pop(name, None)
        raise LessonError(f"{path} does not load", seen=f"{type(error).__name__}: {error}") from error
    return module


def load(folder: Path) -> Lesson:
    """One lesson's declarations; read again only when checks.py or hints.md changed."""
    path, hint_path = folder / "checks.py", folder / "hints.md"
    stamp = path.stat().st_mtime_ns + (hint_path.stat().st_mtime_ns if hint_path.is_file() else 0)
    if folder in _loaded and _loaded[folder][0] == stamp:
        return _loaded[folder][1]
    module = _module(path)
    _assigned.clear()  # a lesson that was changed may take other names
    exercises = tuple(getattr(module, "EXERCISES", ()))
    lesson = Lesson(
        folder,
        tuple(replace(each, taken=partial(taken_before, each.id, folder.parent)) for each in exercises),
        tuple(getattr(module, "QUIZZES", ())),
        tuple(getattr(module, "PREDICTIONS", ())),
        hints.read(folder),
    )
    _loaded[folder] = (stamp, lesson)
    return lesson


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
    """The folders of labs/ that have a checks.py, in the order of the course: lessons, then bug hunts."""
    found = [path.parent for path in (root or labs()).glob("*/checks.py")]
    return sorted(found, key=lambda folder: (not folder.name[:1].isdigit(), folder.name))


def lessons(root: Path | None = None) -> Iterator[Lesson]:
    for folder in folders(root):
        yield load(folder)


def prefix(folder: Path) -> str:
    """ "01" for 01-why-containers, "bug" for bughunt-03-disk-full: how the ids in it begin."""
    return "bug" if _BUG.match(folder.name) else folder.name.split("-")[0]


def _candidates(wanted: str, root: Path | None) -> list[Path]:
    lesson, _, number = wanted.partition(".")
    if lesson != "bug":
        return [folder for folder in folders(root) if prefix(folder) == lesson]
    numbered = ((folder, _BUG.match(folder.name)) for folder in folders(root))
    return [folder for folder, match in numbered if match and match[1] == number.split(".")[0].lstrip("0")]


def find(wanted: str, root: Path | None = None) -> tuple[Lesson, Entry]:
    """The lesson and the entry with this id. Raises LessonError with the nearest ids there are."""
    if not isinstance(wanted, str):
        raise LessonError(f'an exercise is named by a text such as "01.2", not {words(wanted)}')
    wanted = str.__str__(wanted).strip()
    for folder in _candidates(wanted, root):
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
    mine = [folder for folder in folders(root) if prefix(folder) == lesson]
    if not mine:
        there = ", ".join(sorted({prefix(folder) for folder in folders(root)}))
        raise LessonError(f"there is no lesson {words(lesson)}", seen=f"there are: {there}")
    return [exercise for folder in mine for exercise in load(folder).exercises]


def following(wanted: str, root: Path | None = None) -> str:
    """The id of the lesson's next exercise (of the next bug hunt), or "" after the last: a new lesson elsewhere
    changes nothing here.
    """
    lesson, _ = find(wanted, root)
    mine = [folder for folder in folders(root) if prefix(folder) == prefix(lesson.folder)]
    for folder in mine[mine.index(lesson.folder) :]:
        ids = [exercise.id for exercise in load(folder).exercises]
        later = ids[ids.index(wanted) + 1 :] if wanted in ids else ids
        if later:
            return later[0]
    return ""
