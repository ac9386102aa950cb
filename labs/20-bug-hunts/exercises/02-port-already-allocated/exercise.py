"""Bug hunt 2: two containers want one port of the machine."""

from labsupport.exercises.author import *

SERVE = "sh -c 'mkdir /w; echo {0} > /w/index.html; exec httpd -f -h /w'"

PAUSED = Mistake(
    "paused, not stopped",
    "a paused container keeps its memory, its network and its ports; nobody else gets them.",
    lambda lab, _: lab.inspect("container", "{old}")["State"]["Paused"],
)

EXERCISE = Exercise(
    id="bug.2",
    title="Port already allocated",
    goal=(
        "Symptom: `docker start {name}` fails: the port is already allocated.\n"
        "Repair it: {name}, which is the new version, answers on http://127.0.0.1:{port}/. The old container {old} "
        "no longer runs, but it is kept: somebody still wants to read its log."
    ),
    seeds={"name": Name("new"), "old": Name("old"), "port": Port(), "token": Token()},
    owns=("container:{name}", "container:{old}"),
    scene=Scene(
        commands=(
            (
                "docker run -d --label course.lab={id} --name {old} -p {port}:80 busybox " + SERVE.format("old"),
                "docker create --label course.lab={id} --name {name} -p {port}:80 busybox " + SERVE.format("{token}"),
            ),
            "! docker start {name}",
        ),
    ),
    steps=(
        Step(
            "answers",
            Probe(
                "http://127.0.0.1:{port}/ gives the new page",
                probes.page("{port}"),
                expect.contains("{token}"),
                mistakes=(
                    PAUSED,
                    mistakes.other_host_port("{name}", "{port}"),
                    Mistake(
                        "not started again",
                        "the start that failed is not made up for: `docker start {name}` once the port is free.",
                        lambda lab, _: identity.behind("{port}").fetch(lab) is None,
                    ),
                ),
            ),
            State("{port} leads to {name}", identity.behind("{port}"), expect.equals("{name}")),
            points=2,
        ),
        Step(
            "kept",
            State(
                "{old} is stopped and still there",
                looks.container("{old}", ".State.Status").of_scene("container", "{old}"),
                expect.equals("exited"),
                mistakes=(
                    Mistake(
                        "removed instead of stopped",
                        "`docker rm` deletes a container's log and files with it.",
                        lambda lab, value: value is None,
                    ),
                ),
            ),
        ),
    ),
    solution=("docker stop -t 0 {old}", "docker start {name}"),
    untouched_says="running",
    right=(
        Right("killed, and a wrong start before", ("docker start {name}", "docker kill {old}", "docker start {name}")),
        Right(
            "made anew, another port as well",
            (
                "docker stop -t 0 {old}",
                "docker rm {name}",
                "docker run -d -p {port}:8080 -p 80 --name {name} busybox "
                + SERVE.format("{token}").replace("-f", "-f -p 8080"),
            ),
        ),
        Right(
            "by the SDK, by id",
            (
                'python3 -c "import docker; c = docker.from_env().containers; '
                "c.get(c.get('{old}').id).stop(timeout=0); c.get('{name}').start()\"",
            ),
        ),
        Right(
            "paused first",
            (
                "docker pause {old}",
                "docker start {name}",
                "docker unpause {old}",
                "docker stop -t 0 {old}",
                "docker start {name}",
                "docker restart -t 0 {name}",
            ),
        ),
    ),
    wrong=(
        Wrong("only stopped", ("docker stop -t 0 {old}",), says="not started again"),
        Wrong(
            "another one answers",
            (
                "docker stop -t 0 {old}",
                "docker run -d --label course.lab={id} -p {port}:80 busybox " + SERVE.format("{token}"),
            ),
            says="{port} leads to {name}",
        ),
        Wrong(
            "another page",
            ("docker stop -t 0 {old}", "docker rm {name}", "docker run -d --name {name} -p {port}:80 web"),
            says="gives the new page",
        ),
        Wrong("old one removed", ("docker rm -f {old}", "docker start {name}"), says="removed instead of stopped"),
        Wrong("old one paused", ("docker pause {old}", "docker start {name}"), says="paused, not stopped"),
        Wrong(
            "another port",
            (
                "docker stop -t 0 {old}",
                "docker rm {name}",
                "docker run -d -P --expose 80 --name {name} busybox " + SERVE.format("{token}"),
            ),
            says="another host port",
        ),
        Wrong(
            "another old one",
            (
                "docker rm -f {old}",
                "docker start {name}",
                "docker run --name {old} --label course.lab={id} busybox true",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "renamed",
            ("docker stop -t 0 {old}", "docker start {name}", "docker rename {old} {old}-2"),
            says="there is no container called",
        ),
    ),
)
