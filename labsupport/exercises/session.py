"""The running sandbox, seen from an exercise: who the learner is, where they work, what the engine recorded."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labsupport import sandbox
from labsupport.errors import EngineFailed, LessonError
from labsupport.exercises import answers, begun, catalog, evaluate, scene, tidy
from labsupport.exercises.exercise import Exercise, unasked
from labsupport.exercises.lab import Lab, no_answer
from labsupport.exercises.outcome import Report
from labsupport.exercises.progress import Progress
from labsupport.exercises.recorded import EventSource, engine_now
from labsupport.sandbox import ended, paths, state

START = "python3 -m labsupport start"


def progress() -> Progress:
    """This learner's progress: `progress.json` in the working folder."""
    return Progress(paths.work() / "progress.json")


def seed() -> str:
    """LABSUPPORT_SEED, else the one drawn when this learner's progress began."""
    return os.environ.get("LABSUPPORT_SEED") or progress().learner()


def folder(exercise: Exercise) -> Path:
    """The working folder of an exercise."""
    return paths.work() / "exercises" / exercise.id


def _bookmark() -> Path | None:
    """The file that names the exercise of this kernel's notebook; None where no Jupyter server names the notebook."""
    name = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
    return paths.work() / "exercises" / ".at" / name if name else None


def keep_current(exercise: Exercise) -> None:
    """Keep that this notebook is at this exercise now, for its next kernel, which does without where that fails."""
    if file := _bookmark():
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(exercise.id, encoding="utf-8")


def current() -> Exercise | None:
    """The exercise this notebook was last at; None when it was at none, or when the course has it no more."""
    try:
        file = _bookmark()
        return catalog.find_exercise(file.read_text(encoding="utf-8"))[1] if file else None
    except (OSError, ValueError, LessonError):
        return None


def tell_terminals(variables: Mapping[str, str]) -> None:
    """Give the course's terminals these values, at their next prompt; they do without where that fails."""
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    with suppress(OSError):
        state.write_text(paths.terminal_values(), "".join(lines))


def recorded(box: sandbox.Sandbox, client: Any) -> EventSource:
    """The engine's events as this sandbox has kept them."""
    return EventSource(client, box.directory / "events.jsonl", ended.read(box.directory))


def open_lab(exercise: Exercise, answer: Any = None) -> Lab:
    """A lab on the sandbox that runs. Raises SandboxNotRunning, EngineFailed."""
    box = sandbox.attach()
    client = box.client()
    given, refused = answers.read(answer)
    moment = progress().begun(exercise.id)
    started = begun.read(box.directory, exercise.id) if moment else None  # one of another learner's counts for nothing
    return Lab(
        client,
        exercise.values(seed()),
        folder(exercise),
        given,
        recorded(box, client),
        started.moment if started else moment,
        reach="machine",
        refused=refused,
        made=started.made if started else None,
        left=started.left if started else None,
        environment=box.environment(),
    )


def check(exercise: Exercise, answer: Any = None, *, refused: Mapping[str, str] = MappingProxyType({})) -> Report:
    """Judge an exercise on the sandbox that runs, and keep the result in the progress: all of a check but to show it.

    answer: a value, or a dict of several, in types of JSON; refused: key -> why an answer that is not can't be taken.
    Where the engine can't do what is asked, the report says what is lacking, and nothing is kept. Raises
    SandboxNotRunning, EngineFailed.
    """
    opened = open_lab(exercise, answer)
    opened.refused = {**opened.refused, **refused}
    report = judge(exercise, opened)
    if not report.passed and not report.trouble and (missing := lacking(exercise)):
        return replace(report, lacking=missing)  # what was seen of an engine that can't do it would only mislead
    notes = list(report.notes)
    if report.passed:
        report = replace(report, next_exercise=catalog.following(exercise.id))
    elif exercise.scene and exercise.scene.commands and not progress().begun(exercise.id):
        notes.append(f'Its scene is not set up yet: begin("{exercise.id}")')
    if note := unasked(exercise, {**opened.answers, **opened.refused}):
        notes.append(note)
    try:
        progress().record(report, engine="" if report.trouble else _engine_id(opened), seed=seed())
    except LessonError as error:
        notes.append(f"The result could not be kept: {error.message}")
    return replace(report, notes=tuple(notes))


def judge(exercise: Exercise, opened: Lab) -> Report:
    """What the exercise's checks find; where its containers ended with the sandbox, that. Raises SandboxNotRunning."""
    cut = cut_short(exercise)
    return evaluate.interrupted(exercise, cut) if cut else evaluate.evaluate(exercise, opened)


def _engine_id(opened: Lab) -> str:
    """The id that the lab's engine gives itself, "" when it can't be asked now."""
    try:
        return str(opened.client.info().get("ID") or "")
    except no_answer():
        return ""


def lacking(exercise: Exercise) -> str:
    """What the sandbox's engine lacks for this exercise, in words; "" when nothing. Raises SandboxNotRunning.

    Kept in the progress: what can't be done here does not count. Raises EngineFailed when the engine does not answer.
    """
    if not exercise.needs:
        return ""
    with _answering():
        missing = scene.lacking(exercise, sandbox.attach().client())
    progress().set_lacking(exercise.id, missing)
    return missing


def begin(exercise: Exercise, *, anew: bool = False) -> str:
    """Set up an exercise's scene. With anew its start, however often; else nothing is ever removed.

    Gives "begun"; "resumed" when it was begun in this engine before; "gone" when it was and nothing of it is left;
    "there: ..." when it was not, and what it would make is there already. Raises LessonError when a command of the
    scene fails, SandboxNotRunning, EngineFailed.
    """
    with _writable(exercise), _answering():
        return _begin(exercise, anew=anew)


@contextmanager
def _answering() -> Iterator[None]:
    """What the Docker SDK raises, as an error a learner can act on. Raises EngineFailed."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        said = " ".join(str(error.explanation or error).split())
        raise EngineFailed("the engine refused", seen=said, next_command="python3 -m labsupport doctor") from error
    except no_answer() as error:
        seen = " ".join(str(error).split())[:200]
        raise EngineFailed("the engine does not answer", seen=seen, next_command=START) from error


@contextmanager
def _writable(exercise: Exercise) -> Iterator[None]:
    """A working folder that is a file, or belongs to somebody else. Raises LessonError."""
    try:
        yield
    except OSError as error:
        raise LessonError(
            f"the working folder of {exercise.id} can't be set up: {error.strerror or error}",
            seen=str(error.filename or folder(exercise)),
            next_command=f"ls -la {folder(exercise).parent}",
        ) from error


def _environment(box: sandbox.Sandbox, exercise: Exercise) -> dict[str, str]:
    """That of a scene's commands: the sandbox's, with the learner's values of the exercise."""
    return {**box.environment(), **exercise.variables(seed()), "LAB": str(folder(exercise))}


def _begin(exercise: Exercise, *, anew: bool) -> str:
    box = sandbox.attach()
    client, kept, known = box.client(), progress(), exercise.values(seed())
    if not anew:
        there = begun.names(begun.things(client, exercise, known))
        if kept.begun(exercise.id) and (there or begun.read(box.directory, exercise.id)):
            scene.lay_missing(exercise, folder(exercise))
            return "resumed" if there or not (exercise.scene and exercise.scene.commands) else "gone"
        if there:
            return f"there: {', '.join(there)}"
    if missing := scene.lacking(exercise, client):
        raise LessonError(f"{exercise.id} does not work here: {missing}", next_command="python3 -m labsupport doctor")
    environment = _environment(box, exercise)
    earlier = begun.read(box.directory, exercise.id)
    made = earlier.made if earlier else scene.NOTHING
    moment = scene.set_up(exercise, folder(exercise), client, known, environment, made)
    begun.write(box.directory, exercise.id, begun.after(client, exercise, known, folder(exercise), moment))
    kept.set_begun(exercise.id, moment)
    return "begun"


def cut_short(exercise: Exercise) -> dict[str, bool]:
    """The exercise's containers that ran when the sandbox was stopped and have not been started since.

    By name: whether a start brings it back as it was; what was in a tmpfs is gone. Raises SandboxNotRunning,
    EngineFailed.
    """
    box = sandbox.attach()
    if not (noted := ended.read(box.directory)):
        return {}
    with _answering():
        client = box.client()
        mine = begun.containers(client, exercise, exercise.values(seed()))
        found = {name: client.api.inspect_container(each) for name, each in mine.items() if each in noted}
    return {
        name: not each["HostConfig"].get("Tmpfs")
        for name, each in found.items()
        if not each["State"]["Running"] and ended.moment(each["State"]["StartedAt"]) < noted[each["Id"]]
    }


def bring_back(exercise: Exercise) -> list[str]:
    """Start again what the sandbox's stop has ended, where that brings it back as it was; the names."""
    from docker.errors import APIError

    started: list[str] = []
    if not (names := [name for name, comes_back in cut_short(exercise).items() if comes_back]):
        return started
    api = sandbox.attach().client().api
    for name in names:
        with suppress(APIError):  # what it needs may be gone: its check will say so
            api.start(name)
            started.append(name)
    return started


def set_up_again(exercise: Exercise) -> bool:
    """Run the scene's `again` when one of its containers was started since it was left; whether that was so.

    Raises LessonError when a command fails, SandboxNotRunning, EngineFailed.
    """
    box = sandbox.attach()
    record = begun.read(box.directory, exercise.id)
    if not (exercise.scene and exercise.scene.again and record and record.left):
        return False
    with _answering():
        opened = open_lab(exercise)
        there = begun.containers(opened.client, exercise, opened.values)
        if not any(opened.started_again(name) for name in there):
            return False
        environment = _environment(box, exercise)
        scene.run_commands(exercise.scene.again, opened.values, opened.folder, environment, strict=True)
        left = replace(record.left, moment=engine_now(opened.client))
        begun.write(box.directory, exercise.id, replace(record, left=left))
    return True


def clear(lesson: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Remove from the engine what a lesson ("03") and its exercises left there.

    Returns what could not be removed, in words, and what else is there that nobody knows, with what removes it.
    The learner's files and what was checked stay. Raises LessonError (no such lesson), SandboxNotRunning, EngineFailed.
    """
    mine = catalog.of(lesson)
    known = [(each, each.values(seed())) for each in mine]
    with _answering():
        client = sandbox.attach().client()
        return tidy.remove(client, lesson, known), tidy.unknown(client)
