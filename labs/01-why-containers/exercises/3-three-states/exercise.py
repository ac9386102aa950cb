"""01.3 Three containers, three states."""

from labsupport.exercises.author import *

UP = "docker run -d --name {up} busybox sleep 3600"
ENDED = "docker run -d --name {ended} busybox sleep 3600 && docker stop -t 0 {ended}"
MADE = "docker create --name {made} busybox sleep 3600"

ENDINGS = {"stop": "stopped", "kill": "killed", "start": "ended by itself"}


@look("docker events --since 1h --until 0s --filter container={ended}")
def how_it_ended(lab: Lab) -> str:
    """What a container's end came from: the last of these events, as a stop sends a kill and says so afterwards."""
    status = str(lab.inspect("container", "{ended}")["State"]["Status"])
    if status != "exited":
        return status
    actions = [row.split()[0] for row in looks.events("container", "", "{ended}").fetch(lab)]
    return next((ENDINGS[action] for action in reversed(actions) if action in ENDINGS), "ended by itself")


EXERCISE = Exercise(
    id="01.3",
    title="Three containers, three states",
    goal="From the image `busybox`: the container `{up}` runs, the container `{ended}` ran and was stopped, "
         "and the container `{made}` was created and never started.",
    seeds={"up": Name("up"), "ended": Name("ended"), "made": Name("made")},
    owns=("container:{up}", "container:{ended}", "container:{made}"),
    steps=(
        Step("running",
             State("{up} runs", looks.container("{up}", ".State.Status"), expect.equals("running"), mistakes=(
                 mistakes.not_started("{up}"), mistakes.exited("{up}"))),
             State("{up} is made from busybox", identity.made_from("{up}", "busybox"), expect.equals("busybox"))),
        Step("stopped",
             Did("{ended} was stopped", how_it_ended, expect.equals("stopped"), mistakes=(
                 mistakes.not_started("{ended}"),
                 Mistake("it runs", "started again, it is to be stopped again.",
                                    expect.equals("running")),
                 Mistake(
                     "killed, not stopped",
                     "`docker kill` ends it without a word; `docker stop` asks it first. Start it, then stop it.",
                     expect.equals("killed")),
                 Mistake(
                     "it ended by itself",
                     "the command in it came to its end; start one that runs on, such as `sleep 3600`, and stop it.",
                     expect.equals("ended by itself")))),
             State("{ended} is made from busybox", identity.made_from("{ended}", "busybox"), expect.equals("busybox"))),
        Step("created",
             State("{made} was never started", looks.container("{made}", ".State.Status"), expect.equals("created"),
                   mistakes=(Mistake(
                       "`docker run` starts it",
                       "run is create and start in one; `docker create` makes a container and starts nothing.",
                       expect.one_of("running", "exited")),)),
             State("{made} is made from busybox", identity.made_from("{made}", "busybox"), expect.equals("busybox"))),
    ),
    solution=(UP, ENDED, MADE),
    right=(
        Right("through the SDK", (
            SDK % 'run = engine.containers.run; run("busybox", "sleep 60", name="{up}", detach=True); run("busybox", '
            '"sleep 60", name="{ended}", detach=True).stop(timeout=0); '
            'engine.containers.create("busybox", name="{made}")',)),
        Right("created, then started, by the image's id", (
            "docker pull -q busybox",
            "for one in {up} {ended} {made}; do docker create -i --name $one "
            "$(docker images -q busybox | head -n 1) cat; done",
            "docker start {up} {ended}; docker stop -t 0 {ended}")),
        Right("after attempts that failed", (
            "docker run --name {ended} busybox true; docker rm {ended}; docker run -d --name {made} busybox sleep 60",
            "docker rm -f {made}; docker run -d --name {ended} busybox:latest sleep 60; docker kill {ended}",
            "docker start {ended}; docker stop -t 0 {ended}; docker create --name {made} busybox:latest", UP)),
    ),
    wrong=(
        Wrong("no command that runs on", ("docker run -d --name {up} busybox", ENDED, MADE),
              says="the main process ended"),
        Wrong("ended by itself", (UP, "docker run --name {ended} busybox true", MADE), says="it ended by itself"),
        Wrong("started again", (UP, ENDED + " && docker start {ended}", MADE), says="it runs"),
        Wrong("stopped, then ended by itself", (
            UP, MADE, "docker create --name {ended} busybox sh -c 'test -e /x && exit; touch /x; sleep 60'",
            "docker start {ended}; docker stop -t 0 {ended}; docker start -a {ended}"), says="it ended by itself"),
        Wrong("an earlier one was stopped", (
            UP, MADE, ENDED.replace("-t 1", "-t 0"), "docker rm {ended}; docker run --name {ended} busybox true"),
            says="it ended by itself"),
        Wrong("killed", (UP, MADE, "docker run -d --name {ended} busybox sleep 60; docker kill {ended}"),
              says="killed, not stopped"),
        *(Wrong(f"another image: {which}", tuple(
            each.replace("busybox", "debian-tiny") if which in each else each for each in (UP, ENDED, MADE)),
            says=f"{which} is made from busybox") for which in ("{up}", "{ended}", "{made}")),
        Wrong("busybox by name only", (
            "docker pull -q debian-tiny; docker tag debian-tiny busybox", UP, ENDED, MADE,
            "docker rmi -f busybox; docker pull -q busybox"), says="{up} is made from busybox"),
        Wrong("started the third", (UP, ENDED, "docker run -d --name {made} busybox sleep 3600"),
              says="`docker run` starts it"),
    ),
    minutes=6,
)  # fmt: skip
