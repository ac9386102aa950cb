"""09.1 Which shim is whose?"""

from collections.abc import Callable

from labsupport.exercises.author import *

from ...shared import on_machine


def _parent(of: Callable[[Lab], int], where: str) -> Look:
    @look(where)
    def fetch(lab: Lab) -> int:
        words = on_machine(lab, f"cat /proc/{of(lab)}/stat").rpartition(")")[2].split()
        if len(words) < 2:
            raise Missing("the process has ended")
        return int(words[1])

    return fetch


def _first(lab: Lab) -> int:
    pid = int(lab.inspect("container", "{name}")["State"]["Pid"])
    if not pid:
        raise Missing(lab.fill("{name} does not run"))
    return pid


SHIM = _parent(_first, "engine-host cut -d ' ' -f 4 /proc/PID/stat, with .State.Pid of {name}")
ABOVE = _parent(lambda lab: int(SHIM.fetch(lab)), "engine-host cut -d ' ' -f 4 /proc/PID/stat, with the shim's PID")
PID_OF = "docker inspect --format '{{{{.State.Pid}}}}' {name}"


def _up(name: str, steps: int) -> Output:
    """The process id so many steps above a container's first process."""
    command = f"pid=$(docker inspect --format '{{{{.State.Pid}}}}' {name})"
    command += "; pid=$(engine-host cut -d ' ' -f 4 /proc/$pid/stat)" * steps
    return Output(command + "; echo $pid")


SDK_PID = "pid=$(python3 -c \"import docker; print(docker.from_env().containers.get('{name}').attrs['State']['Pid'])\")"
PARENT = "pid=$(engine-host sed -n 's/^PPid:\\t//p' /proc/$pid/status)"

EXERCISE = Exercise(
    id="09.1",
    title="Which shim is whose?",
    goal="Two containers run, `{name}` and `{other}`. Give the process id of the shim of `{name}`, and above it the "
    'process id of the shim\'s own parent: check("09.1", answer={"shim": ..., "above": ...}).',
    seeds={"name": Name("mine"), "other": Name("theirs")},
    scene=Scene(
        commands=(
            "docker run -d --name {name} --label course.lab=09.1 busybox sleep 3600",
            "docker run -d --name {other} --label course.lab=09.1 busybox sleep 3600",
        ),
    ),
    owns=("container:{name}", "container:{other}"),
    steps=(
        Step(
            "shim",
            Answer(
                "the shim of {name}",
                SHIM,
                key="shim",
                mistakes=(
                    Mistake(
                        "the container's own process",
                        "that is .State.Pid, the first process in the container; the shim is its parent.",
                        lambda lab, value: int(value) == _first(lab),
                    ),
                    Mistake(
                        "somebody else's shim",
                        "each container has a shim of its own: begin from this container's .State.Pid.",
                        lambda lab, value: "shim" in on_machine(lab, f"cat /proc/{int(value)}/comm"),
                    ),
                    Mistake(
                        "not a shim",
                        "a shim's name begins with containerd-shim.",
                    ),
                ),
            ),
        ),
        Step(
            "above",
            Answer(
                "the parent of that shim",
                ABOVE,
                key="above",
                mistakes=(
                    Mistake(
                        "the engine is not the parent",
                        "neither dockerd nor containerd is above a shim; read the fourth word of its stat.",
                        lambda lab, value: (
                            on_machine(lab, f"cat /proc/{int(value)}/comm").strip() in ("dockerd", "containerd")
                        ),
                    ),
                ),
            ),
        ),
    ),
    solution=(PID_OF.format(name="{name}"),),
    answers={"shim": _up("{name}", 1), "above": _up("{name}", 2)},
    right=(
        Right("it was started again, and others run", ("docker restart -t 0 {name}; docker restart -t 0 {other}",)),
        Right(
            "by the SDK, the parent by its line in status",
            answers={"shim": Output(f"{SDK_PID}; {PARENT}; echo $pid"), "above": _up("{name}", 2)},
        ),
        Right(
            "paused",
            ("docker pause {name}",),
            answers={"shim": _up("{name}", 1), "above": Output(f"{SDK_PID}; {PARENT}; {PARENT}; echo $pid")},
        ),
    ),
    wrong=(
        Wrong("a name", answers={"shim": "containerd-shim", "above": _up("{name}", 2)}, says="a number such as 3"),
        Wrong(
            "the container's own",
            answers={"shim": _up("{name}", 0), "above": _up("{name}", 2)},
            says="the container's own process",
        ),
        Wrong(
            "the other's shim",
            answers={"shim": _up("{other}", 1), "above": _up("{name}", 2)},
            says="somebody else's shim",
        ),
        Wrong("process 1", answers={"shim": 1, "above": _up("{name}", 2)}, says="not a shim"),
        Wrong(
            "containerd above",
            answers={"shim": _up("{name}", 1), "above": Output("engine-host pidof containerd | cut -d ' ' -f 1")},
            says="the engine is not the parent",
        ),
    ),
    minutes=6,
)
