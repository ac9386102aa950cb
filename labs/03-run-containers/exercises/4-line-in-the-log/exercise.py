"""03.4 A line in the log."""

import datetime

from labsupport.exercises.author import *


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


EXERCISE = Exercise(
    id="03.4",
    title="A line in the log",
    goal="The container `{name}` runs and says nothing. Bring the line `{token}` into its log, as `docker logs {name}` "
    "shows it, without another start and without a new container.",
    seeds={"name": Name("silent"), "token": Token()},
    scene=Scene(
        commands=("docker run -d --name {name} --label course.lab=03.4 busybox sleep 3600",)
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
                    Mistake(
                        "more than the line",
                        "a line of the log has `{token}` and something else in it.",
                        lambda lab, value: any(lab.values["token"] in line for line in value),
                    ),
                    Mistake(
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
                    Mistake(
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
            SDK % 'engine.containers.get("{name}").exec_run(["sh", "-c", "echo {token} >> /proc/1/fd/1"])',
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
