"""Refuse an exercise that is not whole: `lint(lesson)` gives one sentence per fault, none when all is well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from labsupport.exercises import catalog, sources
from labsupport.exercises.catalog import Lesson, prefixes
from labsupport.exercises.checks import Answer
from labsupport.exercises.exercise import TAKEN, Exercise, Wrong
from labsupport.exercises.hints import STEPS
from labsupport.exercises.lab import KINDS
from labsupport.exercises.quiz import Prediction, Quiz
from labsupport.exercises.scene import NEEDS

WRONG, RIGHT = 3, 3  # attempts at least
_SLEEPS = re.compile(r"\btime\.sleep\b|\bfrom time import\b.*\bsleep\b")
# `{key}` with single braces only: `{{json .}}` is a Go template, `${x}` the shell's
_FIELD = re.compile(r"(?<![{$])\{([a-z][a-z0-9_]*)\}(?!\})")


def lint(lesson: Lesson) -> list[str]:
    """Everything that is wrong with a lesson's declarations."""
    faults: list[str] = []
    for name, times in Counter(entry.id for entry in lesson.entries).items():
        if times > 1:
            faults.append(f"{name}: declared {times} times")
    for entry in lesson.entries:
        if entry.id.partition(".")[0] not in prefixes(lesson.folder):
            begins = " or ".join(f"{prefix}." for prefix in prefixes(lesson.folder))
            faults.append(f"{entry.id}: ids in {lesson.folder.name} begin with {begins}")
    if len(catalog.begin(lesson)) > 1:
        faults.append(f"{lesson.folder.name}: its ids begin differently")
    for exercise in lesson.exercises:
        faults += [f"{exercise.id}: {fault}" for fault in _exercise(exercise)]
        faults += [f"{exercise.id}: {fault}" for fault in _folder(exercise)]
        faults += [f"{exercise.id}: {fault}" for fault in _hints(lesson.hints.get(exercise.id, ()), exercise)]
    for quiz in lesson.quizzes:
        faults += [f"{quiz.id}: {fault}" for fault in _quiz(quiz)]
    for prediction in lesson.predictions:
        faults += [f"{prediction.id}: {fault}" for fault in _prediction(prediction)]
    for path in sources.written(lesson.folder):
        if _SLEEPS.search(path.read_text("utf-8")):
            where = path.relative_to(lesson.folder.parent)
            faults.append(f"{where}: a check sleeps; wait for a condition with lab.wait")
    return faults


def _folder(exercise: Exercise) -> Iterator[str]:
    if not exercise.folder:
        return
    number = sources.number(exercise.folder)[0]
    if exercise.id.partition(".")[2] != str(number):
        yield f"its folder {exercise.folder.name} has another number"
    named = exercise.scene.files if exercise.scene else ""
    if named and not (exercise.folder / named).is_dir():
        yield f"its scene's files are not there: {named}"
    if (exercise.folder / "files").is_dir() and '"files' not in (exercise.folder / sources.EXERCISE).read_text("utf-8"):
        yield "nothing names its folder files"


def _exercise(exercise: Exercise) -> Iterator[str]:
    if not exercise.goal.strip() or not exercise.title.strip():
        yield "no goal or no title"
    if not exercise.solution and exercise.answers is None:
        yield "no passing solution"
    yield from _steps(exercise)
    yield from _attempts(exercise.wrong)
    if len(exercise.right) < RIGHT:
        yield f"{len(exercise.right)} other right attempts, at least {RIGHT} are needed"
    if len({attempt.name for attempt in exercise.right}) < len(exercise.right):
        yield "two right attempts have one name"
    for need in exercise.needs:
        if need not in NEEDS:
            yield f"needs {need!r}, which is none of {', '.join(NEEDS)}"
    for owned in exercise.owns:
        kind, colon, name = owned.partition(":")
        if kind not in KINDS or not colon or not name:
            yield f"owns {owned!r}, which is not KIND:NAME with a kind of {', '.join(KINDS)}"
    for key in exercise.seeds:
        if key.upper() in TAKEN:
            yield f"the seed {key!r} would change ${key.upper()} of the cells: call it otherwise"
    known = exercise.values("lint")
    for text in _texts(exercise):
        for field in _FIELD.findall(text):
            if field not in known:
                yield f"{{{field}}} is no seed of it: {text[:60]!r}"


def _steps(exercise: Exercise) -> Iterator[str]:
    if not exercise.steps:
        yield "no steps"
    earlier: set[str] = set()
    for step in exercise.steps:
        if not step.checks:
            yield f"step {step.name!r} has no check"
        if step.points <= 0:
            yield f"step {step.name!r} has no points"
        if step.name in earlier:
            yield f"two steps are called {step.name!r}"
        if unknown := [name for name in step.after if name not in earlier]:
            yield f"step {step.name!r} comes after {', '.join(unknown)}, which is no earlier step"
        earlier.add(step.name)


def _attempts(wrong: tuple[Wrong, ...]) -> Iterator[str]:
    if len(wrong) < WRONG:
        yield f"{len(wrong)} wrong attempts, at least {WRONG} are needed"
    if len({attempt.name for attempt in wrong}) < len(wrong):
        yield "two wrong attempts have one name"
    if len({(attempt.commands, repr(attempt.answers)) for attempt in wrong}) < len(wrong):
        yield "two wrong attempts do the same"
    for attempt in wrong:
        if not attempt.commands and attempt.answers is None:
            yield f"the wrong attempt {attempt.name!r} does nothing"
        if not attempt.says.strip():
            yield f"the wrong attempt {attempt.name!r} does not say which message it must get"


def _texts(exercise: Exercise) -> Iterator[str]:
    yield exercise.goal
    yield from exercise.solution
    yield from exercise.owns
    for other in exercise.right:
        yield from other.commands
    for attempt in exercise.wrong:
        yield from (*attempt.commands, attempt.says)
    for step in exercise.steps:
        for check in step.checks:
            yield check.what
            if not isinstance(check, Answer):
                yield check.look.where
    if exercise.scene:
        yield from (*exercise.scene.prepare, *exercise.scene.again)
        for command in exercise.scene.commands:
            yield from (command,) if isinstance(command, str) else command


def _hints(hints: tuple[str, ...], exercise: Exercise) -> Iterator[str]:
    if len(hints) != STEPS:
        yield f"{len(hints)} hints in hints.md, {STEPS} are needed"
    known = exercise.values("lint")
    for number, hint in enumerate(hints, 1):
        if not hint:
            yield f"hint {number} is empty"
        for field in _FIELD.findall(hint):
            if field not in known:
                yield f"{{{field}}} in hint {number} is no seed of it"


def _quiz(quiz: Quiz) -> Iterator[str]:
    if len(quiz.choices) < 2 or not quiz.right or len(quiz.right) == len(quiz.choices):
        yield "a quiz needs two choices at least, a right one and a wrong one"
    for choice in quiz.choices:
        if not choice.why.strip():
            yield f"the choice {choice.text!r} has no explanation"


def _prediction(prediction: Prediction) -> Iterator[str]:
    if prediction.happened is None:
        yield "nothing to compare the prediction with"
    if isinstance(prediction.happened, str) and prediction.choices:
        try:
            prediction.accepted(prediction.happened)
        except ValueError:
            yield f"{prediction.happened!r} is none of its choices"
