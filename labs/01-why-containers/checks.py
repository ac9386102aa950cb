"""Lesson 01: a hand-over repaired, a process found, three states, a page on a port, and a container that ends."""

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
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.lab import Lab

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
             Probe("the program is as it was", probes.run("{name}", ["cat", "/srv/totals.lua"]),
                   expect.contains("total // 2"), mistakes=(
                       mistakes.seen_when(
                           "the program was changed",
                           "it is the image that lacks the right Lua; programs should not be bent to fit a server.",
                           lambda lab, value: "total" in value),)),
             points=2),
    ),
    solution=(USE_54, COPY_ORDER, BUILD),
    wrong=(
        Wrong("built as it was", (BUILD,), says="still Lua 5.1"),
        Wrong("changed only the base", (USE_54, BUILD), says="a file is not in the image"),
        Wrong("rewrote the program", (COPY_ORDER, "sed -i 's/total .. 2/math.floor(total \\/ 2)/' totals.lua", BUILD),
              says="the program was changed"),
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
        Step("found", Answer("the number of its process outside", looks.container("{name}", ".State.Pid"), mistakes=(
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
    wrong=(
        Wrong("the number inside", answers=1, says="the number inside"),
        Wrong("the other container", answers=Output("docker inspect --format '{{.State.Pid}}' {decoy}"),
              says="another container's process"),
        Wrong("the parent", answers=Output("docker top {name} -o pid,ppid | tail -1 | tr -s ' ' | cut -d' ' -f2"),
              says="its parent"),
        Wrong("the container's id", answers=Output("docker inspect --format '{{.Id}}' {name}"), says="a number"),
    ),
    minutes=4,
)  # fmt: skip

UP = "docker run -d --name {up} busybox sleep 3600"
ENDED = "docker run -d --name {ended} busybox sleep 3600 && docker stop -t 1 {ended}"
MADE = "docker create --name {made} busybox sleep 3600"

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
                 mistakes.not_started("{up}"), mistakes.exited("{up}")))),
        Step("stopped",
             State("{ended} has ended", looks.container("{ended}", ".State.Status"), expect.equals("exited"), mistakes=(
                 mistakes.not_started("{ended}"),)),
             Did("{ended} was stopped", looks.events("container", "stop", "{ended}"), expect.present("a stop"),
                 mistakes=(mistakes.seen_when(
                     "it ended by itself",
                     "the command in it came to its end; start one that runs on, such as `sleep 3600`, and stop it.",
                     lambda lab, value: True),))),
        Step("created",
             State("{made} was never started", looks.container("{made}", ".State.Status"), expect.equals("created"),
                   mistakes=(mistakes.seen_when(
                       "`docker run` starts it",
                       "run is create and start in one; `docker create` makes a container and starts nothing.",
                       lambda lab, value: value in ("running", "exited")),))),
    ),
    solution=(UP, ENDED, MADE),
    wrong=(
        Wrong("no command that runs on", ("docker run -d --name {up} busybox", ENDED, MADE),
              says="the main process ended"),
        Wrong("ended by itself", (UP, "docker run --name {ended} busybox true", MADE), says="it ended by itself"),
        Wrong("started again", (UP, ENDED + " && docker start {ended}", MADE), says="{ended} has ended"),
        Wrong("started the third", (UP, ENDED, "docker run -d --name {made} busybox sleep 3600"),
              says="`docker run` starts it"),
    ),
    minutes=6,
)  # fmt: skip

PAGE = Exercise(
    id="01.4",
    title="A page on your port",
    goal="The container `{name}`, made from the image `web`, answers on http://127.0.0.1:{port}/ with the greeting "
         "`{token}` (the image reads the variable GREETING; `docker run -e NAME=VALUE` sets one).",
    seeds={"name": Name("shop"), "port": Port(), "token": Token()},
    owns=("container:{name}",),
    steps=(
        Step("answers",
             State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running"), mistakes=(
                 # a rootless engine may not publish port 80, so there the container does not even start
                 mistakes.swapped_ports("{name}", "{port}"),
                 mistakes.not_started("{name}"), mistakes.exited("{name}"))),
             Probe("the page says {token}", probes.page("{port}"), expect.contains("{token}"), mistakes=(
                 mistakes.swapped_ports("{name}", "{port}"),
                 mistakes.wrong_container_port("{name}", "{port}"),
                 mistakes.other_host_port("{name}", "{port}"),
                 mistakes.expose_without_publish("{name}"),
                 mistakes.seen_when("the greeting is not set",
                                    "the page answers, and greets with its default: -e GREETING={token} sets it.",
                                    lambda lab, value: "<h1>" in value),
             )),
             points=2),
    ),
    solution=("docker run -d --name {name} -p {port}:80 -e GREETING={token} web",),
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
             Probe("{name} stays up", probes.keeps_running("{name}"), expect.equals("running"), mistakes=(
                 mistakes.seen_when(
                     "the container is of the old image",
                     "a rebuilt image changes no container: `docker rm {name}`, then run it again.",
                     lambda lab, value: lab.inspect("container", "{name}")["Image"]
                     != lab.inspect("image", "{image}")["Id"]),
                 mistakes.exited("{name}"),
             )),
             State("{name} ticks", looks.logs("{name}"), expect.contains("tick 1"))),
        Step("image",
             State("{name} was made from {image}", looks.container("{name}", ".Config.Image"),
                   expect.satisfies("{image}", lambda value: str(value).startswith("ticker-"))),
             Probe("a new container of {image} stays up, too", probes.run("{image}", seconds=1.5),
                   expect.contains("still running"), mistakes=(
                       mistakes.seen_when(
                           "repaired the container, not the image",
                           "a command given to `docker run` mends this one container; the next one fails again.",
                           lambda lab, value: "exit" in value),))),
    ),
    solution=(MEND, BUILD_CLOCK, "docker rm -f {name}", RUN_CLOCK),
    wrong=(
        Wrong("started it again", ("docker start {name}",), says="the main process ended"),
        Wrong("rebuilt, and started the old container", (MEND, BUILD_CLOCK, "docker start {name}"),
              says="the container is of the old image"),
        Wrong("gave the command by hand", ("docker rm -f {name}", RUN_CLOCK + " sh /srv/clock.sh"),
              says="repaired the container, not the image"),
        Wrong("took another image", ("docker rm -f {name}", MEND, BUILD_CLOCK,
                                     "docker run -d --name {name} --label course.lab=01.5 clock"),
              says="was made from"),
        Wrong("stopped it in the end",
              (MEND, BUILD_CLOCK, "docker rm -f {name}", RUN_CLOCK,
               "until docker logs {name} | grep -q 'tick 1'; do sleep 0.1; done; docker stop {name}"),
              says="the main process ended"),
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
