"""01.2 Find the process."""

from labsupport.exercises.author import *


def parent_outside(lab: Lab, value: object) -> bool:
    """Whether this is the number of the process above the container's: the second column of `docker top`."""
    from docker.errors import APIError

    try:
        table = lab.client.api.top(lab.fill("{name}"), ps_args="-o pid,ppid")
    except APIError:  # a rootless engine without cgroups cannot list processes
        return False
    return str(value).strip() == table["Processes"][0][1]


def _running(lab: Lab) -> int:
    state = lab.inspect("container", "{name}")["State"]
    if not state["Running"]:
        raise Missing(lab.fill("{name} is not running, so it has no process: `docker start {name}`, then look again"))
    return int(state["Pid"])


process = Look(_running, "docker ps --filter name={name}").of_scene("container", "{name}")

EXERCISE = Exercise(
    id="01.2",
    title="Find the process",
    goal="The container `{name}` runs one process. Which number (PID) does the engine's machine give it?",
    seeds={"name": Name("hidden"), "decoy": Name("other")},
    scene=Scene(commands=(
        "docker run -d --name {name} --label course.lab=01.2 busybox sleep 3600",
        "docker run -d --name {decoy} --label course.lab=01.2 busybox sleep 3600",
    )),
    owns=("container:{name}", "container:{decoy}"),
    steps=(
        Step("found", Answer("the number of its process outside", process, mistakes=(
            mistakes.answered(1, "the number inside",
                              "1 is its number in its own list of processes; the machine outside has another list."),
            Mistake("its parent", "that is the process that started it (the shim, see lesson 09).",
                               parent_outside),
            Mistake(
                "another container's process", "that number belongs to {decoy}.",
                lambda lab, value: int(value) == lab.inspect("container", "{decoy}")["State"]["Pid"]),
        ))),
    ),
    answers=Output("docker inspect --format '{{.State.Pid}}' {name}"),
    right=(
        Right("from the list of its processes", answers=Output("docker top {name} -o pid | tail -n 1")),
        Right("asked through the SDK",
              answers=Output(SDK % 'print(engine.containers.get("{name}").attrs["State"]["Pid"])')),
        Right("stopped and started before", ("docker kill {name}; docker start {name}",)),
    ),
    wrong=(
        Wrong("the number inside", answers=1, says="the number inside"),
        Wrong("the other container", answers=Output("docker inspect --format '{{.State.Pid}}' {decoy}"),
              says="another container's process"),
        Wrong("the parent", answers=Output("docker top {name} -o pid,ppid | tail -1 | tr -s ' ' | cut -d' ' -f2"),
              says="its parent"),
        Wrong("stopped, and the number it has then", ("docker kill {name}",), answers=0, says="is not running"),
        Wrong("another container of the name",
              ("docker rename {name} x-{name}; docker run -d --name {name} busybox sleep 60",),
              answers=Output("docker inspect --format '{{.State.Pid}}' {name}"),
              says="is another container than the one"),
        Wrong("a name for a number", answers="{name}", says="a number"),
        Wrong("the container's id", answers=Output("docker inspect --format '{{.Id}}' {name}"), says="a number"),
    ),
    minutes=4,
)  # fmt: skip
