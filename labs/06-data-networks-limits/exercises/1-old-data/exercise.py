"""06.1 A new container for the old data."""

from dataclasses import replace
from typing import Any

from labsupport.exercises.author import *
from labsupport.exercises.lasting import lasts

from ...shared import ENDS_SOON, mount_at


def never_removed(at: Look, volume: str) -> Look:
    """The same look; Missing when the volume was removed since the scene began, whatever has its name now."""

    def fetch(lab: Lab) -> Any:
        if looks.events("volume", "destroy", volume).fetch(lab):
            raise Missing(lab.fill(f'the volume {volume} was removed; what has its name is another. undo("{{id}}")'))
        return at.fetch(lab)

    return replace(at, fetch=fetch)


NEW = "docker run -d --name {name} -v {volume}:/srv/data lua:5.4 sleep 3600"
OUT = "docker cp {old}:/data/page page"

EXERCISE = Exercise(
    id="06.1",
    title="A new container for the old data",
    goal="The container `{old}` writes its data to /data, which is a volume. It is to be replaced: remove it, and run "
    "a container `{name}` from the image `lua:5.4` that has *the same volume* at /srv/data (not a copy), and "
    "keeps running.",
    seeds={"old": Name("diary"), "name": Name("reader"), "volume": Name("pages"), "token": Token()},
    scene=Scene(
        commands=(
            "docker volume create --label course.lab={id} {volume}",
            "docker run -d --name {old} --label course.lab={id} -v {volume}:/data busybox sleep 3600",
            "docker exec {old} sh -c 'echo {token} > /data/page'",
        ),
    ),
    owns=("container:{old}", "container:{name}", "volume:{volume}", "volume:{volume}-2", "volume:{volume}-3"),
    steps=(
        Step(
            "replaced",
            State(
                "{old} is removed",
                identity.removed("container", "{old}"),
                expect.equals("removed"),
                mistakes=(
                    Mistake(
                        "renamed",
                        "another name does not remove a container: `docker rm` does.",
                        expect.contains("called"),
                    ),
                    mistakes.stopped_not_removed("{old}"),
                ),
            ),
            points=0.5,
        ),
        Step(
            "same volume",
            State("{name} is made from lua:5.4", identity.made_from("{name}", "lua:5.4"), expect.equals("lua:5.4")),
            State(
                "{name} has the volume at /srv/data",
                never_removed(mount_at("{name}", "/srv/data").of_scene("volume", "{volume}"), "{volume}"),
                expect.equals("volume:{volume}:rw"),
                mistakes=(
                    Mistake(
                        "read-only",
                        "`:ro` would keep the new container from writing its own data.",
                        lambda lab, value: str(value).endswith(":ro"),
                    ),
                    Mistake(
                        "another volume",
                        "a name that no volume has yet makes a new one, without a question. "
                        "`docker volume ls` lists all there are: the one that you have not made is it.",
                        expect.begins_with("volume:"),
                    ),
                    Mistake(
                        "a folder of the computer",
                        "`-v` takes a path as a bind mount; a name without a slash is a volume.",
                        expect.begins_with("bind:"),
                    ),
                ),
            ),
            State(
                "{name} keeps running",
                lasts("{name}"),
                expect.equals("running"),
                mistakes=(
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    ENDS_SOON,
                ),
            ),
            Probe(
                "{name} reads the old data",
                probes.execute("{name}", ["cat", "/srv/data/page"]),
                expect.contains("{token}"),
                mistakes=(
                    Mistake(
                        "the data are gone",
                        "the volume is the old one, its content is not.",
                        expect.contains("No such file"),
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=(
        "docker inspect {old} --format '{{range .Mounts}}{{.Name}} at {{.Destination}}{{end}}'",
        "docker rm -f {old}",
        NEW,
    ),
    untouched_says="{old} is removed",
    right=(
        Right(
            "--mount, the new one first, a loop",
            (
                "docker create --name {name} --mount type=volume,src={volume},dst=/srv/data -v {volume}-3:/srv/more "
                "lua:5.4 sh -c 'while true; do sleep 3; done'",
                "docker start {name}",
                "docker stop -t 0 {old}",
                "docker rm {old}",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "an empty volume by mistake, and then the right one",
            (
                "docker run -d --name {name} -v {volume}-2:/srv/data busybox sleep 5",
                "docker rm -f {name} {old}",
                "docker volume rm {volume}-2",
                NEW.replace("sleep 3600", "tail -f /dev/null"),
            ),
        ),
        Right(
            "by the SDK, renamed at last",
            (
                "docker rename {old} x-{old}",
                "python3 -c \"import docker; c = docker.from_env().containers; c.get('x-{old}').remove(force=True); "
                "c.run('lua:5.4', 'sleep 1h', name='x-{name}', detach=True, labels={'course.lab': '{id}'}, "
                "volumes={'{volume}': {'bind': '/srv/data'}}).rename('{name}')\"",
            ),
        ),
    ),
    wrong=(
        Wrong("only renamed", ("docker rename {old} x-{old}", NEW), says="renamed"),
        Wrong("another image", ("docker rm -f {old}", NEW.replace("lua:5.4", "busybox")), says="made from lua:5.4"),
        Wrong(
            "the volume made anew and filled again",
            (
                OUT,
                "docker rm -f {old}",
                "docker volume rm {volume}",
                "docker run -d --name {name} -v {volume}:/srv/data lua:5.4 sleep 3600",
                "docker cp page {name}:/srv/data/page",
            ),
            says="is another",
        ),
        Wrong("five seconds", ("docker rm -f {old}", NEW.replace("3600", "5")), says="for 5 s only"),
        Wrong(
            "the data thrown away", ("docker exec {old} rm /data/page", "docker rm -f {old}", NEW), says="data are gone"
        ),
        Wrong("the old one kept", ("docker stop -t 0 {old}", NEW), says="{old} is removed"),
        Wrong(
            "a copy of the data",
            (
                OUT,
                "docker rm -f {old}",
                "docker run -d --name {name} -v {volume}-2:/srv/data lua:5.4 sleep 3600",
                "docker cp page {name}:/srv/data/page",
            ),
            says="another volume",
        ),
        Wrong("at the old place", ("docker rm -f {old}", NEW.replace("/srv/data", "/data")), says="nothing is mounted"),
        Wrong("read-only", ("docker rm -f {old}", NEW.replace("/srv/data", "/srv/data:ro")), says="read-only"),
        Wrong(
            "volume removed and made again",
            ("docker rm -f {old}", "docker volume rm {volume}", NEW),
            says="another",
        ),
        Wrong(
            "ran and ended", ("docker rm -f {old}", NEW.replace("sleep 3600", "true")), says="the main process ended"
        ),
    ),
    minutes=6,
)
