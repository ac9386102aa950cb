"""Lesson 03: exact states, one container over two starts, a log read and written, a graceful end, a lost exit code."""

import math
from typing import Any

from labsupport import pace
from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    looks,
    mistakes,
    probes,
)

JOB = "docker run --name {job} busybox sh -c 'exit {code}' || true"
HELD = "docker run -d --name {held} busybox sleep 3600 && docker pause {held}"
CUT = "docker run -d --name {cut} busybox sleep 3600"

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
                "{job} ended with exit code {code}",
                looks.container("{job}", ".State.ExitCode").then(str),
                expect.equals("{code}"),
                mistakes=(
                    mistakes.seen_when(
                        "the program was not found",
                        "127 is what docker says when the image has no such program.",
                        lambda lab, value: value == "127",
                    ),
                    mistakes.seen_when(
                        "ended from outside",
                        "137 is 128 + 9: signal 9 ended it; let its program end with `exit`.",
                        lambda lab, value: value == "137",
                    ),
                ),
            ),
        ),
        Step(
            "paused",
            State(
                "{held} is paused",
                looks.container("{held}", ".State.Status"),
                expect.equals("paused"),
                mistakes=(mistakes.not_started("{held}"), mistakes.exited("{held}")),
            ),
        ),
        Step(
            "killed",
            State(
                "{cut} has exit code 137",
                looks.container("{cut}", ".State.ExitCode"),
                expect.equals(137),
                mistakes=(
                    mistakes.seen_when(
                        "still running",
                        "a signal was sent that process 1 ignores; KILL it cannot ignore.",
                        lambda lab, value: lab.inspect("container", "{cut}")["State"]["Running"],
                    ),
                ),
            ),
            Did(
                "{cut} was sent a signal",
                looks.events("container", "kill", "{cut}"),
                expect.present("a kill"),
                mistakes=(
                    mistakes.seen_when(
                        "a program may end with any code",
                        "137 was this program's own choice; nobody killed it.",
                        lambda lab, value: True,
                    ),
                ),
            ),
            Did(
                "{cut} was not stopped",
                looks.events("container", "stop", "{cut}"),
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "stopped, not killed",
                        "`docker stop` asks first and kills after its grace period; `docker kill` kills.",
                        lambda lab, value: True,
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=(JOB, HELD, CUT + " && docker kill {cut}"),
    wrong=(
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
)


def _of_scene(name: str, scene_name: str) -> Look:
    """Whether the container now called `name` was created under the name `scene_name`."""

    @look(f"docker events --since 1h --until 0s --filter type=container --filter container={name}")
    def same(lab: Lab) -> str:
        identity = lab.inspect("container", name)["Id"]
        for event in lab.events(lab.since):
            actor: dict[str, Any] = event.get("Actor") or {}
            if event.get("Action") == "create" and actor.get("ID") == identity:
                return str(actor["Attributes"]["name"])
        return "another container"

    return same


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
                _of_scene("{name}", "{old}"),
                expect.equals("{old}"),
                mistakes=(
                    mistakes.seen_when(
                        "a new container",
                        "`docker run` makes a container from the image, without the note; "
                        "`docker restart` and `docker rename` work on the one that is there.",
                        lambda lab, value: value is not None and value != lab.values["old"],
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
        ),
        Step("note", State("its /note is as it was", looks.file_in("{name}", "/note"), expect.contains("{token}"))),
    ),
    solution=("docker restart -t 0 {old}", "docker rename {old} {name}"),
    wrong=(
        Wrong("a new container", (NEW_ONE,), says="a new container"),
        Wrong("a new container with the note copied", (COPIED,), says="a new container"),
        Wrong("only renamed", ("docker rename {old} {name}",), says="only renamed"),
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
)

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
    wrong=(
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
)

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
                looks.logs("{name}").of_scene("container", "{name}"),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "output of docker exec",
                        "what `docker exec` prints goes to you, not to the log: the log is what process 1 has written.",
                        lambda lab, value: bool(looks.events("container", "exec_start", "{name}").fetch(lab)),
                    ),
                ),
            ),
            Did(
                "{name} was started once",
                looks.events("container", "start", "{name}").then(len),
                expect.equals(1),
                mistakes=(
                    mistakes.seen_when(
                        "another start", "it had to go on running as it was.", lambda lab, value: value > 1
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=("docker exec {name} sh -c 'echo {token} > /proc/1/fd/1'",),
    wrong=(
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
)

BUILD = "docker build -q -t {image} --label course.lab=03.5 ."
RUN = "docker rm -f {name} >/dev/null 2>&1; docker run -d --name {name} {image}"
TRAP = 'trap "echo {token}; exit 0" TERM'
WAITS = "sleep 3600 \\&\\nwait $!"


def last_words(name: str) -> Look:
    """The last line in the log of a copy of the container that was told to stop."""

    @look(f"docker stop {name}; docker logs --tail 1 {name}")
    def said(lab: Lab) -> str:
        found = lab.inspect("container", name)
        with lab.throwaway(found["Image"], **probes.copy_options(found)) as copy:
            lab.wait(lambda: b"ready" in bytes(copy.logs()), seconds=3)
            copy.stop(timeout=math.ceil(pace.seconds(2)))
            lines = bytes(copy.logs()).decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")

    return said


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
            points=0.5,
        ),
        Step(
            "ends",
            Probe(
                "a copy of {name} ends when it is told to",
                probes.stopping("{name}", grace=2, ready="ready"),
                expect.equals("ended by itself, exit code 0"),
                mistakes=(
                    mistakes.seen_when(
                        "the default action of SIGTERM",
                        "143 is 128 + 15: something else is process 1 here, and the worker has no handler.",
                        lambda lab, value: "143" in str(value),
                    ),
                    mistakes.seen_when(
                        "the trap waits for sleep",
                        "a shell runs a trap when the command in the foreground has ended: "
                        "write `sleep 3600 &`, then `wait $!`.",
                        lambda lab, value: "trap" in str(looks.file("worker.sh").fetch(lab)) and "killed" in value,
                    ),
                    mistakes.seen_when(
                        "no handler",
                        "process 1 ignores every signal it has no handler for (`trap` in a shell).",
                        lambda lab, value: "killed" in str(value),
                    ),
                ),
            ),
            Probe("its last words are {token}", last_words("{name}"), expect.equals("{token}")),
            points=2,
            after="runs",
        ),
    ),
    solution=("sed -i 's/^sleep 3600/" + TRAP + "\\n" + WAITS + "/' worker.sh", BUILD, RUN),
    wrong=(
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
            says="its last words are",
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
)

BUILD_JOB = "docker build -q -t {image} --label course.lab=03.6 ."
RUN_JOB = "docker run --name {name} --label course.lab=03.6 {image} || true"
MEND = "printf '%s\\n' 'sh /job.sh > /job.log 2>&1' 'code=$?' 'cat /job.log' 'exit $code' > run.sh"

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
                "with a broken order a container of {image} ends with {code}",
                probes.run("{image}"),
                expect.contains("exit {code}:"),
                mistakes=(
                    mistakes.seen_when(
                        "the exit code of tee",
                        "a pipeline's exit code is that of its last command, and `tee` has done its work well.",
                        lambda lab, value: str(value).startswith("exit 0") and "giving up" in str(value),
                    ),
                ),
            ),
            Probe("its log has what the job said", probes.run("{image}"), expect.contains("giving up")),
            Probe(
                "with good orders it ends with 0",
                probes.run("{image}", environment={"ORDERS": "anna cleo"}),
                expect.contains("exit 0:"),
                mistakes=(
                    mistakes.seen_when(
                        "the code is written down",
                        "it has to be the job's own, not always {code}.",
                        lambda lab, value: str(value).startswith("exit"),
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "container",
            State(
                "{name} ended with {code}",
                looks.container("{name}", ".State.ExitCode").then(str),
                expect.equals("{code}"),
                mistakes=(
                    mistakes.seen_when(
                        "the container is of the old image",
                        "a rebuilt image changes no container: `docker rm {name}`, then run it again.",
                        lambda lab, value: (
                            lab.inspect("container", "{name}")["Image"] != lab.inspect("image", "{image}")["Id"]
                        ),
                    ),
                ),
            ),
            after="image",
        ),
    ),
    solution=(MEND, BUILD_JOB, "docker rm -f {name}", RUN_JOB),
    wrong=(
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
)

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
