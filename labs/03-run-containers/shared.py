"""Lesson 03: exact states, one container over two starts, a log read and written, a graceful end, a lost exit code."""

import datetime
import secrets
from pathlib import Path
from typing import Any

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Missing,
    Name,
    Output,
    Pick,
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

SDK = "python3 -c 'import docker; client = docker.from_env(); %s'"
# puts another image under the name busybox for the command that follows
OTHER = 'docker() { command docker "${@/#busybox/lua:5.4}"; }; '
JOB = "docker run --name {job} busybox sh -c 'exit {code}' || true"
HELD = "docker run -d --name {held} busybox sleep 3600 && docker pause {held}"
CUT = "docker run -d --name {cut} busybox sleep 3600"


def last_run(lab: Lab, name: str) -> list[dict[str, Any]]:
    """The engine's events of the container now called so, from its last start on."""
    known = lab.inspect("container", name)["Id"]
    mine = [event for event in lab.events(lab.since) if (event.get("Actor") or {}).get("ID") == known]
    starts = [place for place, event in enumerate(mine) if event.get("Action") == "start"]
    return mine[starts[-1] :] if starts else mine


def ending(name: str) -> Look:
    """How the container's last run ended: "killed, exit code 137"; its status when it has not."""

    @look(f"docker container inspect {name} --format '{{{{json .State}}}}'")
    def how(lab: Lab) -> str:
        found = lab.inspect("container", name)
        state = found["State"]
        if state["Status"] != "exited":
            return str(state["Status"])
        actions = [str(event.get("Action")) for event in last_run(lab, name)]
        signals = [
            str((event.get("Actor") or {}).get("Attributes", {}).get("signal"))
            for event in last_run(lab, name)
            if event.get("Action") == "kill"
        ]
        code = state["ExitCode"]
        if "stop" in actions:
            by = "stopped"
        elif code == 137 and ("9" in signals or state.get("OOMKilled") or not (signals or chosen(lab, found))):
            by = "killed"
        else:
            by = "ended after a signal" if signals else "ended by itself"
        return f"{by}, exit code {code}"

    return how


def chosen(lab: Lab, found: dict[str, Any]) -> bool:
    """Whether a container that nobody sent a signal through the engine ended with 137 by its own choice.

    A signal from the machine's side (lesson 02) leaves no event. What ends by itself does so in a copy, too.
    """
    config = found["Config"]
    if "137" in " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]):
        return True
    with lab.throwaway(found["Image"], **probes.copy_options(found)) as copy:

        def ended() -> bool:
            copy.reload()
            return bool(copy.status == "exited")

        return bool(lab.wait(ended, seconds=3)) and copy.attrs["State"]["ExitCode"] == 137


def of_busybox(name: str) -> State:
    return State(f"{name} is a container of busybox", identity.made_from(name, "busybox"), expect.equals("busybox"))


STATES = Exercise(
    id="03.1",
    title="Three exact states",
    goal="From the image `busybox`: the container `{job}` ended by itself with exit code {code}, the container "
    "`{held}` is paused, and the container `{cut}` was killed (exit code 137) without `docker stop`.",
    seeds={"job": Name("job"), "held": Name("held"), "cut": Name("cut"), "code": Pick((3, 4, 5, 6, 7, 9))},
    owns=("container:{job}", "container:{held}", "container:{cut}"),
    steps=(
        Step(
            "ended",
            State(
                "{job} ended by itself with exit code {code}",
                ending("{job}"),
                expect.equals("ended by itself, exit code {code}"),
                mistakes=(
                    mistakes.seen_when(
                        "the program was not found",
                        "127 is what docker says when the image has no such program.",
                        lambda lab, value: lab.inspect("container", "{job}")["State"]["ExitCode"] == 127,
                    ),
                    mistakes.not_started("{job}"),
                    mistakes.seen_when(
                        "ended from outside",
                        "somebody sent it a signal; let its program end with `exit`.",
                        lambda lab, value: str(value).startswith(("stopped", "killed", "ended after")),
                    ),
                ),
            ),
            of_busybox("{job}"),
        ),
        Step(
            "paused",
            State(
                "{held} is paused",
                looks.container("{held}", ".State.Status"),
                expect.equals("paused"),
                mistakes=(mistakes.not_started("{held}"), mistakes.exited("{held}")),
            ),
            of_busybox("{held}"),
        ),
        Step(
            "killed",
            State(
                "{cut} was killed, and not stopped",
                ending("{cut}"),
                expect.equals("killed, exit code 137"),
                mistakes=(
                    mistakes.not_started("{cut}"),
                    mistakes.seen_when(
                        "still running",
                        "a signal was sent that process 1 ignores; KILL it cannot ignore.",
                        lambda lab, value: value == "running" and bool(last_run(lab, "{cut}")[1:]),
                    ),
                    mistakes.seen_when(
                        "stopped, not killed",
                        "`docker stop` asks first and kills after its grace period; `docker kill` kills.",
                        lambda lab, value: str(value).startswith("stopped"),
                    ),
                    mistakes.seen_when(
                        "a program may end with any code",
                        "137 was this program's own choice; nobody killed it.",
                        lambda lab, value: str(value).endswith(" 137"),
                    ),
                ),
            ),
            of_busybox("{cut}"),
            points=2,
        ),
    ),
    solution=(JOB, HELD, CUT + " && docker kill {cut}"),
    right=(
        Right(
            "created, started, killed from the machine's side",
            (
                "docker create --name {job} busybox:latest sh -c 'exit {code}' && docker start -a {job}",
                "docker create --name {held} busybox sleep 3600 && docker start {held} && docker pause {held}",
                CUT,
                "docker run --rm --pid host busybox kill -9 $(docker inspect --format '{{.State.Pid}}' {cut})",
            ),
        ),
        Right(
            "stopped, removed, and made anew",
            (
                CUT + " && docker stop -t 0 {cut} && docker rm {cut}",
                "docker run -d --name {job} busybox sleep 3600 && docker kill {job} && docker rm {job}",
                HELD + " && docker unpause {held} && docker pause {held}",
                CUT + " && docker kill -s 9 {cut}",
                JOB,
            ),
        ),
        Right("stopped, started again and killed",
              (CUT + " && docker stop -t 0 {cut} && docker start {cut} && docker kill -s KILL {cut}", HELD, JOB)),
        Right(
            "by the SDK",
            (
                SDK % 'client.containers.run("busybox", ["sh", "-c", "exit {code}"], name="{job}", detach=True).wait()',
                SDK % 'client.containers.run("busybox", "sleep 3600", name="{held}", detach=True).pause()',
                SDK % 'client.containers.run("busybox", "sleep 3600", name="{cut}", detach=True).kill()',
            ),
        ),
    ),
    wrong=(
        Wrong("of another image", (OTHER + JOB, OTHER + HELD, OTHER + CUT + " && docker kill {cut}"),
              says="is a container of busybox"),
        Wrong(
            "a job that was stopped",
            (
                "docker run -d --name {job} busybox sh -c "
                "'trap \"exit {code}\" TERM; touch /up; while :; do sleep 0.1; done'",
                "until docker exec {job} test -e /up; do sleep 0.1; done; docker stop {job}",
                HELD,
                CUT + " && docker kill {cut}",
            ),
            says="ended from outside",
        ),
        Wrong("a signal, and a code of its own",
              (JOB, HELD, "docker run --name {cut} busybox sh -c 'kill -9 $$; exit $((130+7))'"),
              says="a program may end with any code"),
        Wrong(
            "killed the job",
            ("docker run -d --name {job} busybox sleep 3600 && docker kill {job}", HELD, CUT + " && docker kill {cut}"),
            says="ended from outside",
        ),
        Wrong(
            "a program that is not there",
            ("docker run --name {job} busybox leave {code}", HELD, CUT + " && docker kill {cut}"),
            says="the program was not found",
        ),
        Wrong(
            "stopped instead of paused",
            (
                JOB,
                "docker run -d --name {held} busybox sleep 3600 && docker stop -t 0 {held}",
                CUT + " && docker kill {cut}",
            ),
            says="the main process ended",
        ),
        Wrong("stopped at once", (JOB, HELD, CUT + " && docker stop -t 0 {cut}"), says="stopped, not killed"),
        Wrong(
            "chose the code",
            (JOB, HELD, "docker run --name {cut} busybox sh -c 'exit 137'"),
            says="a program may end with any code",
        ),
        Wrong("a signal without effect", (JOB, HELD, CUT + " && docker kill -s TERM {cut}"), says="still running"),
    ),
    minutes=6,
)  # fmt: skip


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

SAME = Exercise(
    id="03.2",
    title="The same container, a new process",
    goal="The program in the container `{old}` hangs, and there is a note in the container that nobody has copied. "
    "Give the container a new process (not: make a new container) and call it `{name}`. It must run, with "
    "its file /note as it was.",
    seeds={"old": Name("stuck"), "name": Name("fresh"), "token": Token()},
    scene=Scene(
        files="files/none",
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
                    mistakes.seen_when(
                        "a new container",
                        "`docker run` makes a container from the image, without the note; "
                        "`docker restart` and `docker rename` work on the one that is there.",
                        lambda lab, value: value == "a new container",
                    ),
                ),
            ),
            Did(
                "it was started once more",
                starts,
                expect.at_least(2),
                mistakes=(
                    mistakes.seen_when(
                        "only renamed", "the hanging process is still the same one.", lambda lab, value: value == 1
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
            SDK % 'c = client.containers.get("{old}"); c.restart(timeout=0); c.rename("{name}")',
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

TWICE = (
    "docker run --name {name} --label course.lab=03.3 busybox sh -c '"
    'for i in $(seq 300); do echo "line $i"; done; echo "error {decoy}"; '
    "if [ -e /again ]; then echo error {token} >&2; else echo error {early} >&2; touch /again; fi'"
)
READ = Exercise(
    id="03.3",
    title="What did it complain about?",
    goal="The container `{name}` ran twice, and each run wrote more than 300 lines. Each run also wrote one line to "
    "*standard error*. Which code is in the line that the second run wrote there? Answer with the code alone.",
    seeds={"name": Name("chatty"), "token": Token(), "decoy": Token(), "early": Token()},
    scene=Scene(files="files/none", commands=(TWICE, "docker start -a {name}")),
    owns=("container:{name}",),
    steps=(
        Step(
            "code",
            Answer(
                "the code on standard error, second run",
                "{token}",
                mistakes=(
                    mistakes.answered(
                        "{decoy}",
                        "the other stream",
                        "that line went to standard output; `docker logs {name} 2>&1 >/dev/null` leaves it out.",
                    ),
                    mistakes.answered(
                        "{early}", "the first run", "a log is kept over stop and start: the newest lines are last."
                    ),
                    mistakes.answered("error {token}", "the whole line", "the code alone is asked for."),
                ),
            ),
        ),
    ),
    answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1 | cut -d' ' -f2"),
    right=(
        Right("by the SDK, after a third run", ("docker start -a {name}",), Output(
            SDK % 'print(client.containers.get("{name}").logs(stdout=False).split()[-1].decode().upper())')),
        Right("through files", ("docker logs {name} >out 2>err",), Output("sed -n '$s/error/ /p' err")),
        # not `-n 1`: which stream's line is the last of the log is a race of the two
        Right("kept in a file, and the container gone", ("docker logs {name} 2>code >/dev/null", "docker rm {name}"),
              Output("tail -n 1 code | grep -o '[^ ]*$'")),
    ),
    wrong=(
        Wrong("both codes", answers="{early} {token}", says="another answer"),
        Wrong("the beginning of the code", says="another answer",
              answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1 | cut -c 7-9")),
        Wrong(
            "last line of standard output",
            answers=Output("docker logs {name} 2>/dev/null | tail -n 1 | cut -d' ' -f2"),
            says="the other stream",
        ),
        Wrong(
            "the first run",
            answers=Output("docker logs {name} 2>&1 >/dev/null | head -n 1 | cut -d' ' -f2"),
            says="the first run",
        ),
        Wrong(
            "the whole line", answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1"), says="the whole line"
        ),
    ),
    minutes=5,
)  # fmt: skip


def written(lab: Lab, name: str) -> list[tuple[datetime.datetime, str]]:
    """The lines of a container's log, each with its time by the engine's clock (whole microseconds)."""
    lab.inspect("container", name)
    raw = bytes(lab.client.api.logs(lab.fill(name), timestamps=True, tail=1000)).decode(errors="replace")
    stamped = [line.partition(" ") for line in raw.splitlines()]
    return [
        (datetime.datetime.fromisoformat(f"{moment[:26].rstrip('Z')}+00:00"), text.strip())
        for moment, _, text in stamped
        if moment[:4].isdigit() and len(moment) > 26
    ]


def started_after(name: str, line: str) -> Look:
    """How often the container was started since the line came into its log."""

    @look(f"docker logs -t {name}; docker events --since 1h --until 0s --filter event=start")
    def count(lab: Lab) -> int:
        known = lab.inspect("container", name)["Id"]
        starts = [
            event["timeNano"] / 1e9
            for event in lab.events(lab.since)
            if event.get("Action") == "start" and (event.get("Actor") or {}).get("ID") == known
        ]
        came = [moment.timestamp() for moment, text in written(lab, name) if text == lab.fill(line)]
        return sum(moment > max(came) for moment in starts) if came else 0

    return count


def lines(name: str) -> Look:
    return Look(lambda lab: [text for _, text in written(lab, name)], f"docker logs {name}")


WRITE = Exercise(
    id="03.4",
    title="A line in the log",
    goal="The container `{name}` runs and says nothing. Bring the line `{token}` into its log, as `docker logs {name}` "
    "shows it, without another start and without a new container.",
    seeds={"name": Name("silent"), "token": Token()},
    scene=Scene(
        files="files/none", commands=("docker run -d --name {name} --label course.lab=03.4 busybox sleep 3600",)
    ),
    owns=("container:{name}",),
    steps=(
        Step(
            "line",
            State(
                "the log has the line {token}",
                lines("{name}").of_scene("container", "{name}"),
                expect.includes("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "more than the line",
                        "a line of the log has `{token}` and something else in it.",
                        lambda lab, value: any(lab.values["token"] in line for line in value),
                    ),
                    mistakes.seen_when(
                        "output of docker exec",
                        "what `docker exec` prints goes to you, not to the log: the log is what process 1 has written.",
                        lambda lab, value: bool(looks.events("container", "exec_start", "{name}").fetch(lab)),
                    ),
                ),
            ),
            Did(
                "{name} was not started again after it",
                started_after("{name}", "{token}"),
                expect.equals(0),
                mistakes=(
                    mistakes.seen_when(
                        "another start", "it had to go on running as it was.", lambda lab, value: value > 0
                    ),
                ),
            ),
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.exited("{name}"),),
            ),
            points=2,
        ),
    ),
    solution=("docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'",),
    right=(
        Right("restarted first, to no avail", (
            "docker restart -t 0 {name}", "docker exec {name} echo {token}",
            "docker exec -i {name} tee /proc/1/fd/2 <<< {token}",
        )),
        Right("from beside it", (
            "docker run --rm --pid container:{name} busybox sh -c 'echo {token} > /proc/1/fd/1'",
        )),
        Right("by the SDK, with other lines around", (
            "docker exec {name} sh -c 'seq 3 > /proc/1/fd/1'",
            SDK % 'client.containers.get("{name}").exec_run(["sh", "-c", "echo {token} >> /proc/1/fd/1"])',
            "docker exec {name} sh -c 'seq 3 > /proc/1/fd/2'",
        )),
        Right("twice", ("docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'; docker restart -t 0 {name}",
                        "docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'")),
    ),
    wrong=(
        Wrong("killed afterwards", ("docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'", "docker kill {name}"),
              says="the main process ended"),
        Wrong("in another line", ("docker exec {name} sh -c 'echo not {token} > /proc/1/fd/1'",),
              says="more than the line"),
        Wrong("printed by exec", ("docker exec {name} echo {token}",), says="output of docker exec"),
        Wrong(
            "a file of that name",
            ("docker exec {name} sh -c 'echo {token} > /var/log.txt'",),
            says="output of docker exec",
        ),
        Wrong(
            "a new container",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} --label course.lab=03.4 busybox sh -c 'echo {token}; sleep 3600'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "another under its name",
            (
                "docker rename {name} x-{name}",
                "docker run -d --name {name} --label course.lab=03.4 busybox sh -c 'echo {token}; sleep 3600'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "started anew",
            ("docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'", "docker restart -t 0 {name}"),
            says="another start",
        ),
        Wrong("written by the client", ("echo {token}",), says="nothing"),
    ),
    minutes=5,
)  # fmt: skip

BUILD = "docker build -q -t {image} --label course.lab=03.5 ."
RUN = "docker rm -f {name} >/dev/null 2>&1; docker run -d --name {name} {image}"
TRAP = 'trap "echo {token}; exit 0" TERM'
WAITS = "sleep 3600 \\&\\nwait $!"


GRACE = 10  # seconds that `docker stop` gives
TERM = 1 << 14  # SIGTERM's bit in a mask of /proc/PID/status, see proc(5)
AS_ASKED = "ended by itself, exit code 0, after it said {token}"


def hears(lab: Lab, container: Any) -> bool:
    """Whether process 1 has a handler for SIGTERM, or waits for it: without one it never ends (pid_namespaces(7))."""
    if container.attrs["HostConfig"].get("Init"):
        return True

    def heard() -> bool:
        code, status = lab.execute(container.id, ["cat", "/proc/1/status"])
        rows = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return code != 0 or any(int(rows.get(mask, "0"), 16) & TERM for mask in ("SigCgt", "SigBlk"))

    return bool(lab.wait(heard, seconds=2))


def told(lab: Lab, image: str, words: str, first: str = "ready", **options: Any) -> str:
    """How a container ends that is sent SIGTERM, while another one like it is not."""
    # the other one first: what ends after a while in any case has ended there before
    with lab.throwaway(image, **options) as other, lab.throwaway(image, **options) as copy:

        def runs(container: Any) -> bool:
            container.reload()
            return bool(container.attrs["State"]["Running"])

        def said(container: Any) -> list[str]:
            return [line.strip() for line in bytes(container.logs()).decode(errors="replace").splitlines()]

        def code() -> str:
            return f"exit code {copy.attrs['State']['ExitCode']}"

        lab.wait(lambda: "ready" in said(copy) or not runs(copy), seconds=3)
        before = said(copy)
        if not runs(copy):
            return f"ended before it was told to, {code()}"
        if before[:1] != [first] or "ready" not in before:
            return f"did not write ready first, but {expect.plain(before)}"
        if not hears(lab, copy):
            return "runs on after SIGTERM: process 1 has no handler"
        copy.kill(signal="TERM")
        if not lab.wait(lambda: not runs(copy), seconds=GRACE):
            return f"runs on {GRACE} s after SIGTERM"
        if words in said(other) or not runs(other):
            return "does so whether it is told to or not"
        after = said(copy)[len(before) :]
        last = words if words in after else expect.plain(after[-1:])
        return f"ended by itself, {code()}, after it said {last}"


@look("docker kill -s TERM {name}; docker wait {name}; docker logs {name}")
def ends(lab: Lab) -> str:
    """How a copy of {name} ends, then how one of an image that is built from a copy of the folder does, with words in
    worker.sh that nobody knows before.
    """
    found = lab.inspect("container", "{name}")
    token, fresh = lab.fill("{token}"), secrets.token_hex(4)
    seen = told(lab, found["Image"], token, **probes.copy_options(found))
    if seen != lab.fill(AS_ASKED):
        return seen
    text = looks.file("worker.sh").fetch(lab)
    if text is None:
        raise Missing("there is no worker.sh in your folder")
    if token in text:
        changes, wanted, first = text.replace(token, fresh), fresh, "ready"
    else:  # its words come from elsewhere: then the file itself shows by its first line
        head, rest = text.split("\n", 1) if text.startswith("#!") else ("", text)
        changes, wanted, first = f"{head}\necho {fresh}\n{rest}", token, fresh
    with builds.built(lab, {"worker.sh": changes}) as image:
        anew = told(lab, image, wanted, first).replace(wanted, token)
    return seen if anew == seen else f"built anew from worker.sh, one {anew}"


TOLD = Exercise(
    id="03.5",
    title="Ends when it is told to",
    goal="The folder exercises/03.5 holds a Dockerfile and `worker.sh`. Change worker.sh so that it ends when it is "
    "told to: on SIGTERM it writes `{token}` and ends with exit code 0. Build it as the image `{image}` and leave a "
    "container `{name}` of it running. It must still write `ready` first.",
    seeds={"name": Name("worker"), "image": Name("work"), "token": Token()},
    scene=Scene(files="files/worker"),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            State("{name} is a container of {image}", identity.made_from("{name}", "{image}"),
                  expect.equals("{image}")),
            points=0.5,
        ),
        Step(
            "ends",
            Probe(
                "a copy of {name} ends when it is told to",
                ends,
                expect.equals(AS_ASKED),
                mistakes=(
                    mistakes.seen_when(
                        "not in worker.sh",
                        "an image that is built from your folder now has a worker that does not end as asked.",
                        lambda lab, value: str(value).startswith("built anew"),
                    ),
                    mistakes.seen_when(
                        "the default action of SIGTERM",
                        "143 is 128 + 15: something else is process 1 here, and the worker has no handler.",
                        lambda lab, value: "code 143" in str(value),
                    ),
                    mistakes.seen_when(
                        "the trap waits for sleep",
                        "a shell runs a trap when the command in the foreground has ended: "
                        "write `sleep 3600 &`, then `wait $!`.",
                        lambda lab, value: "s after SIGTERM" in value,
                    ),
                    mistakes.seen_when(
                        "no handler",
                        "process 1 ignores every signal it has no handler for (`trap` in a shell).",
                        lambda lab, value: "no handler" in str(value),
                    ),
                ),
            ),
            points=2,
            after="runs",
        ),
    ),
    solution=("sed -i 's/^sleep 3600/" + TRAP + "\\n" + WAITS + "/' worker.sh", BUILD, RUN),
    right=(
        Right("a loop with a short sleep, built by the classic builder, run by its id", (
            "printf '%s\\n' 'trap \"echo {token}; exit\" TERM' 'echo ready' 'while true; do sleep 3; done' > worker.sh",
            "DOCKER_BUILDKIT=0 " + BUILD, "docker run -d --name {name} $(docker images -q {image})",
        )),
        Right("a function, a script that can be run, an entrypoint, --init", (
            "printf '%s\\n' '#!/bin/sh' 'bye() {' ' echo {token}' ' exit 0' '}' 'echo ready' 'trap bye 15' "
            "'sleep 9999 & wait' > worker.sh; chmod +x worker.sh",
            "printf '%s\\n' 'FROM busybox' 'WORKDIR /app' 'COPY worker.sh .' 'ENTRYPOINT [\"./worker.sh\"]' "
            "> Dockerfile",
            BUILD, "docker create --init --name {name} {image}:latest; docker start {name}",
        )),
        Right("words in a variable, and a first try in the way", (
            BUILD, RUN, "docker kill {name}",
            "printf '%s\\n' 'echo ready' 'trap \"echo $WORDS; exit 0\" TERM' 'sleep 3600 &' 'wait $!' > worker.sh",
            "echo 'ENV WORDS={token}' >> Dockerfile", BUILD, RUN,
        )),
    ),
    wrong=(
        Wrong("busybox under the image's name", (
            "docker tag busybox {image}", "docker run -d --name {name} {image} sh -c "
            "'trap \"echo {token}; exit 0\" TERM; echo ready; sleep 3600 & wait'",
        ), says="not in worker.sh"),
        Wrong("a command in the Dockerfile, and the worker as it was", (
            "printf '%s\\n' 'FROM busybox' 'COPY worker.sh /' "
            "'CMD trap \"echo {token}; exit 0\" TERM; echo ready; sleep 3600 & wait' > Dockerfile", BUILD, RUN,
        ), says="not in worker.sh"),
        Wrong("of busybox", (
            BUILD, "docker run -d --name {name} busybox sh -c "
            "'trap \"echo {token}; exit 0\" TERM; echo ready; sleep 3600 & wait'",
        ), says="is a container of {image}"),
        Wrong("ends in any case", (
            "printf '%s\\n' 'trap : TERM' 'echo ready' 'sleep 3 & wait; wait' 'echo {token}' > worker.sh", BUILD,
            "docker run -d --restart always --name {name} {image}",
        ), says="told to"),
        Wrong("another signal", (
            "sed -i 's/^sleep 3600/" + TRAP.replace("TERM", "INT") + "\\n" + WAITS + "/' worker.sh",
            "echo 'STOPSIGNAL SIGINT' >> Dockerfile", BUILD, RUN), says="no handler"),
        Wrong("as it was", (BUILD, RUN), says="no handler"),
        Wrong(
            "a trap, and sleep in the foreground",
            ("sed -i 's/^sleep 3600/" + TRAP + "\\nsleep 3600/' worker.sh", BUILD, RUN),
            says="the trap waits for sleep",
        ),
        Wrong(
            "--init instead of a handler",
            (BUILD, RUN.replace("run -d", "run -d --init")),
            says="the default action of SIGTERM",
        ),
        Wrong(
            "ends without its words",
            ('sed -i \'s/^sleep 3600/trap "exit 0" TERM\\n' + WAITS + "/' worker.sh", BUILD, RUN),
            says="after it said nothing",
        ),
        Wrong(
            "says it and ends with 3",
            ("sed -i 's/^sleep 3600/" + TRAP.replace("exit 0", "exit 3") + "\\n" + WAITS + "/' worker.sh", BUILD, RUN),
            says="exit code 3",
        ),
        Wrong("only built", (BUILD,), says="there is no container called"),
        Wrong("ended in the end", (BUILD, RUN, "docker kill {name}"), says="the main process ended"),
    ),
    minutes=10,
)  # fmt: skip

BUILD_JOB = "docker build -q -t {image} --label course.lab=03.6 ."
RUN_JOB = "docker run --name {name} --label course.lab=03.6 {image} || true"
MEND = "printf '%s\\n' 'sh /job.sh > /job.log 2>&1' 'code=$?' 'cat /job.log' 'exit $code' > run.sh"

JOB_FILE = Path(__file__).parent / "files" / "hunt" / "job.sh"
JOBS = 'for f in $(find / -xdev -type f -name job.sh 2>/dev/null); do echo "== $f"; cat "$f"; done'


def jobs(lab: Lab) -> dict[str, str]:
    """The texts of all files called job.sh in {image}, by path."""
    said = probes.run("{image}", ["-c", JOBS], entrypoint=["sh"], user="0").fetch(lab)
    texts = said.partition("exit 0: ")[2].split("== ")[1:]
    return {path: text.strip() for path, _, text in (each.partition("\n") for each in texts)}


def run_with(lab: Lab, code: int) -> tuple[str, str]:
    """`exit CODE: OUTPUT` of {image} with another job in the place of job.sh, which ends with this code; a text that
    it writes to both streams, in two halves.
    """
    word = secrets.token_hex(8)
    text = f"printf {word[:8]}\necho {word[8:]}\nprintf {word[:8]} >&2\necho {word[8:]} >&2\nexit {code}\n"
    return probes.run("{image}", files=dict.fromkeys(jobs(lab), text)).fetch(lab), word


@look("docker run --rm {image}; echo $?")
def codes(lab: Lab) -> str:
    """What a container of {image} ends with: with its own job, then with others."""
    seen = str(probes.run("{image}").fetch(lab))
    if seen.startswith(lab.fill("exit {code}:")):
        for code in (0, secrets.choice(range(20, 120))):
            other, _ = run_with(lab, code)
            if not other.startswith(f"exit {code}:"):
                return f"with a job that ends with {code}: {other.split(':')[0]}"
    return seen


@look("docker run --rm {image}")
def words(lab: Lab) -> str:
    """What a container of {image} says: its own job's words, unless it leaves those of another job out."""
    other, word = run_with(lab, 0)
    return str(probes.run("{image}").fetch(lab)) if other.count(word) == 2 else f"of another job's two lines: {other}"


@look("docker run --rm {image} cat /job.sh")
def job(lab: Lab) -> str:
    scene = JOB_FILE.read_text(encoding="utf-8").replace("CODE", lab.fill("{code}")).strip()
    found = jobs(lab)
    if not found:
        raise Missing(lab.fill("there is no job.sh in {image}"))
    here = looks.file("job.sh").fetch(lab)
    changed = any(text != scene for text in found.values()) or (here is not None and here.strip() != scene)
    return "changed" if changed else "as it was"


@look("docker ps -a --filter name={name}")
def ended(lab: Lab) -> str:
    state = lab.inspect("container", "{name}")["State"]
    return f"{state['Status']}, exit code {state['ExitCode']}"


HUNT = Exercise(
    id="03.6",
    title="The job that is always fine",
    goal="Symptom: a broken order stopped the job in the container `{name}`, its log says so, and yet "
    "`docker wait {name}` says 0: nobody was told. Its image `{image}` was built from the folder exercises/03.6.\n"
    "Repair the image, so that a container of it ends with the exit code of job.sh, whatever that is, and what "
    "job.sh says is still in the log. Do not change job.sh. Then replace `{name}` by a container of the repaired "
    "image, and let it run to its end.",
    seeds={"name": Name("orders"), "image": Name("shop"), "code": Pick((3, 4, 5, 6, 8, 9))},
    scene=Scene(
        files="files/hunt",
        prepare=(
            "sed -i 's/CODE$/{code}/; 1s/CODE/{code}/' job.sh",
            "docker build -q --label course.lab={id} -t {image}:broken .",
        ),
        commands=("sed -i 's/CODE$/{code}/; 1s/CODE/{code}/' job.sh", "docker tag {image}:broken {image}", RUN_JOB),
    ),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step(
            "image",
            Probe(
                "with a broken order a container of {image} ends with {code}, with another job with that one's code",
                codes,
                expect.matches("^exit {code}:", "exit {code}"),
                mistakes=(
                    mistakes.seen_when(
                        "the exit code of tee",
                        "a pipeline's exit code is that of its last command, and `tee` has done its work well.",
                        lambda lab, value: str(value).startswith("exit 0") and "giving up" in str(value),
                    ),
                    mistakes.seen_when(
                        "the code is written down",
                        "it has to be the job's own, not always {code}.",
                        lambda lab, value: str(value).startswith("with a job"),
                    ),
                ),
            ),
            Probe("its log has what the job said", words, expect.matches("giving up", "what job.sh says")),
            Probe("job.sh is as it was", job, expect.equals("as it was")),
            points=2,
        ),
        Step(
            "container",
            State(
                "{name} ended with {code}",
                ended,
                expect.equals("exited, exit code {code}"),
                mistakes=(
                    mistakes.seen_when(
                        "the container is of the old image",
                        "a rebuilt image changes no container: `docker rm {name}`, then run it again.",
                        lambda lab, value: lab.is_original("container", "{name}"),
                    ),
                    mistakes.not_started("{name}"),
                ),
            ),
            State("{name} is a container of {image}", identity.made_from("{name}", "{image}", rebuilt=True),
                  expect.equals("{image}")),
            State("{name} has the job's words in its log", looks.logs("{name}"), expect.contains("giving up")),
            after="image",
        ),
    ),
    solution=(MEND, BUILD_JOB, "docker rm -f {name}", RUN_JOB),
    right=(
        Right("the job alone, by the classic builder", (
            "printf '%s\\n' 'FROM busybox' 'COPY job.sh /' 'ENV ORDERS=\"anna ben broken cleo\"' "
            "'CMD [\"sh\", \"/job.sh\"]' > Dockerfile", "DOCKER_BUILDKIT=0 " + BUILD_JOB,
            "docker rename {name} before-{name}; docker create --name {name} --label course.lab=03.6 {image}:latest",
            "docker start -a {name}; true",
        )),
        Right("pipefail, in another folder of the image", (
            "printf 'set -o pipefail\\nsh ./job.sh 2>&1 | tee job.log\\n' > run.sh",
            "printf '%s\\n' 'FROM busybox' 'WORKDIR /app' 'COPY . .' 'ENV ORDERS=\"anna ben broken cleo\"' "
            "'ENTRYPOINT [\"sh\", \"run.sh\"]' > Dockerfile", BUILD_JOB, "docker rm {name}", RUN_JOB,
        )),
        Right("committed, with a first try in the way", (
            "docker rm {name}", RUN_JOB, "echo 'exec sh /job.sh' > new.sh", "docker cp new.sh {name}:/run.sh",
            "docker commit {name} {image}; docker rm {name}",
            SDK % 'client.containers.run("{image}", name="{name}", labels=["course.lab=03.6"], detach=True).wait()',
        )),
    ),
    wrong=(
        Wrong("looks for the broken order itself", (
            "echo 'grep -q broken /job.log && exit {code}; exit 0' >> run.sh", BUILD_JOB, "docker rm {name}", RUN_JOB,
        ), says="the code is written down"),
        Wrong("changed the job", (
            "sed -i 's/giving up/giving up now/' job.sh", MEND, BUILD_JOB, "docker rm {name}", RUN_JOB,
        ), says="job.sh is as it was"),
        Wrong("a container of busybox", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 busybox sh -c 'echo giving up; exit {code}'; true",
        ), says="is a container of {image}"),
        Wrong("another program in it", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 {image} sh -c 'exit {code}'; true",
        ), says="{name} has the job's words in its log"),
        Wrong("lost it again", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 {image} sh -c 'sh /job.sh; true'",
        ), says="ended with {code}"),
        Wrong(
            "wrote the code down",
            ("echo 'exit {code}' >> run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="the code is written down",
        ),
        Wrong(
            "silenced the job",
            ("echo 'sh /job.sh >/dev/null 2>&1' > run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="its log has what the job said",
        ),
        Wrong(
            "started it again",
            (MEND, BUILD_JOB, "docker start -a {name} || true"),
            says="the container is of the old image",
        ),
        Wrong(
            "another command for this container",
            ("docker rm -f {name}", "docker run --name {name} --label course.lab=03.6 {image} sh /job.sh || true"),
            says="the exit code of tee",
        ),
        Wrong(
            "exit after tee",
            ("echo 'exit $?' >> run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="the exit code of tee",
        ),
    ),
    minutes=8,
)  # fmt: skip

EXERCISES = (STATES, SAME, READ, WRITE, TOLD, HUNT)

PREDICTIONS = (
    Prediction(
        "03.p1",
        "The clock gets signal 9 from inside its container. What is the container's state a moment later?",
        ("exited, exit code 137", "running", "exited, exit code 0"),
        "b",
        "Inside its own container, process 1 gets only signals it has a handler for. For signal 9 nobody can have one.",
    ),
    Prediction(
        "03.p2",
        "Somebody types `exit` in a shell that `docker exec -it` opened. What becomes of the container?",
        ("It ends", "It is paused", "It runs on"),
        "c",
        "`exec` starts a second process. The container's life is that of process 1.",
    ),
    Prediction(
        "03.p3",
        "Four texts were written: to standard output, to standard error, to a file, and by `docker exec`. "
        "How many of them will `docker logs` show?",
        ("1", "2", "3", "4"),
        "b",
        "The log is what process 1 and those who inherit its streams write to standard output and standard error.",
    ),
    Prediction(
        "03.p4",
        "`docker stop` asks with SIGTERM. Both images start one worker, which has a handler. Which ends when asked?",
        ('exec form: CMD ["worker"]', 'shell form: CMD worker && echo "..."', "Both", "Neither"),
        "a",
        "In the shell form a shell is process 1: it gets the signal, has no handler, and passes nothing on.",
    ),
    Prediction(
        "03.p5",
        "A container is stopped, then removed. When does its log go?",
        ("At `docker stop`", "At `docker rm`", "Never"),
        "b",
        "Log and files belong to the container: they stay as long as it is there, running or not.",
    ),
)

QUIZZES = (
    Quiz(
        "03.q1",
        "A container ended with exit code 137. What do you know?",
        (
            Choice(
                "It was out of memory",
                "Perhaps. The number does not say so; `.State.OOMKilled` and the events say more.",
            ),
            Choice("Signal 9 ended it, or its program chose that number", "128 + 9, or `exit 137`.", right=True),
            Choice("Somebody typed `docker kill`", "`docker stop` ends so too, after its grace period."),
        ),
    ),
    Quiz(
        "03.q2",
        "Which of these bring a text into `docker logs`?",
        (
            Choice("Process 1 writes it to standard error", "Both streams are kept.", right=True),
            Choice("docker exec CONTAINER echo text", "That goes to the one who called exec."),
            Choice("Process 1 writes it to /var/log/app.log", "A file in the container. The engine does not read it."),
            Choice(
                "docker exec CONTAINER sh -c 'echo text > /proc/1/fd/1'",
                "That is process 1's standard output.",
                right=True,
            ),
        ),
    ),
    Quiz(
        "03.q3",
        "`docker stop` takes ten seconds each time. What is the likely reason?",
        (
            Choice("The engine is slow to remove the files", "`stop` removes no file."),
            Choice("Process 1 does not react to SIGTERM", "So the engine waits, and kills.", right=True),
            Choice(
                "The container has too much to write", "A process with a handler ends when it is done, often at once."
            ),
        ),
    ),
    Quiz(
        "03.q4",
        "You want to look around in a running container, and leave without ending it. Which ways work?",
        (
            Choice("docker exec -it CONTAINER sh, then exit", "It ends the second process only.", right=True),
            Choice("docker attach CONTAINER to its shell, then exit", "That shell is process 1: the container ends."),
            Choice(
                "docker attach CONTAINER, then Ctrl-P Ctrl-Q",
                "Detached: process 1 runs on. (Started with -it.)",
                right=True,
            ),
            Choice("docker run -it IMAGE sh", "That is another container."),
        ),
    ),
)
