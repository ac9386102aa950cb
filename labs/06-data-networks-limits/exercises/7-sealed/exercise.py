"""06.7 Sealed, and it still works."""

import re
from pathlib import Path

from labsupport.exercises.author import *

from ...shared import mount_at

# capabilities(7) and linux/capability.h, by bit
CAPABILITIES = (Path(__file__).parents[2] / "files" / "capabilities.txt").read_text(encoding="utf-8").split()


@look("docker logs {name}")
def opened(lab: Lab) -> str:
    """The log of {name}; of a program that is not its image's own, or has another script mounted, what it is."""
    found = lab.inspect("container", "{name}")
    config, own = found["Config"], lab.inspect("image", found["Image"])["Config"]
    words = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    if words != [*(own.get("Entrypoint") or ()), *(own.get("Cmd") or ())]:
        return f"another program: {words[0] if words else 'none'}"
    for place in looks.mounts("{name}").fetch(lab):
        if "/store.sh/".startswith(f"{place.rstrip('/')}/"):
            return f"another script: there is a mount at {place}"

    def said() -> list[str]:
        """Its log; nothing as long as it runs and has not come to its first line."""
        words = str(looks.logs("{name}").fetch(lab))
        lab.forget()
        return [words] if words or not lab.inspect("container", "{name}")["State"]["Running"] else []

    return "".join(lab.wait(said, seconds=2))


@look("docker exec {name} grep CapEff /proc/1/status")
def held(lab: Lab) -> list[str]:
    """The capabilities in `CapEff: 00000000a80425fb` of its process 1, by name; asked from beside it, where the
    programs are no others than busybox's.
    """
    beside = f"container:{lab.running('{name}', paused=False)['Id']}"
    _, said = probes.aside(lab, ["grep", "CapEff", "/proc/1/status"], pid_mode=beside)
    mask = re.search(r"CapEff:\s*([0-9a-f]+)", said)
    if mask is None:
        raise Missing(f"process 1 says: {said.strip()}")
    bits = int(mask[1], 16)
    return [name for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1]


BUILD = "docker build -q -t {image} --label course.lab=06.7 ."
SEALED = "docker run -d --name {name} --read-only --tmpfs /run --cap-drop ALL --cap-add CHOWN -v {volume}:/data {image}"

EXERCISE = Exercise(
    id="06.7",
    title="Sealed, and it still works",
    goal="The image `{image}` (built from the folder exercises/06.7; read its store.sh) runs as root and may write "
    "anywhere. Run a container `{name}` of it whose root file system is read-only, and whose process 1 has exactly "
    "the one capability that it needs. It must still open: its log says `open: {token}` and it keeps running. Its "
    "/data is the volume `{volume}`. Don't change the image.",
    seeds={"name": Name("sealed"), "image": Name("store"), "volume": Name("stock"), "token": Token()},
    scene=Scene(
        files="files",
        prepare=("sed -i 's/TOKEN/{token}/' store.sh", BUILD.replace("{image}", "{image}:start")),
        commands=("sed -i 's/TOKEN/{token}/' store.sh", "docker tag {image}:start {image}"),
    ),
    owns=("container:{name}", "volume:{volume}", "image:{image}"),
    steps=(
        Step(
            "sealed",
            State(
                "the root file system of {name} is read-only",
                looks.container("{name}", ".HostConfig.ReadonlyRootfs"),
                expect.true(),
            ),
            points=0.5,
        ),
        Step(
            "opens",
            State("{name} is made from {image}", identity.made_from("{name}", "{image}"), expect.equals("{image}")),
            State(
                "{name} opened",
                opened,
                expect.contains("open: {token}"),
                mistakes=(
                    Mistake(
                        "nowhere to write",
                        "a folder that must be writable gets a mount of its own: a volume, or `--tmpfs`.",
                        expect.contains("cannot write"),
                    ),
                    Mistake(
                        "one right too few",
                        "to give a file to another user is a capability of its own: capabilities(7), first entries.",
                        expect.contains("cannot give"),
                    ),
                ),
            ),
            Probe(
                "capabilities of its process 1",
                held,
                expect.equals(["CHOWN"]),
                mistakes=(
                    Mistake(
                        "the engine's own choice",
                        "without `--cap-drop ALL` a container keeps the fourteen that Docker leaves it.",
                        lambda lab, value: len(value) >= 14,
                    ),
                ),
            ),
            State(
                "/data is the volume",
                mount_at("{name}", "/data"),
                expect.equals("volume:{volume}:rw"),
            ),
            points=2,
            after="sealed",
        ),
    ),
    solution=(SEALED,),
    untouched_says="there is no container called",
    right=(
        Right(
            "created and started, --mount, more walls and rooms",
            (
                "docker volume create --label course.lab={id} {volume}",
                "docker create --name {name} --read-only --mount type=tmpfs,dst=/run --tmpfs /tmp --cap-drop=all "
                "--cap-add=cap_chown --security-opt no-new-privileges --mount src={volume},dst=/data {image}:latest",
                "docker start {name}",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "a wrong one before, a volume for /run, the command written out",
            (
                SEALED.replace("--cap-add CHOWN ", ""),
                "docker rm -f {name}",
                SEALED.replace("--tmpfs /run", "-v /run") + " sh /store.sh",
            ),
        ),
        Right(
            "by the SDK, by the image's id, with an init",
            (
                "python3 -c \"import docker; c = docker.from_env(); c.containers.run(c.images.get('{image}').id, "
                "detach=True, name='{name}', read_only=True, init=True, tmpfs={'/run': ''}, cap_drop=['ALL'], "
                "cap_add=['CHOWN'], volumes=['{volume}:/data'])\"",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "says that it is open",
            (SEALED + " sh -c 'echo open: {token}; exec sleep 3600'",),
            says="another program: sh",
        ),
        Wrong(
            "another script mounted",
            (
                "(echo echo open: {token}; echo exec sleep 3600) > open.sh",
                SEALED.replace("{image}", "").rstrip() + ' -v "$PWD/open.sh:/store.sh:ro" {image}',
            ),
            says="a mount at /store.sh",
        ),
        Wrong(
            "the image changed",
            ("printf 'FROM {image}\\nVOLUME /run\\n' | docker build -q -t {image} -", SEALED),
            says="{name} is made from {image}",
        ),
        Wrong(
            "another grep in its PATH, and no capability dropped",
            (
                "(echo '#!/bin/sh'; echo echo CapEff: 0000000000000001) > grep; chmod +x grep",
                SEALED.replace("--cap-drop ALL --cap-add CHOWN", '-e PATH=/own:/bin -v "$PWD:/own:ro"'),
            ),
            says="the engine's own choice",
        ),
        Wrong("paused", (SEALED, "docker pause {name}"), says="is not running (paused)"),
        Wrong("nothing sealed", (SEALED.replace("--read-only ", ""),), says="read-only"),
        Wrong("no room in /run", (SEALED.replace("--tmpfs /run ", ""),), says="nowhere to write"),
        Wrong("no capability at all", (SEALED.replace("--cap-add CHOWN ", ""),), says="one right too few"),
        Wrong(
            "all that Docker leaves",
            (SEALED.replace("--cap-drop ALL --cap-add CHOWN ", ""),),
            says="the engine's own choice",
        ),
        Wrong("one too many", (SEALED.replace("CHOWN", "CHOWN --cap-add FOWNER"),), says="CHOWN, FOWNER"),
        Wrong("another program in it", (SEALED + " sleep 3600",), says="{name} opened"),
        Wrong("data in memory", (SEALED.replace("-v {volume}:/data", "--tmpfs /data"),), says="nothing is mounted"),
        Wrong("ended in the end", (SEALED, "docker kill {name}"), says="is not running"),
    ),
    minutes=9,
)
