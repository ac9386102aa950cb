"""Bug hunt 4: a container that takes ten seconds to stop and loses its work."""

import math
import secrets

from labsupport import pace
from labsupport.exercises.author import *

SIGKILL = Mistake(
    "SIGKILL as the stop signal",
    "it is quick, but no program can catch it: nothing is saved.",
    lambda lab, _: "KILL" in str(lab.inspect("container", "{name}")["Config"].get("StopSignal")),
)
NOT_TOLD = Mistake(
    "the worker is not process 1",
    "the signal goes to process 1, a shell that waits for its child and passes nothing on; process 1 also ignores "
    "signals it has no handler for.",
    expect.contains("killed"),
)
NOT_SAVED = Mistake(
    "ended without the worker",
    "it ends now, but it is worker.sh that knows what to save: that one has to get the signal.",
    expect.contains("exit code 0"),
)

GRACE = 3  # seconds from the signal to SIGKILL
SAVED = "/data/saved"
# Another worker, for a copy of the container: what it saves is known to nobody beforehand
OTHER_WORKER = """#!/bin/sh
trap 'echo "saved {0}" > /data/saved; exit 0' HUP INT QUIT USR1 USR2 TERM
echo "ready {0}"
while true; do sleep 1 & wait $!; done
"""


def stopped(lab: Lab, worker: str = "") -> str:
    """How a copy of the container, with another worker.sh if one is given, ends when told to, and what it saved."""
    found = lab.inspect("container", "{name}")
    options = probes.copy_options(found)
    # the copy saves in a place of its own, and has its own worker.sh
    mounts = [bind for bind in options.pop("volumes", ()) if bind.split(":")[-2] not in ("/data", "/worker.sh")]
    files = {"/worker.sh": worker} if worker else {}
    with lab.throwaway(found["Image"], files=files, volumes=mounts, started=False, **options) as copy:
        probes.bring_files(lab, "{name}", copy, without=("/data", *files))
        copy.start()

        def up() -> bool:
            copy.reload()
            return b"ready" in copy.logs() or copy.status != "running"

        lab.wait(up, seconds=3)
        if copy.status != "running":
            return f"ended before it was told to, exit code {copy.attrs['State']['ExitCode']}"
        started = worker and worker.split('"')[-2] in bytes(copy.logs()).decode(errors="replace")
        copy.stop(timeout=math.ceil(pace.seconds(GRACE)))
        copy.reload()
        code = copy.attrs["State"]["ExitCode"]
        if code:
            return f"killed after {GRACE} s, exit code 137" if code == 137 else f"exit code {code}"
        saved = str(looks.file_in(str(copy.id), SAVED).fetch(lab) or "").strip()
    if worker and not started:  # its work is done in another file of the image: that one was stopped before
        return "ended by itself, exit code 0, work saved" if saved else "ended by itself, exit code 0, nothing saved"
    want = worker.split('"')[1] if worker else "work saved"
    return f"ended by itself, exit code 0, {'work' if saved == want else 'nothing'} saved"


@look(f"time docker stop -t {GRACE} {{name}}")
def stopping(lab: Lab) -> str:
    said = stopped(lab)
    return stopped(lab, OTHER_WORKER.format(secrets.token_hex(4))) if said.endswith("0, work saved") else said


EXERCISE = Exercise(
    id="bug.4",
    title="It takes ten seconds to stop",
    goal=(
        "Symptom: `docker stop {name}` takes ten seconds, the exit code is 137, and the work is not saved although "
        "worker.sh saves it on SIGTERM.\n"
        "Repair it: told to stop, {name} ends by itself with exit code 0. Leave it running. The files of its "
        "image `{image}` are in your working folder."
    ),
    seeds={"name": Name("worker"), "image": Name("work")},
    owns=("container:{name}", "image:{image}"),
    scene=Scene(
        files="files",
        prepare=("docker build -q --label course.lab={id} -t {image}:broken .",),
        commands=(
            "docker tag {image}:broken {image}",
            "docker run -d --label course.lab={id} --name {name} {image}",
        ),
    ),
    steps=(
        Step(
            "stops",
            State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running")),
            Probe(
                "a copy of {name} ends when it is told to, its work saved",
                stopping,
                expect.equals("ended by itself, exit code 0, work saved"),
                mistakes=(SIGKILL, NOT_TOLD, NOT_SAVED),
            ),
            points=2.5,
        ),
    ),
    solution=(
        "sed -i 's/^sh .worker.sh/exec &/' start.sh && docker build -q -t {image} .",
        "docker rm -f {name}",
        "docker run -d --name {name} {image}",
    ),
    right=(
        Right(
            "the shell passes it on, after less time to stop, a volume for the work",
            (
                "docker rm -f {name}; docker run -d --stop-timeout 1 --name {name} {image}; docker rm -f {name}",
                "sed -i 's/^sh .worker.sh/& \\& trap \"kill $!\" TERM; wait $!; wait $!/' start.sh",
                "docker build -q -t {image} .",
                "docker run -d --name {name} -v {name}-data:/data --label course.lab={id} {image}",
            ),
        ),
        Right(
            "the worker in start.sh, the classic builder, created and started",
            (
                "echo mkdir -p /data | cat - worker.sh >start.sh",
                "DOCKER_BUILDKIT=0 docker build -q -t {image} .",
                "docker rm -f {name}; docker create --name {name} {image}; docker start {name}",
            ),
        ),
        Right(
            "the container's own start.sh repaired, no image",
            (
                "sed -i 's/^sh .worker.sh/exec &/' start.sh && docker cp start.sh {name}:/",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "an executable worker with a first line and a stop signal of its own",
            (
                "sed -i 's/ TERM$/ INT/' worker.sh; sed -i '1i #!/bin/sh' worker.sh; chmod +x worker.sh",
                "printf 'FROM busybox\\nWORKDIR /data\\nCOPY worker.sh /\\nSTOPSIGNAL INT\\n"
                'CMD ["/worker.sh"]\\n\' >Dockerfile',
                "docker build -q -t {image} . && docker rm -f {name}; docker run -d --name {name} {image}",
            ),
        ),
        Right(
            "started by the Dockerfile",
            (
                'printf \'FROM busybox\\nWORKDIR /data\\nCOPY worker.sh /\\nENTRYPOINT ["sh", "/worker.sh"]\\n\''
                " >Dockerfile",
                "docker build -q -t {image} .",
                "docker rename {name} {name}-old; docker run -d --name {name} {image}; docker rm -f {name}-old",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "KILL as stop signal",
            ("docker rm -f {name}", "docker run -d --stop-signal KILL --name {name} {image}"),
            says="SIGKILL as the stop signal",
        ),
        Wrong(
            "less time to stop",
            ("docker rm -f {name}", "docker run -d --stop-timeout 1 --name {name} {image}"),
            says="the worker is not process 1",
        ),
        Wrong(
            "another program that ends when told to",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} {image} sh -c "
                "'trap \"exit 0\" TERM; echo ready; while :; do sleep .1; done'",
            ),
            says="ended without the worker",
        ),
        Wrong(
            "the shell saves in the place of the worker",
            (
                "printf '%s\\n' 'mkdir -p /data' \"trap 'echo work saved >/data/saved; exit 0' TERM\" "
                "'sh /worker.sh & wait' >start.sh",
                "docker build -q -t {image} . && docker rm -f {name}",
                "docker run -d --name {name} {image}",
            ),
            says="ended without the worker",
        ),
        Wrong(
            "repaired and not left running",
            (
                "sed -i 's/^sh .worker.sh/exec &/' start.sh && docker build -q -t {image} .",
                "docker rm -f {name}; docker run -d --name {name} {image}; docker kill {name}",
            ),
            says="{name} runs",
        ),
        Wrong(
            "worker in the background",
            (
                "sed -i 's/^sh .worker.sh/& \\&/' start.sh && docker build -q -t {image} .",
                "docker rm -f {name}",
                "docker run -d --name {name} {image} && docker wait {name}",
            ),
            says="exited",
        ),
    ),
)
