"""The running sandbox, seen from an exercise: who the learner is, where they work, what the engine recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from labsupport import sandbox
from labsupport.errors import EngineFailed, LessonError
from labsupport.exercises import answers, catalog, scene
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.lab import Lab
from labsupport.exercises.progress import Progress
from labsupport.exercises.recorded import EventSource
from labsupport.sandbox import paths

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


def open_lab(exercise: Exercise, answer: Any = None) -> Lab:
    """A lab on the sandbox that runs. Raises SandboxNotRunning, EngineFailed."""
    box = sandbox.attach()
    client = box.client()
    given, refused = answers.read(answer)
    return Lab(
        client,
        exercise.values(seed()),
        folder(exercise),
        given,
        EventSource(client, box.directory / "events.jsonl"),
        progress().begun(exercise.id),
        reach="machine",
        refused=refused,
    )


def engine_id(opened: Lab) -> str:
    """The id that the lab's engine gives itself, "" when it can't be asked now."""
    import requests
    from docker.errors import DockerException

    try:
        return str(opened.client.info().get("ID") or "")
    except (DockerException, requests.RequestException, ConnectionError, TimeoutError):
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


def begin(exercise: Exercise, lesson: Path, *, anew: bool = False) -> str:
    """Set up an exercise's scene: "begun", or "resumed" when it is already there and anew is false.

    A scene counts as there when it was begun after the engine's last reset, so a restarted kernel goes on where it
    was. Raises LessonError when a command of the scene fails, SandboxNotRunning, EngineFailed.
    """
    with _writable(exercise), _answering():
        return _begin(exercise, lesson, anew=anew)


@contextmanager
def _answering() -> Iterator[None]:
    """What the Docker SDK raises, as an error a learner can act on. Raises EngineFailed."""
    import requests
    from docker.errors import APIError, DockerException

    try:
        yield
    except APIError as error:
        said = " ".join(str(error.explanation or error).split())
        raise EngineFailed("the engine refused", seen=said, next_command="python3 -m labsupport doctor") from error
    except (DockerException, requests.RequestException, ConnectionError, TimeoutError) as error:
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


def _begin(exercise: Exercise, lesson: Path, *, anew: bool) -> str:
    box = sandbox.attach()
    client, kept = box.client(), progress()
    began = kept.begun(exercise.id)
    if began and not anew and _still_there(exercise, client):
        return "resumed"
    if missing := scene.lacking(exercise, client):
        raise LessonError(f"{exercise.id} does not work here: {missing}", next_command="python3 -m labsupport doctor")
    known = exercise.values(seed())
    moment = time.time()
    environment = {**box.environment(), **exercise.variables(seed()), "LAB": str(folder(exercise))}
    scene.set_up(exercise, lesson, folder(exercise), client, known, environment)
    kept.set_begun(exercise.id, moment)
    return "begun"


def _still_there(exercise: Exercise, client: Any) -> bool:
    """Whether the engine still has anything of a begun scene (a reset sandbox has not)."""
    if exercise.scene is None or not exercise.scene.commands:
        return folder(exercise).is_dir()
    mine = {"label": f"course.lab={exercise.id}"}
    return bool(
        client.api.containers(all=True, filters=mine)
        or client.api.images(filters=mine)
        or client.api.volumes(filters=mine)["Volumes"]
        or client.api.networks(filters=mine)
    )
