"""Cheats that need no idea of an exercise, each tried at every one, and detours on the way to its solution.

`cheated` says which cheats pass, `led_astray` which detours change the verdict of a right solution; none may.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from labsupport.exercises import scene
from labsupport.exercises.checks import Answer
from labsupport.exercises.exercise import Exercise, answers_as_dict
from labsupport.exercises.outcome import Report
from labsupport.exercises.stage import Bench, Stage

NEIGHBOURS = "course.neighbours"  # the label of what stands around in the engine while exercises are proved


def cheated(exercise: Exercise, bench: Bench, other: Exercise | None = None) -> list[str]:
    """One sentence for each cheat that is given points it must not have. other: an exercise whose solution is tried."""
    stage, faults = Stage(exercise, bench), []
    try:
        for _ in range(2):
            stage.set_up()
        if earned := stage.check().earned:
            faults.append(f"nothing done after undo, undo: {earned:g} points")
        faults += [f"the answer {given!r} passes" for given in _guesses(stage) if _answered(stage, given)]
        for name, cheat in (("sleepers", _take_names), ("echoes", _echo), ("remade", _remake)):
            cheat(stage)
            if _is_whole(stage):
                faults.append(f"{name}: passes")
            stage.set_up()
        if other is not None:
            stage.run([fill for fill in other.solution if isinstance(fill, str)], other.values(bench.seed))
            if _is_whole(stage):
                faults.append(f"the solution of {other.id} passes")
    finally:
        stage.clear()
        if other is not None:
            scene.remove_owned(bench.client, other, other.values(bench.seed))
    return faults


def _keys(exercise: Exercise) -> list[str]:
    """The names of the answers that an exercise asks for."""
    asked = {check.key for step in exercise.steps for check in step.checks if isinstance(check, Answer)}
    declared = answers_as_dict(exercise.answers if isinstance(exercise.answers, dict) else None)
    return sorted(asked | set(declared)) or (["answer"] if exercise.answers is not None else [])


def _guesses(stage: Stage) -> Iterator[Any]:
    """What the cells' environment holds of the exercise, and what is often lying about."""
    yield from sorted(stage.exercise.variables(stage.bench.seed).values())
    yield from ("e", "0", 0, True, [], {}, "sha256:")


def _answered(stage: Stage, given: Any) -> bool:
    """Whether this one value, given to every question, passes the exercise."""
    keys = _keys(stage.exercise)
    return bool(keys) and stage.check(dict.fromkeys(keys, given)).passed


def _is_whole(stage: Stage) -> bool:
    return stage.check().passed


def _asked(stage: Stage, kind: str) -> list[str]:
    """Names of this kind that the exercise wants and that nothing has yet."""
    names = [owned.split(":", 1)[1] for owned in stage.exercise.owns if owned.startswith(f"{kind}:")]
    lab = stage.lab({})
    return [name for name in map(lab.fill, names) if name not in stage.begun.made.get(kind, {})]


def _wanted(stage: Stage) -> list[str]:
    """The texts that the exercise's checks want to see."""
    lab, found = stage.lab({}), []
    for step in stage.exercise.steps:
        for check in step.checks:
            want = check.want if isinstance(check, Answer) else check.expect.want
            for each in want if isinstance(want, (list, tuple)) else [want]:
                if isinstance(each, (str, int)):
                    found.append(lab.fill(str(each)))
    return found


def _names(stage: Stage, kind: str) -> list[str]:
    return [shlex.quote(name) for name in _asked(stage, kind)]


def _take_names(stage: Stage) -> None:
    """Every name that is asked for goes to something that does nothing."""
    stage.run(
        [
            *(f"docker network create {name}" for name in _names(stage, "network")),
            *(f"docker volume create {name}" for name in _names(stage, "volume")),
            *(f"docker tag busybox {name} || (docker pull -q busybox; docker tag busybox {name})"
              for name in _names(stage, "image")),
            *(f"docker run -d --name {name} busybox sleep 3600" for name in _names(stage, "container")),
        ]
    )  # fmt: skip


def _echo(stage: Stage) -> None:
    """Every text that a check wants is printed, and served at the port that is asked for."""
    said = shlex.quote("".join(f"{text}\n" for text in _wanted(stage)))
    serve = f"mkdir -p /w; printf %s {said} | tee /w/index.html; echo {said}; httpd -f -p 80 -h /w & sleep 3600"
    ports = "".join(f" -p 127.0.0.1:{value}:80" for key, value in stage.known.items() if "port" in key)
    commands = []
    for image in _names(stage, "image"):
        build = f"printf 'FROM busybox\\nCMD %s\\n' \"$(printf %s {said} | sed 's/^/echo /' | paste -sd';')\""
        commands.append(f"{build} | docker build -q -t {image} -")
    for number, name in enumerate(_names(stage, "container")):
        commands.append(f"docker run -d --name {name}{'' if number else ports} busybox sh -c {shlex.quote(serve)}")
    stage.run(commands)


def _remake(stage: Stage) -> None:
    """The scene's containers are exchanged for others of their names; its volumes and networks for empty ones."""
    commands = [f"docker rm -f -v {shlex.quote(name)}" for name in stage.begun.made.get("container", {})]
    for kind in ("volume", "network"):
        for name in map(shlex.quote, stage.begun.made.get(kind, {})):
            commands.append(f"docker {kind} rm {name} && docker {kind} create {name}")
    made = map(shlex.quote, stage.begun.made.get("container", {}))
    stage.run([*commands, *(f"docker run -d --name {name} busybox sleep 3600" for name in made)])
    _take_names(stage)


def led_astray(exercise: Exercise, bench: Bench) -> list[str]:
    """One sentence for each detour after which the right solution does not pass."""
    stage, faults = Stage(exercise, bench), []

    def judge(detour: str, report: Report) -> None:
        if not report.passed:
            faults.append(f"{detour}:\n{report}")

    try:
        stage.set_up()
        if exercise.wrong:
            first = exercise.wrong[0]
            stage.run(first.commands)
            if first.commands or not exercise.scene:
                stage.check()
            _back_to_the_start(stage)
        stage.run(exercise.solution)
        answers = stage.answers(exercise.answers)
        judge("a wrong attempt first", stage.check(answers))
        scene.lay_missing(exercise, stage.folder)  # what begin does to what is begun already
        with ThreadPoolExecutor(max_workers=2) as kernels:
            for report in kernels.map(lambda _: stage.check(answers), range(2)):
                judge("begin again after it, and two kernels at once", report)
        judge("checked once more", stage.check(answers))
    finally:
        stage.clear()
    return faults


def _back_to_the_start(stage: Stage) -> None:
    """As a learner goes back: by undo where there is a scene or a file, else by removing what came of the attempt."""
    if stage.exercise.scene or any(stage.folder.iterdir()):
        stage.set_up()
    else:
        stage.clear()


def neighbours(bench: Bench) -> Callable[[], None]:
    """Put things of somebody else's into the engine, such as learners have about them; gives what removes them."""
    api = bench.client.api
    label = {NEIGHBOURS: ""}
    image = "course-neighbours:1"
    bench.client.images.pull("busybox", "latest").tag(image)
    api.create_network(NEIGHBOURS, labels=label)
    api.create_volume(NEIGHBOURS, labels=label)
    made = []
    for name, command, started in (
        ("course-neighbours-up", ["sleep", "86400"], True),
        ("course-neighbours-ended", ["sh", "-c", "exit 3"], True),
        ("course-neighbours-created", ["true"], False),
    ):
        container = bench.client.containers.create(image, command, name=name, labels=label, network=NEIGHBOURS)
        made.append(container)
        if started:
            container.start()

    def remove() -> None:
        for each in made:
            each.remove(force=True, v=True)
        api.remove_network(NEIGHBOURS)
        api.remove_volume(NEIGHBOURS, force=True)
        api.remove_image(image, force=True)

    return remove
