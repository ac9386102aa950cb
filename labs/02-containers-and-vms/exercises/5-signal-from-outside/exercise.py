"""02.5 A signal from outside."""

from labsupport.exercises.author import *

from ...shared import RUN

OUTSIDE = "docker run --rm --pid host busybox kill -9 $(docker inspect --format '{{.State.Pid}}' {name})"


def _since_start(found: list[str]) -> list[str]:
    """The events that asked the engine to end it, of its last run: what came before a start is over."""
    actions = [row.split()[0] for row in found]
    starts = [place for place, action in enumerate(actions) if action == "start"]
    return [action for action in actions[starts[-1] if starts else 0 :] if action in ("kill", "stop")]


EXERCISE = Exercise(
    id="02.5",
    title="A signal from outside",
    goal="The container `{name}` runs a single process. End it with a signal from the machine's side, to the number "
         "that the process has there: without `docker stop`, `kill` or `rm`. Leave the ended container where it is.",
    seeds={"name": Name("target")},
    scene=Scene(commands=(RUN + " {name} busybox sleep 3600",)),
    owns=("container:{name}",),
    steps=(
        Step("ended", State("{name} has ended",
                            looks.container("{name}", ".State.Status").of_scene("container", "{name}"),
                            expect.equals("exited"))),
        Step("how", Did("the engine was not asked to", looks.events("container", "", "{name}").then(_since_start),
                        expect.satisfies("no `kill` among its events", lambda value: not value), mistakes=(
                            Mistake("the engine sent the signal",
                                               "`docker stop` and `docker kill` ask the engine; use the process's "
                                               "number on the machine. undo(\"02.5\") starts over.",
                                               expect.present()),)),
             points=2, after="ended"),
    ),
    solution=(OUTSIDE,),
    right=(
        Right("the number from docker top", (
            "docker run --rm --pid host busybox kill -KILL $(docker top {name} -o pid | tail -n 1)",)),
        Right("asked the engine first, then started it again", ("docker kill {name}; docker start {name}", OUTSIDE)),
        Right("from a container that stays, with others around", (
            RUN + " {name}-x --pid host busybox sleep 60",
            "docker exec {name}-x kill -9 $(docker inspect --format '{{.State.Pid}}' {name}); docker kill {name}-x")),
    ),
    wrong=(
        Wrong("from inside", ("docker exec {name} kill -9 1",), says="running"),
        Wrong("a signal it has no handler for", (OUTSIDE.replace("-9", "-15"),), says="running"),
        Wrong("docker kill", ("docker kill {name}",), says="the engine sent the signal"),
        Wrong("docker stop", ("docker stop -t 0 {name}",), says="the engine sent the signal"),
        Wrong("removed", ("docker rm -f {name}",), says="there is no container called"),
        Wrong("another one of its name", ("docker rename {name} x-{name}; docker run --name {name} busybox true",
                                          "docker rm -f x-{name}"),
              says="is another container than the one"),
        Wrong("killed under another name", ("docker rename {name} x-{name}; docker kill x-{name}",
                                            "docker rename x-{name} {name}"),
              says="the engine sent the signal"),
    ),
    minutes=6,
)  # fmt: skip
