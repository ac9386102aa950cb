"""Lab scenes: set an exercise's start up, undo to it, and take away what an exercise left in the engine.

Only things with the label `course.lab=<exercise id>` and the names an exercise owns are ever removed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport import pace
from labsupport.errors import LessonError
from labsupport.exercises.exercise import Exercise, Scene
from labsupport.exercises.recorded import engine_now
from labsupport.exercises.seeds import fill
from labsupport.exercises.traces import LABEL, gone_or_in_use
from labsupport.sandbox.refusals import taken_port

if TYPE_CHECKING:
    from docker import DockerClient

LONGEST = 60  # seconds a command of a scene or an attempt may take on an idle laptop
NOTHING: Mapping[str, Iterable[str]] = {}
KEPT = 3  # earlier working folders of an exercise that undo keeps


# what an exercise may need -> (does this engine, by `docker info`, have it?, what it lacks else)
NEEDS: dict[str, tuple[Callable[[dict[str, Any]], bool], str]] = {
    "cgroup": (
        lambda info: bool(info.get("MemoryLimit")) and info.get("CgroupDriver") != "none",
        "this engine cannot limit memory (a rootless engine on cgroup v1 cannot)",
    ),
    "cpu": (
        lambda info: bool(info.get("CpuCfsQuota")) and info.get("CgroupDriver") != "none",
        "this engine cannot limit processors (a rootless engine can only where systemd delegates that to users)",
    ),
    "pids": (
        lambda info: bool(info.get("PidsLimit")) and info.get("CgroupDriver") != "none",
        "this engine cannot limit the number of processes",
    ),
    "own-engine": (
        lambda info: "course.driver=container" not in (info.get("Labels") or ()),
        "the sandbox's engine is in a container or a virtual machine, and no second one can be started beside it "
        "(on Linux it can, where the sandbox's engine runs on the machine itself)",
    ),
}


def lacking(exercise: Exercise, client: DockerClient) -> str:
    """What the engine lacks for this exercise, in words; "" when nothing."""
    return lacks(exercise.needs, client)


def lacks(needs: Sequence[str], client: DockerClient) -> str:
    """What the engine lacks of these needs, keys of NEEDS, in words; "" when nothing."""
    if not needs:
        return ""
    info: dict[str, Any] = client.info()
    return "; ".join(NEEDS[need][1] for need in needs if not NEEDS[need][0](info))


def run_commands(
    commands: Sequence[str | tuple[str, ...]],
    known: Mapping[str, Any],
    folder: Path,
    environment: Mapping[str, str],
    *,
    strict: bool,
) -> str:
    """Run shell commands in the folder, one after the other, those of a tuple at the same time; their output.

    strict raises LessonError at the first command that fails; else all are run, as a learner would.
    """
    output = ""
    for command in commands:
        together = (command,) if isinstance(command, str) else command
        with ThreadPoolExecutor(max_workers=len(together)) as pool:
            done = list(pool.map(lambda each: _run(fill(each, known), folder, environment), together))
        for each, (status, said) in zip(together, done, strict=True):
            output += said
            if strict and status:
                last = " ".join(said.split()[-40:])
                raise LessonError(f"setting up failed at: {fill(each, known)}", seen=f"exit {status}: {last}")
    return output


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit status and output, both streams together, of one shell command. Raises LessonError when it hangs."""
    shell = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=dict(environment), text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        try:
            output, _ = shell.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:  # a slow machine gets longer; what was read is not lost
            output, _ = shell.communicate(timeout=pace.seconds(LONGEST) - LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)  # with all it started: one of them may hold the pipe
        shell.communicate()
        raise LessonError(f"this took longer than {LONGEST} seconds: {command}") from None
    return shell.returncode, output


def remove_owned(
    client: DockerClient, exercise: Exercise, known: Mapping[str, Any], made: Mapping[str, Iterable[str]] = NOTHING
) -> None:
    """Remove the exercise's containers, networks, volumes, and the images it owns. What is not there is fine.

    made: names, by kind, of what its scene once made: a learner may have put something else in such a place.
    """
    api = client.api
    owned = [fill(item, known).split(":", 1) for item in exercise.owns]
    label = {"label": f"course.lab={exercise.id}"}

    def names(kind: str) -> list[str]:
        return [name for what, name in owned if what == kind] + list(made.get(kind, ()))

    mine = {f"/{name}" for name in names("container")}
    there = api.containers(all=True)
    containers = [
        item["Id"]
        for item in there
        if mine & set(item.get("Names") or ()) or (item.get("Labels") or {}).get(LABEL) == exercise.id
    ]

    def remove(container: str) -> None:
        with gone_or_in_use():
            api.remove_container(container, force=True, v=True)

    if containers:
        # ending a container takes a quarter of a second, most of it waiting: undo must take less than two
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(remove, containers))
    for name in [*names("network"), *(item["Id"] for item in api.networks(filters=label))]:
        with gone_or_in_use():
            api.remove_network(name)
    for name in [*names("volume"), *(item["Name"] for item in api.volumes(filters=label)["Volumes"] or ())]:
        with gone_or_in_use():
            api.remove_volume(name, force=True)
    untagged = api.images(filters={**label, "dangling": True})
    for name in [*(name for what, name in owned if what == "image"), *(item["Id"] for item in untagged)]:
        with gone_or_in_use():
            api.remove_image(name, force=True)


def _make_folder(exercise: Exercise, folder: Path) -> Path | None:
    """Make the working folder; where the scene's files for it are, None when there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    # in an image there are programs with a set-user-id bit; unpacked in here they must be nobody else's to run
    folder.parent.chmod(0o700)
    if exercise.folder and exercise.scene and exercise.scene.files:
        return exercise.folder / exercise.scene.files
    return None


def copy_files(exercise: Exercise, folder: Path) -> None:
    """Lay the scene's files into the working folder; earlier folders are kept beside it, the last three."""
    # a learner may have put a file or a link in its place: that is kept just the same
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        old = folder.with_name(f".{folder.name}-before-{time.time_ns()}")
        folder.rename(old)
        for earlier in sorted(folder.parent.glob(f".{folder.name}-before-*"))[:-KEPT]:
            shutil.rmtree(earlier, ignore_errors=True)
    if source := _make_folder(exercise, folder):
        shutil.copytree(source, folder, dirs_exist_ok=True)


def _prepared(scene: Scene, client: DockerClient, known: Mapping[str, Any]) -> bool:
    from docker.errors import ImageNotFound

    built = re.findall(r" -t (\S+)", fill("\n".join(scene.prepare), known))
    try:
        for name in built:
            client.images.get(name)
    except ImageNotFound:
        return False
    return bool(built)


def set_up(
    exercise: Exercise,
    folder: Path,
    client: DockerClient,
    known: Mapping[str, Any],
    environment: Mapping[str, str],
    made: Mapping[str, Iterable[str]] = NOTHING,
) -> float:
    """Bring the exercise to its start: nothing of it left in the engine, fresh files, its commands run.

    Gives the moment of the start by the engine's clock: what ended the old scene came before it. made: names, by kind,
    of what the scene made the last time.

    The prepare commands run only while an image that they build (`-t NAME`) is missing, so that undo is quick.
    Raises LessonError when a command fails.
    """
    remove_owned(client, exercise, known, made)
    copy_files(exercise, folder)
    if exercise.scene and exercise.scene.prepare and not _prepared(exercise.scene, client, known):
        run_commands(exercise.scene.prepare, known, folder, environment, strict=True)
    moment = engine_now(client)
    if exercise.scene:
        try:
            run_commands(exercise.scene.commands, known, folder, environment, strict=True)
        except LessonError as error:
            remove_owned(client, exercise, known, made)  # a half of a scene would only lead astray
            raise _with_holder(error, client) from None
    return moment


def _with_holder(error: LessonError, client: DockerClient) -> LessonError:
    """The error, with the container that holds the port when that is what a command failed at."""
    taken = taken_port(error.seen)
    for row in client.api.containers() if taken else ():
        if any(str(port.get("PublicPort")) == taken for port in row.get("Ports") or ()):
            name = (row.get("Names") or [row["Id"][:12]])[0].lstrip("/")
            seen = f"{error.seen}; the container {name} holds the port"
            return LessonError(error.message, seen=seen, next_command=f"docker stop {name}")
    return error


def lay_missing(exercise: Exercise, folder: Path) -> None:
    """Lay those of the scene's files into the working folder that are not there; whatever is there stays."""
    if not (source := _make_folder(exercise, folder)):
        return
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists() and not target.is_symlink():
            shutil.copy2(path, target)
