"""03.2 The same container, a new process."""

from labsupport.exercises.author import *


@look("docker container inspect {name} --format '{{.Id}}'")
def was(lab: Lab) -> str:
    """The name under which the exercise made the container now called {name}."""
    found = lab.inspect("container", "{name}")["Id"]
    return lab.fill("{old}") if lab.made is None or found == lab.identity("container", "{old}") else "a new container"


@look("docker events --since 1h --until 0s --filter type=container --filter event=start")
def starts(lab: Lab) -> int:
    """How often the container now called {name} was started since the scene began."""
    identity = lab.inspect("container", "{name}")["Id"]
    return sum(
        event.get("Action") == "start" and (event.get("Actor") or {}).get("ID") == identity
        for event in lab.events(lab.since)
    )


NEW_ONE = "docker rm -f {old}; docker run -d --name {name} --label course.lab=03.2 busybox sleep 3600"
COPIED = "docker cp {old}:/note note && " + NEW_ONE + " && docker cp note {name}:/note && docker restart -t 0 {name}"

EXERCISE = Exercise(
    id="03.2",
    title="The same container, a new process",
    goal="The program in the container `{old}` hangs, and there is a note in the container that nobody has copied. "
    "Give the container a new process (not: make a new container) and call it `{name}`. It must run, with "
    "its file /note as it was.",
    seeds={"old": Name("stuck"), "name": Name("fresh"), "token": Token()},
    scene=Scene(
        commands=(
            "docker run -d --name {old} --label course.lab=03.2 busybox sleep 3600",
            "docker exec {old} sh -c 'echo {token} > /note'",
        ),
    ),
    owns=("container:{old}", "container:{name}"),
    steps=(
        Step(
            "same",
            State(
                "{name} is the container that was {old}",
                was,
                expect.equals("{old}"),
                mistakes=(
                    Mistake(
                        "a new container",
                        "`docker run` makes a container from the image, without the note; "
                        "`docker restart` and `docker rename` work on the one that is there.",
                        expect.equals("a new container"),
                    ),
                ),
            ),
            Did(
                "it was started once more",
                starts,
                expect.at_least(2),
                mistakes=(
                    Mistake(
                        "only renamed", "the hanging process is still the same one.", expect.equals(1)
                    ),
                ),
            ),
        ),
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.exited("{name}"),),
            ),
            after="same",
        ),
        Step(
            "note",
            State("its /note is as it was", looks.file_in("{name}", "/note"), expect.equals("{token}\n")),
            after="same",
        ),
    ),
    solution=("docker restart -t 0 {old}", "docker rename {old} {name}"),
    right=(
        Right("renamed, stopped, started",
              ("docker rename {old} {name}", "docker stop -t 0 {name}; docker start {name}")),
        Right("killed and started, by its id", (
            "id=$(docker ps -q --filter name={old}); docker kill $id; docker start $id; docker rename $id {name}",
        )),
        Right("a new one first, thrown away, and by the SDK", (
            "docker run -d --name {name} busybox sleep 3600; docker rm -f {name}",
            SDK % 'c = engine.containers.get("{old}"); c.restart(timeout=0); c.rename("{name}")',
        )),
        Right("beside it a new one of the old name, twice restarted", (
            "docker restart -t 0 {old}", "docker rename {old} {name}",
            "docker run -d --name {old} --label course.lab=03.2 busybox sleep 3600", "docker restart -t 0 {name}",
        )),
    ),
    wrong=(
        Wrong("a new container", (NEW_ONE,), says="a new container"),
        Wrong("a new container with the note copied", (COPIED,), says="a new container"),
        Wrong("only renamed", ("docker rename {old} {name}",), says="only renamed"),
        Wrong("another took the old name, and then the new one", (
            "docker rename {old} aside-{old}", "docker run -d --name {old} --label course.lab=03.2 busybox sleep 3600",
            "docker cp aside-{old}:/note note && docker cp note {old}:/note", "docker restart -t 0 {old}",
            "docker rename {old} {name}",
        ), says="a new container"),
        Wrong("more in the note", ("docker restart -t 0 {old}", "docker rename {old} {name}",
                                   "docker exec {name} sh -c 'echo mended >> /note'"), says="its /note is as it was"),
        Wrong("restarted, not renamed", ("docker restart -t 0 {old}",), says="there is no container called"),
        Wrong(
            "stopped in the end",
            ("docker restart -t 0 {old}", "docker rename {old} {name}", "docker stop -t 0 {name}"),
            says="the main process ended",
        ),
        Wrong(
            "note written anew",
            ("docker restart -t 0 {old}", "docker rename {old} {name}", "docker exec {name} sh -c 'echo lost > /note'"),
            says="its /note is as it was",
        ),
    ),
    minutes=6,
)  # fmt: skip
