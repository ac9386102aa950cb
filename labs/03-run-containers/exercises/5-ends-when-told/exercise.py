"""03.5 Ends when it is told to."""

import secrets
from typing import Any

from labsupport.exercises.author import *

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


EXERCISE = Exercise(
    id="03.5",
    title="Ends when it is told to",
    goal="The folder exercises/03.5 holds a Dockerfile and `worker.sh`. Change worker.sh so that it ends when it is "
    "told to: on SIGTERM it writes `{token}` and ends with exit code 0. Build it as the image `{image}` and leave a "
    "container `{name}` of it running. It must still write `ready` first.",
    seeds={"name": Name("worker"), "image": Name("work"), "token": Token()},
    scene=Scene(files="files"),
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
                    Mistake(
                        "not in worker.sh",
                        "an image that is built from your folder now has a worker that does not end as asked.",
                        expect.begins_with("built anew"),
                    ),
                    Mistake(
                        "the default action of SIGTERM",
                        "143 is 128 + 15: something else is process 1 here, and the worker has no handler.",
                        expect.contains("code 143"),
                    ),
                    Mistake(
                        "the trap waits for sleep",
                        "a shell runs a trap when the command in the foreground has ended: "
                        "write `sleep 3600 &`, then `wait $!`.",
                        lambda lab, value: "s after SIGTERM" in value,
                    ),
                    Mistake(
                        "no handler",
                        "process 1 ignores every signal it has no handler for (`trap` in a shell).",
                        expect.contains("no handler"),
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
