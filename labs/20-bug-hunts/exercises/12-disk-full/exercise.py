"""Bug hunt 12: a disk full of leftovers, and things among them that must stay."""

from labsupport.exercises.author import *

MINE = "--filter label=course.lab={id}"


@look("docker ps -a --filter label=course.lab={id}")
def leftover_containers(lab: Lab) -> list[str]:
    """What the scene made beside {name}, whatever it does or is called now, and what else ended with its label."""
    known = (lab.made or {}).get("container", {})
    made = {identity for name, identity in known.items() if name != lab.fill("{name}")}
    found = []
    for row in lab.client.api.containers(all=True):
        ended = row["State"] in ("exited", "created", "dead")
        if row["Id"] in made or (ended and (row.get("Labels") or {}).get("course.lab") == lab.values["id"]):
            found.append(row["Names"][0].lstrip("/") if row.get("Names") else row["Id"][:12])
    return sorted(found)


@look("docker images --filter label=course.lab={id} --filter label=leftover=1")
def leftover_images(lab: Lab) -> list[str]:
    """A name does not make a leftover anything else."""
    rows = lab.client.api.images(filters={"label": [f"course.lab={lab.values['id']}", "leftover=1"]})
    return [name for row in rows for name in (row.get("RepoTags") or [row["Id"][7:19]])]


@look("docker volume ls --filter label=course.lab={id}")
def leftover_volumes(lab: Lab) -> list[str]:
    """The scene's volumes but for the disk and the one that must stay; a container that has one makes no use of it."""
    rows = lab.client.api.volumes(filters={"label": f"course.lab={lab.values['id']}"})["Volumes"] or ()
    return sorted(row["Name"] for row in rows if row["Name"] not in (lab.fill("{data}"), lab.fill("{disk}")))


@look("docker logs {name}")
def stored(lab: Lab) -> str:
    """What the program wrote; it tries again five times a second."""
    said = looks.logs("{name}", stderr=False)
    return str(lab.wait(lambda: said.fetch(lab), seconds=1.5))


@look("docker run --rm -v {data}:/a busybox cat /a/kept")
def kept(lab: Lab) -> str:
    name = lab.inspect("volume", "{data}")["Name"]  # a volume that is not there would be made by asking
    return probes.aside(lab, ["cat", "/a/kept"], volumes=[f"{name}:/a:ro"], network_mode="none")[1].strip()


FREE = "docker exec {name} rm /disk/old"
STORED = "for i in $(seq 50); do docker logs {name} 2>/dev/null | grep stored && break; sleep 0.1; done"

EXERCISE = Exercise(
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
    owns=("container:{name}", "container:{name}-x", "image:{name}-kept", "volume:{disk}", "volume:{data}"),
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
                # the disk is empty after a stop: once the measurements are stored, it is not filled again
                "'[ -e /done ] || dd if=/dev/zero of=/disk/old bs=1M count=4 2>/dev/null; "
                "while ! echo measured > /disk/new || ! grep -q measured /disk/new; do sleep 0.2; done; "
                "touch /done; echo stored; exec sleep 86400'",
            ),
        ),
    ),
    steps=(
        Step(
            "stored",
            State("{name} has stored", stored.of_scene("container", "{name}"), expect.contains("stored")),
            Probe(
                "{name} runs, and its disk has the measurements",
                probes.execute("{name}", ["cat", "/disk/new"]),
                expect.equals("exit 0: measured"),
            ),
            points=2,
        ),
        Step("containers", State("no ended container is left", leftover_containers, expect.absent())),
        Step("images", State("no untagged image is left", leftover_images, expect.absent())),
        Step("volumes", State("no unused volume is left", leftover_volumes, expect.absent())),
        Step(
            "kept",
            Probe("{data} is as it was", kept.of_scene("volume", "{data}"), expect.equals("{token}")),
            points=2,
            after="volumes",
        ),
    ),
    solution=(
        FREE,
        "docker rm {name}-1 {name}-2",
        "docker image prune -f " + MINE,
        "docker volume rm {data}-old",
        STORED,
    ),
    right=(
        Right(
            "prunes with the label, the data held meanwhile",
            (
                "docker run -d --name {name}-x -v {data}:/a busybox sleep 600",
                "docker container prune -f " + MINE,
                "docker image prune -a -f " + MINE,
                "docker volume prune -a -f " + MINE,
                "docker exec {name} sh -c ': >/disk/old'",
            ),
        ),
        Right(
            "the disk freed from another container, ids, things of one's own beside",
            (
                "docker run --rm -v {disk}:/d busybox rm /d/old",
                "docker ps -aq --filter status=exited " + MINE + " | xargs docker rm -f",
                "docker rmi $(docker images -q " + MINE + " --filter dangling=true)",
                "docker volume ls -q " + MINE + " | grep old | xargs docker volume rm",
                "docker create --name {name}-x busybox true",
            ),
        ),
        Right(
            "restarted too early, and once more in the end",
            (
                "docker restart -t 0 {name}",
                "docker rm {name}-2 {name}-1; docker volume rm {data}-old",
                "docker image prune -f " + MINE,
                "until docker exec {name} rm /disk/old; do sleep 0.1; done",
                STORED,
                "docker restart -t 0 {name}",
                "until docker exec {name} cat /disk/new; do sleep 0.1; done",
            ),
        ),
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
            says="{name} is not running",
        ),
        Wrong(
            "the volume in use",
            (
                "docker run -d --name {name}-x -v {data}-old:/b busybox sleep 600",
                FREE,
                "docker rm {name}-1 {name}-2",
                "docker image prune -f " + MINE,
                STORED,
            ),
            says="{data}-old",
        ),
        Wrong(
            "the image tagged",
            (
                FREE,
                "docker tag $(docker images -q " + MINE + " --filter dangling=true) {name}-kept",
                "docker rm {name}-1 {name}-2",
                "docker volume rm {data}-old",
                STORED,
            ),
            says="{name}-kept",
        ),
        Wrong(
            "ended containers renamed",
            (
                "docker rename {name}-1 {name}-x; docker rename {name}-2 {name}-y",
                FREE,
                "docker image prune -f " + MINE,
                STORED,
            ),
            says="{name}-x, {name}-y",
        ),
        Wrong(
            "another container that says so",
            (
                "docker rm -f {name} {name}-1 {name}-2",
                "docker image prune -f " + MINE,
                "docker volume rm {data}-old",
                "docker run -d --name {name} -v {disk}:/disk busybox "
                "sh -c 'rm -f /disk/old; echo measured >/disk/new; echo stored; sleep 600'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "only said so",
            (
                "docker exec {name} sh -c 'echo stored >/proc/1/fd/1'",
                "docker rm {name}-1 {name}-2",
                "docker image prune -f " + MINE,
                "docker volume rm {data}-old",
            ),
            says="its disk has the measurements",
        ),
        Wrong(
            "the data's volume made anew",
            (
                FREE,
                "docker run --rm -v {data}:/a busybox cat /a/kept >kept",
                "docker rm {name}-1 {name}-2; docker volume rm {data} {data}-old",
                "docker image prune -f " + MINE,
                "sleep 1; docker volume create --label course.lab={id} {data}",
                "docker run --rm -i -v {data}:/a busybox sh -c 'cat >/a/kept' <kept",
                STORED,
            ),
            says="is another volume than the one",
        ),
    ),
)
