"""Lesson 01: a hand-over repaired, a process found, three states, a page on a port, and a container that ends."""

import io
import re
import secrets
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from labsupport import pace
from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Name,
    Output,
    Pick,
    Port,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    builds,
    expect,
    identity,
    look,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.lab import Lab, Missing
from labsupport.exercises.looks import Look

SDK = "python3 -c 'import docker; engine = docker.from_env(); %s'"
PROGRAM = (Path(__file__).parent / "files" / "repair" / "totals.lua").read_text(encoding="utf-8")


def _places(lab: Lab, image: str, text: str) -> list[str]:
    """The paths of the files in an image that hold this text and nothing else."""
    wanted, found = text.encode(), []
    with lab.throwaway(lab.fill(image), ["true"], started=False) as box:
        packed = io.BytesIO(b"".join(box.export()))
    with tarfile.open(fileobj=packed) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() and member.size == len(wanted) else None
            if source is not None and source.read() == wanted:
                found.append("/" + member.name)
    return found


def _said(lab: Lab, image: str, **options: Any) -> str:
    """`exit 0: OUTPUT` of a throwaway container of the image."""
    with lab.throwaway(image, **options) as box:
        try:
            code = box.wait(timeout=pace.seconds(20))["StatusCode"]
        except requests.exceptions.RequestException:
            return "still running after 20 s"
        return f"exit {code}: {bytes(box.logs()).decode(errors='replace').strip()}"


@look("docker run --rm {name} cat /srv/totals.lua")
def program(lab: Lab) -> str:
    """Whether it is the colleague's program that a container runs: another in its place must be run instead of it."""
    lab.inspect("image", "{name}")
    places = _places(lab, "{name}", PROGRAM)
    if not places:
        return "a program that is another"
    token = secrets.token_hex(4)
    other = f'print("{token}" .. 7 // 2)\n'
    said = _said(lab, lab.fill("{name}"), files=dict.fromkeys(places, other))
    return "as it was" if said == f"exit 0: {token}3" else "there, but it is not what runs"


@look("docker build -t {name} . && docker run --rm {name}")
def another_order(lab: Lab) -> str:
    """What an image prints that is built from the Dockerfile as it is, and from an order that nobody has seen."""
    name, prices = secrets.token_hex(4), [20 + secrets.randbelow(80) for _ in range(3)]
    text = "\n".join([f"order {name}", *map(str, prices)]) + "\n"
    total = sum(prices)
    orders = [str(path.relative_to(lab.folder)) for path in lab.folder.rglob("order.txt")]
    with builds.built(lab, dict.fromkeys(orders, text)) as image:
        said = _said(lab, image)
    right = f"exit 0: order {name}: {total}, each pays {total // 2}, left over {total % 2}"
    return "its total" if said == right else said


BUILD = "docker build -q -t {name} --label course.lab=01.1 ."
USE_54 = "sed -i 's/lua:5.1/lua:5.4/' Dockerfile"
COPY_ORDER = "sed -i 's/^COPY .*/COPY totals.lua order.txt \\/srv\\//' Dockerfile"

REPAIR = Exercise(
    id="01.1",
    title="A hand-over to repair",
    goal="A colleague left `totals.lua`, an order and a Dockerfile in the folder exercises/01.1. The image built "
         "from it does not work. Repair the Dockerfile (not the program), and build it as the image `{name}`: "
         "`docker run --rm {name}` must print the total of the order.",
    seeds={"name": Name("totals"), "token": Token()},
    scene=Scene(files="files/repair", commands=("printf '%s\\n' 'order {token}' 30 12 7 > order.txt",)),
    owns=("image:{name}",),
    steps=(
        Step("works",
             Probe("{name} prints the total", probes.run("{name}"),
                   expect.equals("exit 0: order {token}: 49, each pays 24, left over 1"), mistakes=(
                       mistakes.seen_when(
                           "still Lua 5.1",
                           "`//` came with Lua 5.3; the first line of the Dockerfile says which Lua is in the image.",
                           lambda lab, value: "unexpected symbol" in value),
                       mistakes.seen_when(
                           "a file is not in the image",
                           "a container sees the files of its image, not those of your folder: COPY each one it needs.",
                           lambda lab, value: "order.txt" in value or "cannot open" in value),
                   )),
             Probe("the program is as it was", program, expect.equals("as it was"), mistakes=(
                 mistakes.seen_when(
                     "the program was changed",
                     "it is the image that lacks the right Lua; programs should not be bent to fit a server.",
                     lambda lab, value: "another" in value),
                 mistakes.seen_when(
                     "the total does not come from the program",
                     "with another order it would be wrong: the container is to run totals.lua.",
                     lambda lab, value: "not what runs" in value))),
             Probe("the Dockerfile makes an image for any order", another_order, expect.equals("its total"), mistakes=(
                 mistakes.seen_when(
                     "the Dockerfile is not repaired",
                     "the image {name} works, and was not built from the Dockerfile as it is now.",
                     lambda lab, value: True),)),
             points=2),
    ),
    solution=(USE_54, COPY_ORDER, BUILD),
    right=(
        Right("an ENTRYPOINT", (BUILD, USE_54, COPY_ORDER, "sed -i 's/^CMD/ENTRYPOINT/' Dockerfile", BUILD)),
        Right("all copied, by the classic builder", (
            "printf 'FROM lua:5.4\\nWORKDIR /srv\\nCOPY . .\\nCMD lua totals.lua\\n' > Dockerfile",
            BUILD.replace("docker", "DOCKER_BUILDKIT=0 docker", 1).replace("{name}", "{name}:latest"))),
        Right("the program elsewhere, in two stages", (
            "printf 'FROM lua:5.4 AS files\\nCOPY . /all/\\nFROM lua:5.4\\nCOPY --from=files /all/totals.lua /app/\\n"
            "COPY order.txt /srv/order.txt\\nENTRYPOINT [\"lua\"]\\nCMD [\"/app/totals.lua\"]\\n' > Dockerfile",
            BUILD)),
    ),
    wrong=(
        Wrong("built as it was", (BUILD,), says="still Lua 5.1"),
        Wrong("changed only the base", (USE_54, BUILD), says="a file is not in the image"),
        Wrong("rewrote the program", (COPY_ORDER, "sed -i 's/total .. 2/math.floor(total \\/ 2)/' totals.lua", BUILD),
              says="the program was changed"),
        Wrong("rewrote it, the old line a comment", (
            COPY_ORDER, "sed -i 's/total .. 2/math.floor(total \\/ 2)/' totals.lua; echo '-- total // 2' >> totals.lua",
            BUILD), says="the program was changed"),
        Wrong("rewrote it in the image", (
            COPY_ORDER,
            "sed -i '/^COPY/a RUN sed -i \"s|total // 2|math.floor(total / 2)|\" /srv/totals.lua' Dockerfile",
            BUILD),
            says="the program was changed"),
        Wrong("prints what is expected", (
            USE_54, COPY_ORDER, "sed -i '$d' Dockerfile",
            "echo 'CMD echo \"order {token}: 49, each pays 24, left over 1\"' >> Dockerfile", BUILD),
            says="the total does not come from the program"),
        Wrong("an order of its own", (USE_54, COPY_ORDER, "printf 'order x\\n49\\n' > order.txt", BUILD),
              says="prints the total"),
        Wrong("from another Dockerfile", (
            "cp Dockerfile Mine; sed -i 's/lua:5.1/lua:5.4/; s/^COPY .*/COPY totals.lua order.txt \\/srv\\//' Mine",
            BUILD + " -f Mine"), says="the Dockerfile is not repaired"),
        Wrong("repaired, never built", (USE_54, COPY_ORDER), says="there is no image called"),
    ),
    minutes=8,
)  # fmt: skip


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

FIND = Exercise(
    id="01.2",
    title="Find the process",
    goal="The container `{name}` runs one process. Which number (PID) does the engine's machine give it?",
    seeds={"name": Name("hidden"), "decoy": Name("other")},
    scene=Scene(files="files/none", commands=(
        "docker run -d --name {name} --label course.lab=01.2 busybox sleep 3600",
        "docker run -d --name {decoy} --label course.lab=01.2 busybox sleep 3600",
    )),
    owns=("container:{name}", "container:{decoy}"),
    steps=(
        Step("found", Answer("the number of its process outside", process, mistakes=(
            mistakes.answered(1, "the number inside",
                              "1 is its number in its own list of processes; the machine outside has another list."),
            mistakes.seen_when("its parent", "that is the process that started it (the shim, see lesson 09).",
                               parent_outside),
            mistakes.seen_when(
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


STATES = Exercise(
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
                 mistakes.seen_when("it runs", "started again, it is to be stopped again.",
                                    lambda lab, value: value == "running"),
                 mistakes.seen_when(
                     "killed, not stopped",
                     "`docker kill` ends it without a word; `docker stop` asks it first. Start it, then stop it.",
                     lambda lab, value: value == "killed"),
                 mistakes.seen_when(
                     "it ended by itself",
                     "the command in it came to its end; start one that runs on, such as `sleep 3600`, and stop it.",
                     lambda lab, value: value == "ended by itself"))),
             State("{ended} is made from busybox", identity.made_from("{ended}", "busybox"), expect.equals("busybox"))),
        Step("created",
             State("{made} was never started", looks.container("{made}", ".State.Status"), expect.equals("created"),
                   mistakes=(mistakes.seen_when(
                       "`docker run` starts it",
                       "run is create and start in one; `docker create` makes a container and starts nothing.",
                       lambda lab, value: value in ("running", "exited")),)),
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


@look("docker port {name}")
def publishes(lab: Lab) -> list[str]:
    """The container's ports that 127.0.0.1:{port} leads to."""
    ports = lab.inspect("container", "{name}")["NetworkSettings"]["Ports"] or {}
    here = ("", "0.0.0.0", "127.0.0.1")
    return [inside for inside, rows in ports.items() if inside.endswith("/tcp") for row in rows or ()
            if row["HostPort"] == lab.fill("{port}") and row.get("HostIp", "") in here]  # fmt: skip


PAGE = Exercise(
    id="01.4",
    title="A page on your port",
    goal="The container `{name}`, made from the image `web`, answers on http://127.0.0.1:{port}/ with the greeting "
         "`{token}` (the image reads the variable GREETING; `docker run -e NAME=VALUE` sets one).",
    seeds={"name": Name("shop"), "port": Port(), "token": Token()},
    owns=("container:{name}",),
    steps=(
        Step("answers",
             State("{name} is made from web", identity.made_from("{name}", "web"), expect.equals("web")),
             Probe("the page says {token}", probes.page("{port}"), expect.contains("{token}"), mistakes=(
                 # a rootless engine may not publish port 80, so there the container does not even start
                 mistakes.swapped_ports("{name}", "{port}"),
                 mistakes.not_started("{name}"), mistakes.exited("{name}"),
                 mistakes.wrong_container_port("{name}", "{port}"),
                 mistakes.other_host_port("{name}", "{port}"),
                 mistakes.expose_without_publish("{name}"),
                 mistakes.seen_when("the greeting is not set",
                                    "the page answers, and greets with its default: -e GREETING={token} sets it.",
                                    lambda lab, value: "<h1>" in value),
             )),
             State("the page is {name}'s", publishes, expect.present("{port} leads to it"), mistakes=(
                 mistakes.seen_when("another container answers", "the port leads to another than {name}.",
                                    lambda lab, value: True),)),
             points=2),
    ),
    solution=("docker run -d --name {name} -p {port}:80 -e GREETING={token} web",),
    right=(
        Right("at 127.0.0.1 only, the variable from a file", (
            "echo GREETING={token} > settings",
            "docker create --name {name} --publish 127.0.0.1:{port}:80/tcp --env-file settings web:latest",
            "docker start {name}")),
        Right("through the SDK", (
            SDK % 'engine.containers.run("web", name="{name}", detach=True, ports=dict([("80/tcp", {port})]), '
            'environment=["GREETING={token}"])',)),
        Right("without -e first, by the image's id, a second port", (
            "docker run -d --name {name} -p {port}:80 web", "docker rm -f {name}",
            "docker run -d --name {name} -p {port}:80 -p 80 -e GREETING={token} $(docker images -q web)")),
    ),
    wrong=(
        Wrong("forgot -p", ("docker run -d --name {name} -e GREETING={token} web",), says="EXPOSE without -p"),
        Wrong("an option behind the image",
              ("docker run -d --name {name} -e GREETING={token} web -p {port}:80 2>/dev/null || true",),
              says="it could not start:"),
        Wrong("ports swapped", ("docker run -d --name {name} -p 80:{port} -e GREETING={token} web",),
              says="ports swapped"),
        Wrong("wrong port inside", ("docker run -d --name {name} -p {port}:8080 -e GREETING={token} web",),
              says="wrong port in the container"),
        Wrong("no greeting", ("docker run -d --name {name} -p {port}:80 web",), says="the greeting is not set"),
        Wrong("another image that says it", (
            "docker run -d --name {name} -p {port}:80 busybox sh -c 'mkdir /w; echo {token} > /w/index.html; "
            "httpd -f -p 80 -h /w'",), says="{name} is made from web"),
        Wrong("another one that calls itself web", (
            "docker pull -q busybox; docker tag busybox web; docker run -d --name {name} -p {port}:80 web sh -c "
            "'mkdir /w; echo {token} > /w/index.html; httpd -f -p 80 -h /w'; docker rmi -f web; docker pull -q web",),
            says="{name} is made from web"),
        Wrong("answered by another", (
            "docker run -d --name {name} web; docker run -d --name {name}x --label course.lab=01.4 -p {port}:80 "
            "-e GREETING={token} web",), says="another container answers"),
        Wrong("another name",
              ("docker run -d --name {name}x -p {port}:80 -e GREETING={token} --label course.lab=01.4 web",),
              says="there is no container called"),
    ),
    minutes=6,
)  # fmt: skip

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


HUNT = Exercise(
    id="01.5",
    title="The container that will not stay",
    goal="The container `{name}` should write a tick every second, and it is not running. Its image `{image}` was "
         "built from the folder exercises/01.5. Find out why, repair the image, and leave `{name}` running from it.",
    seeds={"name": Name("clock"), "image": Name("ticker"),
           "script": Pick(("/srv/clok.sh", "/clock.sh", "/srv/Clock.sh"))},
    scene=Scene(files="files/hunt", commands=(DOCKERFILE, BUILD_CLOCK, RUN_CLOCK)),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step("stays",
             Probe("{name} stays up, and ticks", ticks, expect.equals("a tick each second"), mistakes=(
                 mistakes.seen_when(
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
                 mistakes.seen_when(
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

EXERCISES = (REPAIR, FIND, STATES, PAGE, HUNT)

PREDICTIONS = (
    Prediction(
        "01.p1",
        "The same file, the same command, on the server. What happens?",
        ("It prints the same line", "Lua reports an error", "It prints another sum"),
        "b",
        "The server has a Lua, and it is another one.",
    ),
    Prediction(
        "01.p2",
        "In a shell with the false wc and the other time zone, `docker run --rm report` prints:",
        ("5 words, UTC", "42 words, UTC", "5 words, JST", "42 words, JST"),
        "a",
        "The container's files come from the image, its variables from the image and from `docker run -e`.",
    ),
    Prediction(
        "01.p3",
        "Inside, `sleep` has process number 1. Which number has it for the machine on which the engine runs?",
        ("None: the machine cannot see it", "1 as well", "Another number"),
        "c",
        "A container's process is a process of the machine. Each side counts in a list of its own.",
    ),
    Prediction(
        "01.p4",
        "Dora was stopped. Her note has a new line. When is that line lost?",
        ("It is lost already", "With `docker start`", "With `docker rm`", "Never, it is in the image now"),
        "c",
        "The files a container changed are the container's: they stay while it is stopped, and go when it is removed.",
    ),
    Prediction(
        "01.p5",
        "The image is there. How much longer does the page take than from a web server without a container?",
        ("Less than 2 seconds longer", "About 10 seconds longer", "A minute or more, as a computer that boots"),
        "a",
        "Nothing is installed and nothing boots: a process is started.",
    ),
)

QUIZZES = (
    Quiz(
        "01.q1",
        "What is in the image `bill`?",
        (
            Choice("The program and Lua, but no libraries", "Lua needs the C library; it is in the image as well."),
            Choice("The program, Lua, and the libraries Lua needs", "All that it needs but the kernel.", right=True),
            Choice("A small operating system with its own kernel", "No kernel: containers use the machine's."),
        ),
    ),
    Quiz(
        "01.q2",
        "Which of these will change what a container of `report` prints?",
        (
            Choice("Another version of wc on your computer", "The container sees the wc of its image."),
            Choice("docker run -e TZ=JST-9 report", "Variables given to docker run reach the container.", right=True),
            Choice("Building the image again from a changed text.txt", "The text is in the image.", right=True),
            Choice("export TZ=JST-9 before docker run", "That reaches the client, not the container."),
        ),
    ),
    Quiz(
        "01.q3",
        "A container was stopped. What is there of it?",
        (
            Choice("Its processes, paused", "Stopping ends them. `docker pause` would pause them."),
            Choice("Its files and its settings", "They stay until `docker rm`.", right=True),
            Choice("Nothing", "`docker ps -a` shows it, and `docker start` starts it with the files it had."),
        ),
    ),
)
