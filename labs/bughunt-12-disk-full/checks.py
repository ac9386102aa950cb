"""Bug hunt 12: a disk full of leftovers, and things among them that must stay."""

from labsupport.exercises import (
    Exercise,
    Lab,
    Name,
    Probe,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    looks,
    probes,
)

MINE = "--filter label=course.lab={id}"


@look("docker ps -a --filter label=course.lab={id} --filter status=exited")
def ended_containers(lab: Lab) -> list[str]:
    return [name for name in looks.containers(label="course.lab={id}", status="exited").fetch(lab)]


@look("docker images --filter label=course.lab={id} --filter dangling=true")
def untagged_images(lab: Lab) -> int:
    return len(lab.client.api.images(filters={"label": f"course.lab={lab.values['id']}", "dangling": True}))


@look("docker volume ls --filter label=course.lab={id} --filter dangling=true")
def unused_volumes(lab: Lab) -> list[str]:
    """Volumes of the scene that no container uses, but for the one that must stay."""
    filters = {"label": f"course.lab={lab.values['id']}", "dangling": "true"}
    names = [item["Name"] for item in lab.client.api.volumes(filters=filters)["Volumes"] or ()]
    return sorted(name for name in names if name != lab.fill("{data}"))


@look("docker run --rm -v {data}:/a busybox cat /a/kept")
def kept(lab: Lab) -> str:
    name = lab.inspect("volume", "{data}")["Name"]  # a volume that is not there would be made by asking
    return str(probes.run("busybox", ["cat", "/a/kept"], volumes=[f"{name}:/a:ro"]).fetch(lab))


FREE = "docker exec {name} rm /disk/old"
STORED = "for i in $(seq 50); do docker logs {name} 2>/dev/null | grep stored && break; sleep 0.1; done"

EXERCISES = (
    Exercise(
        id="bug.12",
        title="No space left on device",
        goal=(
            "Symptom: {name} should write its measurements and writes `No space left on device` instead: its disk is "
            "the volume {disk}, 4 MB, and full of old files. Around it lie ended containers, untagged images and "
            "unused volumes of earlier attempts (all with the label course.lab={id}).\n"
            "Clean up: {name} runs and has written `stored`; no ended container, untagged image or unused volume with "
            "that label is left, except the volume {data}: it belongs to a service that is only off for the night."
        ),
        seeds={"name": Name("sensor"), "disk": Name("disk"), "data": Name("archive"), "token": Token()},
        owns=("container:{name}", "container:{name}-x", "volume:{disk}", "volume:{data}"),
        scene=Scene(
            commands=(
                (
                    "docker volume create --label course.lab={id} -o type=tmpfs -o device=tmpfs -o o=size=4m {disk}",
                    "docker volume create --label course.lab={id} {data}",
                    "docker volume create --label course.lab={id} {data}-old",
                ),
                (
                    "docker run --label course.lab={id} --name {name}-1 -v {data}:/a -v {data}-old:/b busybox "
                    "sh -c 'echo {token} > /a/kept; echo old > /b/old'",
                    "printf 'FROM busybox\\nLABEL course.lab={id} leftover=1\\n' | docker build -q -",
                    "docker run --label course.lab={id} --name {name}-2 busybox false || true",
                    "docker run -d --label course.lab={id} --name {name} -v {disk}:/disk busybox sh -c "
                    "'dd if=/dev/zero of=/disk/old bs=1M count=4 2>/dev/null; "
                    "while ! echo measured > /disk/new || ! grep -q measured /disk/new; do sleep 0.2; done; "
                    "echo stored; exec sleep 3600'",
                ),
            ),
        ),
        steps=(
            Step(
                "stored",
                State("{name} has stored", looks.logs("{name}", stderr=False), expect.contains("stored")),
                State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running")),
                points=2,
            ),
            Step(
                "containers",
                State(
                    "no ended container is left",
                    ended_containers,
                    expect.absent(),
                ),
            ),
            Step("images", State("no untagged image is left", untagged_images, expect.equals(0))),
            Step("volumes", State("no unused volume is left", unused_volumes, expect.absent())),
            Step(
                "kept",
                Probe(
                    "{data} is as it was",
                    kept,
                    expect.contains("{token}"),
                ),
                points=2,
            ),
        ),
        solution=(
            FREE,
            "docker rm {name}-1 {name}-2",
            "docker image prune -f " + MINE,
            "docker volume rm {data}-old",
            STORED,
        ),
        untouched_says="{name} has stored",
        wrong=(
            Wrong(
                "everything pruned",
                (
                    FREE,
                    "docker container prune -f " + MINE,
                    "docker image prune -f " + MINE,
                    "docker volume rm {data} {data}-old",
                    STORED,
                ),
                says="there is no volume called {data}",
            ),
            Wrong(
                "the disk still full",
                (
                    "docker rm {name}-1 {name}-2",
                    "docker image prune -f " + MINE,
                    "docker volume rm {data}-old",
                ),
                says="{name} has stored",
            ),
            Wrong(
                "stopped once it had stored",
                (FREE, "docker rm {name}-1 {name}-2", STORED, "docker kill {name}"),
                says="{name} runs",
            ),
            Wrong(
                "ended containers left",
                (FREE, "docker image prune -f " + MINE, "docker volume rm {data}-old", STORED),
                says="{name}-1, {name}-2",
            ),
            Wrong(
                "only containers removed",
                (FREE, "docker container prune -f " + MINE, STORED),
                says="{data}-old",
            ),
        ),
    ),
)
