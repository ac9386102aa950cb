"""01.5 The container that will not stay."""

import re
from collections.abc import Callable

from labsupport.exercises.author import *

DOCKERFILE = 'printf \'FROM busybox\\nCOPY clock.sh /srv/clock.sh\\nCMD ["sh", "{script}"]\\n\' > Dockerfile'
BUILD_CLOCK = "docker build -q -t {image} --label course.lab=01.5 ."
RUN_CLOCK = "docker run -d --name {name} --label course.lab=01.5 {image}"
MEND = "sed -i '/^CMD/s|{script}|/srv/clock.sh|' Dockerfile"


def _ticking(lab: Lab, log: Callable[[], bytes], seconds: float = 4) -> str:
    """Whether the log counts on while it is looked at: many ticks at once are no clock."""

    def last() -> int:
        found = re.findall(rb"^tick (\d+)\s*$", log(), re.MULTILINE)
        return int(found[-1]) if found else 0

    seen = lab.wait(last, seconds=seconds)
    if not seen:
        return "no tick"
    for _ in range(2):
        before = seen
        seen = lab.wait(lambda: next((now for now in [last()] if now > before), 0), seconds=seconds)  # noqa: B023
        if not seen:
            return f"tick {before}, and none after it"
    return "a tick each second"


@look("docker ps -a --filter name={name}; docker logs --tail 3 {name}")
def ticks(lab: Lab) -> str:
    found = lab.inspect("container", "{name}")
    state = found["State"]
    if not state["Running"] or state.get("Restarting") or state["Paused"]:
        return f"{state['Status']}, exit code {state['ExitCode']}"
    return _ticking(lab, lambda: bytes(lab.client.api.logs(found["Id"], tail=20)))


@look("docker run --rm {image}")
def new_ticks(lab: Lab) -> str:
    lab.inspect("image", "{image}")
    with lab.throwaway(lab.fill("{image}")) as box:
        said = _ticking(lab, box.logs)
        box.reload()
        return said if box.status == "running" else f"ended, exit code {box.attrs['State']['ExitCode']}"


EXERCISE = Exercise(
    id="01.5",
    title="The container that will not stay",
    goal="The container `{name}` should write a tick every second, and it is not running. Its image `{image}` was "
         "built from the folder exercises/01.5. Find out why, repair the image, and leave `{name}` running from it.",
    seeds={"name": Name("clock"), "image": Name("ticker"),
           "script": Pick(("/srv/clok.sh", "/clock.sh", "/srv/Clock.sh"))},
    scene=Scene(files="files", commands=(DOCKERFILE, BUILD_CLOCK, RUN_CLOCK)),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step("stays",
             Probe("{name} stays up, and ticks", ticks, expect.equals("a tick each second"), mistakes=(
                 Mistake(
                     "the container is of the old image",
                     "a rebuilt image changes no container: `docker rm {name}`, then run it again.",
                     lambda lab, value: lab.inspect("container", "{name}")["Image"]
                     != lab.inspect("image", "{image}")["Id"]),
                 mistakes.exited("{name}"),
             ))),
        Step("image",
             State("{name} was made from {image}", identity.made_from("{name}", "{image}", rebuilt=True),
                   expect.equals("{image}")),
             Probe("a new container of {image} ticks, too", new_ticks, expect.equals("a tick each second"), mistakes=(
                 Mistake(
                     "repaired the container, not the image",
                     "a command given to `docker run` mends this one container; the next one fails again.",
                     lambda lab, value: "ended" in value),)),
             after="stays"),
    ),
    solution=(MEND, BUILD_CLOCK, "docker rm -f {name}", RUN_CLOCK),
    right=(
        Right("run by the image's id", (
            MEND, "docker rm {name}", "docker run -d --name {name} $(" + BUILD_CLOCK + ")")),
        Right("the file where CMD looks for it", (
            "docker start {name}; sed -i 's|/srv/clock.sh|{script}|' Dockerfile; docker rm -f {name}",
            "DOCKER_BUILDKIT=0 " + BUILD_CLOCK, "docker create --name {name} {image}:latest; docker start {name}")),
        Right("an image of a mended container", (
            "docker commit --change 'CMD [\"sh\", \"/srv/clock.sh\"]' {name} {image}; docker rm {name}", RUN_CLOCK)),
    ),
    wrong=(
        Wrong("started it again", ("docker start {name}",), says="the main process ended"),
        Wrong("rebuilt, and started the old container", (MEND, BUILD_CLOCK, "docker start {name}"),
              says="the container is of the old image"),
        Wrong("gave the command by hand", ("docker rm -f {name}", RUN_CLOCK + " sh /srv/clock.sh"),
              says="repaired the container, not the image"),
        Wrong("took another image", (
            MEND, BUILD_CLOCK, "docker rm -f {name}; docker run -d --name {name} busybox sh -c "
            "'n=0; while n=$((n+1)); do echo tick $n; sleep 1; done'"), says="{name} was made from {image}"),
        Wrong("stopped it in the end",
              (MEND, BUILD_CLOCK, "docker rm -f {name}", RUN_CLOCK,
               "until docker logs {name} | grep -q 'tick 1'; do sleep 0.1; done; docker stop -t 0 {name}"),
              says="the main process ended"),
        Wrong("one tick, then sleep", (
            "printf 'FROM busybox\\nCMD echo tick 1; echo tick 2; sleep 99\\n' > Dockerfile", BUILD_CLOCK,
            "docker rm -f {name}", RUN_CLOCK), says="and none after it"),
        Wrong("only the folder repaired", (
            MEND, BUILD_CLOCK.replace("{image}", "{image}:new"), "docker rm -f {name}", RUN_CLOCK,
            "docker rmi -f {image}:new"), says="the main process ended"),
        Wrong("made it sleep", ("printf 'FROM busybox\\nCMD [\"sleep\", \"99\"]\\n' > Dockerfile", BUILD_CLOCK,
                                "docker rm -f {name}", RUN_CLOCK), says="ticks"),
    ),
    minutes=8,
)  # fmt: skip
