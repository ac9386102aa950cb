"""03.1 Three exact states."""

from typing import Any

from labsupport.exercises.author import *

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


EXERCISE = Exercise(
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
                    Mistake(
                        "the program was not found",
                        "127 is what docker says when the image has no such program.",
                        lambda lab, value: lab.inspect("container", "{job}")["State"]["ExitCode"] == 127,
                    ),
                    mistakes.not_started("{job}"),
                    Mistake(
                        "ended from outside",
                        "somebody sent it a signal; let its program end with `exit`.",
                        expect.begins_with("stopped", "killed", "ended after"),
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
                    Mistake(
                        "still running",
                        "a signal was sent that process 1 ignores; KILL it cannot ignore.",
                        lambda lab, value: value == "running" and bool(last_run(lab, "{cut}")[1:]),
                    ),
                    Mistake(
                        "stopped, not killed",
                        "`docker stop` asks first and kills after its grace period; `docker kill` kills.",
                        expect.begins_with("stopped"),
                    ),
                    Mistake(
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
                SDK % 'engine.containers.run("busybox", ["sh", "-c", "exit {code}"], name="{job}", detach=True).wait()',
                SDK % 'engine.containers.run("busybox", "sleep 3600", name="{held}", detach=True).pause()',
                SDK % 'engine.containers.run("busybox", "sleep 3600", name="{cut}", detach=True).kill()',
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
