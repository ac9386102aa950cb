"""Bug hunt 1: a container that ends as soon as it is started."""

import json
from typing import Any

from labsupport.exercises.author import *

RESTART_POLICY = Mistake(
    "a restart policy over a broken start",
    "it starts the same program again and again; the program still ends at once.",
    lambda lab, _: lab.inspect("container", "{name}")["HostConfig"]["RestartPolicy"]["Name"] not in ("", "no"),
)
FOR_A_WHILE = Mistake(
    "it will end after a while",
    "a program that waits some seconds keeps the container for as long; process 1 has to be the server itself.",
    expect.contains("only"),
)
OTHER_PROGRAM = Mistake(
    "kept alive by another program",
    "the container runs now, but not what it is for; process 1 has to be the server itself.",
    lambda lab, _: any(word in str(lab.inspect("container", "{name}")["Config"]["Cmd"]) for word in ("sleep", "tail")),
)
COMMAND_ONLY = Mistake(
    "another command for this one container",
    "what is given to `docker run` repairs one container; the next one of this image ends at once again.",
    lambda lab, value: lab.inspect("container", "{name}")["State"]["Running"],
)
ASK = ["wget", "-qO-", "http://127.0.0.1/"]


def content(found: dict[str, Any]) -> str:
    """What two builds of the same have in common."""
    return json.dumps([found["RootFS"]["Layers"], {**found["Config"], "Image": ""}], sort_keys=True)


@look("docker container inspect {name} --format '{{.Config.Image}} {{.Image}}'")
def image(lab: Lab) -> str:
    """{image} when the container is of what has that name now, else what it was called by."""
    found = lab.inspect("container", "{name}")
    wanted = lab.inspect("image", "{image}")
    if found["Image"] == wanted["Id"] or content(lab.inspect("image", found["Image"])) == content(wanted):
        return lab.fill("{image}")
    called = str(found["Config"]["Image"])
    stale = called.removesuffix(":latest") == lab.fill("{image}")
    return f"what {called} was before it was built anew" if stale else called


@look("docker exec {name} wget -qO- http://127.0.0.1/")
def served(lab: Lab) -> str:
    mode = str(lab.inspect("container", "{name}")["HostConfig"]["NetworkMode"])
    if mode == "host" or mode.startswith("container:"):
        raise Missing(lab.fill(f"{{name}} has no network of its own (--network {mode}): another server may answer"))
    return str(probes.execute("{name}", ASK).fetch(lab))


@look("docker run -d {image}")
def works_alone(lab: Lab) -> str:
    """What a container of the image, started without a command, serves within some seconds."""
    lab.inspect("image", "{image}")
    with lab.throwaway(lab.fill("{image}"), network_mode="none") as copy:

        def answer() -> str:
            copy.reload()
            if copy.status != "running":
                return f"ended at once, exit code {copy.attrs['State']['ExitCode']}"
            try:
                code, said = lab.execute(copy.id, ASK)
            except Missing:
                return ""  # it has just ended: the next look says how
            return said if code == 0 else ""

        return str(lab.wait(answer, seconds=4)) or "nothing"


# Two ways of ending at once: the server puts itself into the background, or the shell puts it there.
FAULTS = ('["httpd", "-p", "80", "-h", "/www"]', '["sh", "-c", "httpd -f -p 80 -h /www \\&"]')
PLANT = "sed -i 's|^CMD .*|CMD {fault}|' Dockerfile"
MEND = """sed -i 's|^CMD .*|CMD ["httpd", "-f", "-p", "80", "-h", "/www"]|' Dockerfile"""

EXERCISE = Exercise(
    id="bug.1",
    title="It exits at once",
    goal=(
        "Symptom: `docker run -d --name {name} {image}` prints an id and no error, yet `docker ps` does not list "
        "{name} and its log is empty.\n"
        "Repair {image} and run it again with just this command: {name} runs and its web server, on port 80 in the "
        "container, serves the page of the image. The files are in your working folder."
    ),
    seeds={"name": Name("hours"), "image": Name("page"), "token": Token(), "fault": Pick(FAULTS)},
    owns=("container:{name}", "image:{image}"),
    scene=Scene(
        files="files",
        prepare=(
            PLANT,
            "echo '<p>{token}</p>' >> www/index.html",
            "docker build -q --label course.lab={id} -t {image}:broken .",
        ),
        commands=(
            PLANT,
            "grep -q {token} www/index.html || echo '<p>{token}</p>' >> www/index.html",
            "docker tag {image}:broken {image}",
            "docker run -d --label course.lab={id} --name {name} {image}",
        ),
    ),
    steps=(
        Step(
            "keeps running",
            Probe(
                "{name} still runs after two seconds",
                probes.keeps_running("{name}"),
                expect.equals("running"),
                mistakes=(RESTART_POLICY, FOR_A_WHILE, mistakes.exited("{name}")),
            ),
        ),
        Step(
            "serves",
            State("{name} is made from {image}", image, expect.equals("{image}")),
            Probe(
                "the server in {name} serves the page",
                served,
                expect.contains("{token}"),
                mistakes=(OTHER_PROGRAM,),
            ),
            Probe(
                "another container of {image} does so as well",
                works_alone,
                expect.contains("{token}"),
                mistakes=(COMMAND_ONLY,),
            ),
            after="keeps running",
            points=2,
        ),
    ),
    solution=(
        MEND,
        "docker build -q -t {image} .",
        "docker rm -f {name}",
        "docker run -d --name {name} {image}",
    ),
    right=(
        Right(
            "a new image of the container, no build",
            (
                """docker commit --change 'CMD ["httpd", "-f", "-h", "/www"]' {name} {image}""",
                "docker rm {name}",
                "docker create --name {name} {image} && docker start {name}",
            ),
        ),
        Right(
            "an entry point, the classic builder, a restart policy and a port",
            (
                "sed -i 's|^CMD .*|ENTRYPOINT exec httpd -f -p 80 -h /www|' Dockerfile",
                "DOCKER_BUILDKIT=0 docker build -q -t {image}:latest . && docker container prune -f",
                "docker run -d --restart always -P --name {name} {image}:latest",
            ),
        ),
        Right(
            "after sleep as main process, by id, built once more afterwards",
            (
                "docker rm -f {name}; docker run -d --name {name} {image} sleep 600; docker rm -f {name}",
                MEND,
                "docker run -d --name {name} $(docker build -q .)",
                "docker build -q -t {image} .",
            ),
        ),
    ),
    wrong=(
        Wrong("started once more", ("docker start {name}",), says="the main process ended"),
        Wrong(
            "a restart policy",
            ("docker rm -f {name}", "docker run -d --restart always --name {name} {image}"),
            says="a restart policy over a broken start",
        ),
        Wrong(
            "sleep as main process",
            ("docker rm -f {name}", "docker run -d --name {name} {image} sleep 600"),
            says="kept alive by another program",
        ),
        Wrong(
            "in the background, and half a minute",
            (
                """sed -i 's|^CMD .*|CMD httpd -p 80 -h /www; sleep 30|' Dockerfile""",
                "docker build -q -t {image} . 2>/dev/null",
                "docker rm -f {name}; docker run -d --name {name} {image}",
            ),
            says="it will end after a while",
        ),
        Wrong(
            "a command given to run",
            ("docker rm -f {name}", "docker run -d --name {name} {image} httpd -f -p 80 -h /www"),
            says="another command for this one container",
        ),
        Wrong(
            "repaired, but not this container",
            (
                MEND,
                "docker build -q -t {image} .",
                "docker rm -f {name}",
                "docker run -d --name {name} {image} sleep 900",
            ),
            says="kept alive by another program",
        ),
        Wrong(
            "another server, of another image",
            (
                MEND,
                "docker build -q -t {image} . && docker rm -f {name}",
                "docker run -d --name {name} busybox sh -c 'mkdir /w; echo {token} >/w/index.html; httpd -f -h /w'",
            ),
            says="{name} is made from {image}",
        ),
        Wrong(
            "somebody else's server",
            (
                MEND,
                "docker build -q -t {image} . && docker rm -f {name}",
                "docker run -d --name {name}-x --label course.lab={id} {image}",
                "docker run -d --name {name} --network container:{name}-x {image} sleep 600",
            ),
            says="another server may answer",
        ),
        Wrong(
            "the page only printed",
            (
                "printf 'FROM {image}\\nCMD cat /www/*; sleep 600\\n' | docker build -q -t {image} -",
                "docker rm -f {name}; docker run -d --name {name} {image}",
            ),
            says="the server in {name} serves the page",
        ),
        Wrong("removed", ("docker rm -f {name}",), says="there is no container called"),
    ),
)
