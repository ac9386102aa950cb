"""Lesson 06: a volume handed over, a live mount, two networks, four servers, limits, few rights, a stale file."""

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Missing,
    Mistake,
    Name,
    Output,
    Pick,
    Port,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    identity,
    look,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.checks import Said
from labsupport.exercises.lasting import lasts
from labsupport.exercises.outcome import Outcome

MIB = 1024 * 1024


def mount_at(name: str, destination: str) -> Look:
    """What a container has mounted in one place, as "volume:NAME:rw"; Missing when nothing is."""

    def read(found: dict[str, str]) -> str:
        if destination not in found:
            raise Missing(f"nothing is mounted at {destination}")
        return found[destination]

    return looks.mounts(name).then(read)


def access(name: str, destination: str) -> Look:
    """ro when the container can't write to the folder that is mounted there, else "rw at" the places at which it has
    the folder, one above it or one in it, and may; Missing when nothing is mounted there.
    """

    def fetch(lab: Lab) -> str:
        found = lab.inspect("container", name).get("Mounts") or ()
        shown = next((mount["Source"] for mount in found if mount["Destination"] == destination), None)
        if shown is None:
            raise Missing(f"nothing is mounted at {destination}")
        places = sorted(m["Destination"] for m in found if m["RW"] and _meet(m["Source"], shown))
        return f"rw at {', '.join(places)}" if places else "ro"

    return Look(fetch, looks.mounts(name).where)


def _meet(one: str, other: str) -> bool:
    """Whether two folders are one, or one is in the other."""
    first, second = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


ENDS_SOON = mistakes.seen_when(
    "not for long",
    "a container runs as long as its first process: that one ends soon.",
    lambda lab, value: "only" in str(value),
)

# --- 06.1: a volume outlives its container


def never_removed(at: Look, volume: str) -> Look:
    """The same look; Missing when the volume was removed since the scene began, whatever has its name now."""

    def fetch(lab: Lab) -> Any:
        if looks.events("volume", "destroy", volume).fetch(lab):
            raise Missing(lab.fill(f'the volume {volume} was removed; what has its name is another. undo("{{id}}")'))
        return at.fetch(lab)

    return replace(at, fetch=fetch)


NEW = "docker run -d --name {name} -v {volume}:/srv/data lua:5.4 sleep 3600"
OUT = "docker cp {old}:/data/page page"

OLD_DATA = Exercise(
    id="06.1",
    title="A new container for the old data",
    goal="The container `{old}` writes its data to /data, which is a volume. It is to be replaced: remove it, and run "
    "a container `{name}` from the image `lua:5.4` that has *the same volume* at /srv/data (not a copy), and "
    "keeps running.",
    seeds={"old": Name("diary"), "name": Name("reader"), "volume": Name("pages"), "token": Token()},
    scene=Scene(
        files="files/none",
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
                    mistakes.seen_when(
                        "renamed",
                        "another name does not remove a container: `docker rm` does.",
                        lambda lab, value: "called" in str(value),
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
                    mistakes.seen_when(
                        "read-only",
                        "`:ro` would keep the new container from writing its own data.",
                        lambda lab, value: str(value).endswith(":ro"),
                    ),
                    mistakes.seen_when(
                        "another volume",
                        "a name that no volume has yet makes a new one, without a question. "
                        "`docker inspect {old}` shows the old one's name under Mounts.",
                        lambda lab, value: str(value).startswith("volume:"),
                    ),
                    mistakes.seen_when(
                        "a folder of the computer",
                        "`-v` takes a path as a bind mount; a name without a slash is a volume.",
                        lambda lab, value: str(value).startswith("bind:"),
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
                    mistakes.seen_when(
                        "the data are gone",
                        "the volume is the old one, its content is not.",
                        lambda lab, value: "No such file" in str(value),
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

# --- 06.2: a read-only bind mount is live

SHOW = 'docker run -d --name {name} -p {port}:80 -v "$PWD/www:/www:ro" web'


@look("echo edit > www/edit.txt; curl http://127.0.0.1:{port}/edit.txt")
def edit_arrives(lab: Lab) -> str:
    """What the page says of a file that was put into the folder just now; the file goes again."""
    with probes.new_file(lab, "www") as (name, text):
        answered = probes.page("{port}", f"/{name}").fetch(lab)
    if answered is None:
        return "no answer"
    return "the edit" if text in answered else f"not the edit ({answered[:40]})"


A_VOLUME = mistakes.seen_when(
    "a volume",
    "`-v NAME:/www` makes a volume, which is no folder of yours: give the folder by its whole path, `$LAB/www`.",
    lambda lab, value: str(mount_at("{name}", "/www").fetch(lab)).startswith("volume:"),
)

LIVE = Exercise(
    id="06.2",
    title="Edit here, see it there",
    goal="The folder exercises/06.2/www holds a page. A container `{name}` from the image `web` shows it on "
    "http://127.0.0.1:{port}/ (the image serves its folder /www). What you change in your folder is seen at "
    "once, and the container can't write to it.",
    seeds={"name": Name("hours"), "port": Port()},
    scene=Scene(files="files/page"),
    owns=("container:{name}", "volume:{name}-www"),
    steps=(
        Step(
            "mounted",
            State(
                "/www of {name} is mounted read-only",
                access("{name}", "/www"),
                expect.equals("ro"),
                mistakes=(
                    A_VOLUME,
                    mistakes.seen_when(
                        "writable",
                        "a bind mount is writable unless it says `:ro`: the container could change your files.",
                        lambda lab, value: value == "rw at /www",
                    ),
                    mistakes.seen_when(
                        "writable elsewhere",
                        "the folder is mounted more than once, and not with `:ro` each time.",
                        lambda lab, value: str(value).startswith("rw"),
                    ),
                    mistakes.seen_when(
                        "copied",
                        "`docker cp` copies once, and the copy knows nothing of later edits.",
                        lambda lab, value: value is None and bool(looks.changes("{name}").fetch(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "live",
            State("{name} is made from web", identity.made_from("{name}", "web"), expect.equals("web")),
            State(
                "{port} leads to {name}",
                identity.behind("{port}"),
                expect.equals("{name}"),
                mistakes=(
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    mistakes.expose_without_publish("{name}"),
                    mistakes.other_host_port("{name}", "{port}"),
                ),
            ),
            Probe(
                "an edit in your folder is seen on {port}",
                edit_arrives,
                expect.equals("the edit"),
                mistakes=(
                    A_VOLUME,
                    mistakes.seen_when(
                        "another folder",
                        "the container shows a folder, but not the one you edit: "
                        "see Source in `docker inspect {name}`.",
                        lambda lab, value: "404" in str(value) and lab.inspect("container", "{name}")["Mounts"],
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=(SHOW,),
    untouched_says="there is no container called",
    right=(
        Right(
            "--mount, created and started, a second port and folder",
            (
                "docker create --name {name} -p 80 -p 127.0.0.1:{port}:80 -v {name}-www:/more "
                '--mount "type=bind,src=$LAB/www,dst=/www,readonly" web',
                "docker start {name}",
            ),
        ),
        Right(
            "a volume that is the folder",
            (
                'docker volume create --opt type=none --opt o=bind --opt "device=$LAB/www" {name}-www',
                SHOW.replace("$PWD/www:", "{name}-www:"),
            ),
        ),
        Right(
            "copied first, then mounted, by the image's id, restarted",
            (
                "docker run -d --name {name} -p {port}:80 web",
                "docker cp www/index.html {name}:/www/index.html",
                "docker rm -f {name}",
                "cd www; echo new > index.html; "
                + SHOW.replace("/www:/www", ":/www").removesuffix("web")
                + "$(docker image inspect web --format '{{.Id}}')",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK, a folder more, mounted read-only too",
            (
                "python3 -c \"import docker, os; docker.from_env().containers.run('web', name='{name}', detach=True, "
                "ports={80: {port}}, volumes=[os.environ['LAB'] + '/www:/www:ro', os.environ['LAB'] + ':/more:ro'])\"",
            ),
        ),
    ),
    wrong=(
        Wrong("another image", (SHOW.replace(" web", " busybox httpd -f -h /www"),), says="made from web"),
        Wrong(
            "another one answers",
            (SHOW.replace("-p {port}:80 ", ""), SHOW.replace("--name {name}", "--label course.lab={id}")),
            says="{port} leads to {name}",
        ),
        Wrong("mounted twice", (SHOW.replace(" web", ' -v "$PWD:/edit" web'),), says="writable elsewhere"),
        Wrong("a volume", (SHOW.replace('"$PWD/www:', '"{name}-www:').replace(":ro", ""),), says="a volume"),
        Wrong("a volume, read-only", (SHOW.replace('"$PWD/www:', '"{name}-www:'),), says="a volume"),
        Wrong("writable", (SHOW.replace(":ro", ""),), says="writable"),
        Wrong(
            "copied into it",
            ("docker run -d --name {name} -p {port}:80 web", "docker cp www/index.html {name}:/www/index.html"),
            says="copied",
        ),
        Wrong("a copy mounted", ("cp -r www other", SHOW.replace("/www:", "/other:", 1)), says="another folder"),
        Wrong("not published", (SHOW.replace("-p {port}:80 ", ""),), says="EXPOSE without -p"),
        Wrong("the folder above", (SHOW.replace("/www:", ":", 1),), says="another folder"),
    ),
    minutes=6,
)

# --- 06.3: names along two networks


def finds(asker: str, name: str) -> Look:
    """What a container's network answers for another's name: "its address", "another address" or "no address"."""

    def fetch(lab: Lab) -> str:
        networks = lab.inspect("container", name)["NetworkSettings"]["Networks"]
        own = {network["IPAddress"] for network in networks.values()} - {""}
        found = lab.inspect("container", asker)
        if found["State"]["Status"] != "running":
            raise Missing(lab.fill(f"{asker} is not running ({found['State']['Status']})"))
        beside = f"container:{found['Id']}"
        with lab.throwaway(command=["nslookup", lab.fill(name)], network_mode=beside) as container:
            code = container.wait(timeout=probes.LONGEST)["StatusCode"]
            said = bytes(container.logs()).decode(errors="replace")
        if code:
            return "no address"
        answered = set(re.findall(r"^Address(?: \d+)?:\s*(\d+\.\d+\.\d+\.\d+)\s*$", said, re.MULTILINE))
        return "its address" if answered and answered <= own else "another address"

    return Look(fetch, f"docker exec {asker} nslookup {name}")


def every(names: tuple[str, ...], of: Callable[[str], Look], wanted: str) -> Look:
    """The wanted value when it is that of all these containers, else the first other one, with the name."""

    def fetch(lab: Lab) -> str:
        found = {name: str(of(name).fetch(lab)) for name in names}
        return next((f"{lab.fill(name)}: {value}" for name, value in found.items() if value != wanted), wanted)

    return Look(fetch, of(" ".join(names)).where)


THREE = ("{front}", "{app}", "{db}")


NETS = "docker network create {outer}; docker network create --internal {inner}"
FRONT = "docker run -d --name {front} --network {outer} busybox sleep 3600"
APP = "docker run -d --name {app} --network {outer} busybox sleep 3600"
DB = "docker run -d --name {db} --network {inner} busybox sleep 3600"
JOIN = "docker network connect {inner} {app}"

NAMES = Exercise(
    id="06.3",
    title="Three containers, two networks",
    goal="Three containers from `busybox` that keep running: `{front}`, `{app}`, `{db}`. `{front}` finds `{app}` by "
    "its name, and `{app}` finds `{db}`. `{front}` must not find `{db}`. There are two networks, `{outer}` "
    "and `{inner}`; `{db}` is in `{inner}` only, and `{inner}` has no way out (`docker network create --help`).",
    seeds={
        "front": Name("front"),
        "app": Name("app"),
        "db": Name("db"),
        "outer": Name("outer"),
        "inner": Name("inner"),
    },
    owns=("container:{front}", "container:{app}", "container:{db}", "network:{outer}", "network:{inner}"),
    steps=(
        Step(
            "found",
            State(
                "what the three are made from",
                every(THREE, lambda name: identity.made_from(name, "busybox"), "busybox"),
                expect.equals("busybox"),
            ),
            State(
                "all three keep running",
                every(THREE, lasts, "running"),
                expect.equals("running"),
                mistakes=(*map(mistakes.not_started, THREE), *map(mistakes.exited, THREE), ENDS_SOON),
            ),
            Probe(
                "{front} finds {app}",
                finds("{front}", "{app}"),
                expect.equals("its address"),
                mistakes=(mistakes.default_network("{front}"), mistakes.default_network("{app}")),
            ),
            Probe(
                "{app} finds {db}",
                finds("{app}", "{db}"),
                expect.equals("its address"),
                mistakes=(
                    mistakes.seen_when(
                        "in one network only",
                        "`docker network connect {inner} {app}` puts {app} into a second network while it runs.",
                        lambda lab, value: len(lab.inspect("container", "{app}")["NetworkSettings"]["Networks"]) == 1,
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "apart",
            Probe(
                "{front} does not find {db}",
                finds("{front}", "{db}"),
                expect.equals("no address"),
                mistakes=(
                    mistakes.seen_when(
                        "one network for all",
                        "who shares a network finds the others in it: {front} and {db} must have none in common.",
                        lambda lab, value: True,
                    ),
                ),
            ),
            after="found",
        ),
        Step(
            "inner",
            State(
                "the networks of {front}",
                looks.container("{front}", ".NetworkSettings.Networks").then(lambda found: sorted(found)),
                expect.includes("{outer}"),
            ),
            State(
                "the networks of {db}",
                looks.container("{db}", ".NetworkSettings.Networks").then(lambda found: sorted(found)),
                expect.equals(["{inner}"]),
            ),
            State(
                "{inner} is internal",
                looks.network("{inner}", ".Internal"),
                expect.true(),
                mistakes=(
                    mistakes.seen_when(
                        "a way out",
                        "an ordinary network leads out; `docker network create --internal` makes one that does not.",
                        lambda lab, value: value is False,
                    ),
                ),
            ),
        ),
    ),
    solution=(NETS, FRONT, APP, DB, JOIN),
    right=(
        Right(
            "all with --network none and on the bridge first, an alias",
            (
                "docker network create {outer}; docker network create --internal --attachable {inner}",
                FRONT.replace("--network {outer} ", ""),
                APP.replace("{outer}", "{inner}").replace("sleep 3600", "sh -c 'while :; do sleep 2; done'"),
                DB.replace("sleep 3600", "httpd -f"),
                "docker network connect {outer} {front}",
                "docker network connect --alias middle {outer} {app}",
            ),
        ),
        Right(
            "the database in the wrong one first, restarted",
            (
                NETS,
                FRONT,
                APP,
                DB.replace("{inner}", "{outer}"),
                JOIN,
                "docker network connect {inner} {db}",
                "docker network disconnect {outer} {db}",
                "docker restart -t 0 {app} {db}",
            ),
        ),
        Right(
            "by the SDK",
            (
                "python3 -c \"import docker; c = docker.from_env(); c.networks.create('{outer}'); "
                "n = c.networks.create('{inner}', internal=True); "
                "[c.containers.run('busybox', 'tail -f /dev/null', detach=True, name=x, network=y) for x, y in "
                "(('{front}', '{outer}'), ('{app}', '{outer}'), ('{db}', '{inner}'))]; "
                "n.connect(c.containers.get('{app}'))\"",
            ),
        ),
    ),
    wrong=(
        Wrong("one of web", (NETS, FRONT, APP, DB.replace("busybox sleep 3600", "web"), JOIN), says="{db}: web"),
        Wrong("one for a minute", (NETS, FRONT, APP.replace("3600", "60"), DB, JOIN), says="for 60 s only"),
        Wrong("front paused", (NETS, FRONT, APP, DB, JOIN, "docker pause {front}"), says="{front}: paused"),
        Wrong(
            "the name given to a third one",
            (
                NETS,
                FRONT,
                APP.replace("{outer}", "{inner}"),
                DB,
                "docker run -d --label course.lab={id} --network {outer} --network-alias {app} busybox sleep 3600",
            ),
            says="observed  another address",
        ),
        Wrong(
            "a third network",
            (
                NETS,
                FRONT.replace("{outer}", "{outer}-2"),
                "docker network create --label course.lab={id} {outer}-2",
                "docker rm {front}",
                FRONT.replace("{outer}", "{outer}-2"),
                APP.replace("{outer}", "{outer}-2"),
                DB,
                JOIN,
            ),
            says="{outer} among them",
        ),
        Wrong("app in one network", (NETS, FRONT, APP, DB), says="in one network only"),
        Wrong(
            "on the default bridge",
            (NETS, FRONT.replace("--network {outer} ", ""), APP.replace("--network {outer} ", ""), DB, JOIN),
            says="still on the default bridge",
        ),
        Wrong(
            "all in both",
            (NETS, FRONT, APP, DB, JOIN, "docker network connect {inner} {front}"),
            says="one network for all",
        ),
        Wrong("inner leads out", (NETS.replace("--internal ", ""), FRONT, APP, DB, JOIN), says="a way out"),
        Wrong(
            "database in both",
            (NETS, FRONT, APP, DB, JOIN, "docker network connect {outer} {db}"),
            says="the networks of {db}",
        ),
        Wrong(
            "database not running", (NETS, FRONT, APP, DB.replace("sleep 3600", "true"), JOIN), says="{app} finds {db}"
        ),
    ),
    minutes=8,
)

# --- 06.4: four published paths, one of them whole

SERVE = (
    "docker run -d --label course.lab={{id}} --name {0} {1} busybox sh -c 'mkdir /www; echo here > /www/index.html; "
    "exec httpd -f -p {2} -h /www'"
)
FOUR = ("{open}", "{bare}", "{shy}", "{lost}")
FOUND = dict(zip(("answers", "unpublished", "loopback", "nobody"), FOUR, strict=True))


class Which(Answer):
    """The name of a container, also given as /name or by its id."""

    def run(self, lab: Lab) -> Outcome:
        given = lab.answers.get(self.key)
        return super().run(replace(lab, answers={**lab.answers, self.key: _called(lab, given)}))


def _called(lab: Lab, given: Any) -> Any:
    if not isinstance(given, str):
        return given
    plain = given.strip().lstrip("/")
    if re.fullmatch("[0-9a-f]{12,64}", plain):
        for row in lab.client.api.containers(all=True, filters={"id": plain}):
            return str(row["Names"][0]).lstrip("/")
    return plain


def unchanged(name: str) -> Look:
    """The name, while all four containers are the scene's and run."""

    def fetch(lab: Lab) -> str:
        for each in FOUR:
            state = looks.container(each, ".State.Status").of_scene("container", each).fetch(lab)
            if state != "running":
                raise Missing(lab.fill(f"{each} is not to be changed, and is {state}: docker start {each}"))
        return lab.fill(name)

    return Look(fetch, "docker ps --filter label=course.lab={id}")


def one_of_them(name: str, key: str, told: str) -> Mistake:
    """The answer names this container: what to look at, without telling which it is."""

    def sees(lab: Lab, value: Any) -> bool | Said:
        given = str(value).strip()
        return Said(f"{key}: " + told.replace("NAME", given)) if given == lab.fill(name) else False

    return Mistake(key, told, sees)


ENDS = (
    "look at both ends",
    "`docker exec NAME netstat -ltn` shows where it listens, `docker port NAME` where the port leads.",
)

PATHS = Exercise(
    id="06.4",
    title="Four servers, one answer",
    goal="Four containers (`docker ps --filter label=course.lab=06.4`) run a web server each, and are meant to be "
    "reached on port 80 inside. One answers from this computer. Of the others, one is not published, one listens on "
    "its own loopback only, one is published to a port on which nobody listens. Which is which? "
    "Answer with their names: {'answers': ..., 'unpublished': ..., 'loopback': ..., 'nobody': ...}. "
    "Don't change them.",
    seeds={
        "open": Name("tree"),
        "bare": Name("tree"),
        "shy": Name("tree"),
        "lost": Name("tree"),
        "p1": Port(),
        "p2": Port(),
        "p3": Port(),
    },
    scene=Scene(
        files="files/none",
        commands=(
            (
                SERVE.format("{open}", "-p {p3}:80", "80"),
                SERVE.format("{bare}", "--expose 80", "80"),
                SERVE.format("{shy}", "-p {p1}:80", "127.0.0.1:80"),
                SERVE.format("{lost}", "-p {p2}:8080 --expose 80", "80"),
            ),
        ),
    ),
    owns=tuple(f"container:{name}" for name in FOUR),
    steps=(
        Step("answers", Which("the one that answers", unchanged("{open}"), key="answers")),
        Step(
            "unpublished",
            Which(
                "the one that is not published",
                unchanged("{bare}"),
                key="unpublished",
                mistakes=(
                    one_of_them(
                        "{lost}", "published, elsewhere", "`docker port NAME` shows a port, only another one inside."
                    ),
                ),
            ),
        ),
        Step(
            "loopback",
            Which(
                "the one that listens on its own loopback",
                unchanged("{shy}"),
                key="loopback",
                mistakes=(one_of_them("{lost}", *ENDS), one_of_them("{bare}", *ENDS)),
            ),
        ),
        Step(
            "nobody",
            Which(
                "the one whose port leads to nobody",
                unchanged("{lost}"),
                key="nobody",
                mistakes=(one_of_them("{shy}", *ENDS),),
            ),
        ),
    ),
    answers=FOUND,
    untouched_says="no answer yet",
    right=(
        Right("with slashes and blanks", answers={key: f" /{name}" for key, name in FOUND.items()}),
        Right(
            "ids, short and long",
            answers={
                key: Output(f"docker ps -q {'--no-trunc' * (key == 'nobody')} --filter name={name}")
                for key, name in FOUND.items()
            },
        ),
        Right(
            "one restarted, others around", ("docker restart -t 0 {shy}", "docker run -d --label course.lab={id} web")
        ),
    ),
    wrong=(
        Wrong(
            "loopback and nobody confused",
            answers={**FOUND, "loopback": "{lost}", "nobody": "{shy}"},
            says="look at both ends",
        ),
        Wrong(
            "took --expose for published",
            answers={**FOUND, "unpublished": "{lost}", "nobody": "{bare}"},
            says="published, elsewhere",
        ),
        Wrong("the wrong one answers", answers={**FOUND, "answers": "{shy}"}, says="the one that answers"),
        Wrong("one named twice", answers={**FOUND, "unpublished": "{open}"}, says="the one that is not published"),
        Wrong("a part of the name", answers={**FOUND, "loopback": "tree"}, says="listens on its own loopback"),
        Wrong("only three found", answers={**FOUND, "nobody": ""}, says="no answer yet"),
        Wrong("removed before", ("docker rm -f {lost}",), answers=FOUND, says="there is no container called {lost}"),
        Wrong(
            "the loopback one mended",
            ("docker rm -f {shy}", "docker run -d --name {shy} -p {p1}:80 busybox httpd -f -p 80"),
            answers=FOUND,
            says="is another container than the one",
        ),
    ),
    minutes=7,
)

# --- 06.5 and 06.6: limits as the kernel has them

READ = {
    "memory": "cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes",
    "cpu": "cat cpu.max 2>/dev/null || echo $(cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us)",
    "pids": "cat pids.max 2>/dev/null || cat pids/pids.max",
}


def kernel(name: str, kind: str) -> Look:
    """What the container's cgroup says, either version: MiB of memory, processors, or processes, as text."""

    def read(said: str) -> str:
        if not said.startswith("exit 0: "):
            return said
        words = said.removeprefix("exit 0: ").split()
        if kind == "cpu":
            quota, period = words
            return "no limit" if not quota.isdigit() else f"{int(quota) / int(period):g}"
        if not words[0].isdigit():
            return "no limit"
        number = int(words[0])
        if kind == "pids":
            return str(number)
        # "no limit" is a huge number in version 1
        return "no limit" if number >= 1 << 60 else f"{number / MIB:g} MiB"

    asked = probes.execute(name, ["sh", "-c", f"cd /sys/fs/cgroup; {READ[kind]}"])

    def fetch(lab: Lab) -> str:
        if over := [place for place in looks.mounts(name).fetch(lab) if f"{place}/".startswith("/sys/")]:
            raise Missing(f"what is mounted at {over[0]} hides what the kernel says")
        return read(asked.fetch(lab))

    return Look(fetch, asked.where)


@look("docker inspect {name} --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}'")
def swap(lab: Lab) -> str:
    """What the container may swap out, beyond its memory. The engine writes -1, "as much as there is", also where the
    kernel does not count swap.
    """
    host = lab.inspect("container", "{name}")["HostConfig"]
    if host["MemorySwap"] == -1:
        return "no limit" if lab.client.info().get("SwapLimit") else "none"
    extra = host["MemorySwap"] - host["Memory"]
    return "none" if not host["Memory"] or extra == 0 else f"{extra / MIB:g} MiB"


LIMITED = (
    "docker run -d --name {name} -m {mb}m --memory-swap {mb}m --cpus {cpus} --pids-limit {pids} busybox sleep 3600"
)

LIMITS = Exercise(
    id="06.5",
    title="Three limits, as the kernel has them",
    goal="A container `{name}` from `busybox` that keeps running, and may use {mb} MiB of memory and no swap beyond "
    "it, {cpus} of a processor, and {pids} processes. What counts is what the kernel says.",
    seeds={
        "name": Name("modest"),
        "mb": Pick((24, 32, 40, 48)),
        "cpus": Pick(("0.25", "0.5", "0.75")),
        "pids": Pick((12, 16, 20, 24)),
    },
    owns=("container:{name}",),
    needs=("cgroup", "cpu"),
    steps=(
        Step(
            "runs",
            State("{name} is made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
            State(
                "{name} keeps running",
                lasts("{name}"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}"), ENDS_SOON),
            ),
            points=0.5,
        ),
        Step(
            "memory",
            Probe(
                "the kernel's limit for memory",
                kernel("{name}", "memory"),
                expect.equals("{mb} MiB"),
                mistakes=(
                    mistakes.seen_when(
                        "megabytes of another kind",
                        "`-m 10m` means 10 MiB, 10 times 1024 times 1024 bytes; a number without `m` is in bytes.",
                        lambda lab, value: "." in str(value),
                    ),
                ),
            ),
            State(
                "swap beyond it",
                swap,
                expect.equals("none"),
                mistakes=(
                    mistakes.seen_when(
                        "as much again",
                        "with `-m` alone a container may swap out as much again; `--memory-swap` is the sum of both.",
                        lambda lab, value: str(value).endswith("MiB"),
                    ),
                ),
            ),
            after="runs",
        ),
        Step(
            "processor",
            Probe(
                "the kernel's limit for the processor",
                kernel("{name}", "cpu"),
                expect.equals("{cpus}"),
                mistakes=(
                    mistakes.seen_when(
                        "a share is no limit",
                        "`--cpu-shares` only counts when others want the processor, too; `--cpus` always does.",
                        lambda lab, value: bool(lab.inspect("container", "{name}")["HostConfig"]["CpuShares"]),
                    ),
                ),
            ),
            after="runs",
        ),
        Step(
            "processes",
            Probe("the kernel's limit for processes", kernel("{name}", "pids"), expect.equals("{pids}")),
            after="runs",
        ),
    ),
    solution=(LIMITED,),
    right=(
        Right(
            "quota and period, bytes, a loop",
            (
                "docker create --name {name} -m $(({mb} * 1024 * 1024)) --memory-swap $(({mb} * 1024))k "
                "--cpu-period 50000 --cpu-quota $(awk 'BEGIN { print 50000 * {cpus} }') --pids-limit={pids} "
                "--restart always busybox sh -c 'while true; do sleep 1; done'",
                "docker start {name}",
            ),
        ),
        Right(
            "without limits first, then updated",
            (
                "docker run -d --name {name} busybox tail -f /dev/null",
                "docker update -m {mb}m --memory-swap {mb}m --cpus {cpus} {name}",
                "docker update --pids-limit {pids} {name}",
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK",
            (
                "docker run -d --name {name} web; docker rm -f {name}",
                "python3 -c \"import docker; docker.from_env().containers.run('busybox', 'sleep infinity', "
                "name='{name}', detach=True, mem_limit='{mb}m', memswap_limit='{mb}m', "
                'nano_cpus=int({cpus} * 1e9), pids_limit={pids})"',
            ),
        ),
    ),
    wrong=(
        Wrong("another image", (LIMITED.replace("busybox sleep 3600", "web"),), says="made from busybox"),
        Wrong("for a minute", (LIMITED.replace("3600", "60"),), says="for 60 s only"),
        Wrong("swap without limit", (LIMITED.replace("swap {mb}m", "swap -1"),), says="swap beyond it"),
        Wrong(
            "numbers laid over the kernel's",
            (
                "mkdir memory cpu pids; echo 100000 > cpu/cpu.cfs_period_us",
                "echo {pids} | tee pids.max > pids/pids.max",
                "echo $(({mb} * 1024 * 1024)) | tee memory.max > memory/memory.limit_in_bytes",
                "awk 'BEGIN { print 100000 * {cpus} }' > cpu/cpu.cfs_quota_us; echo $(cat cpu/*) > cpu.max",
                'docker run -d --name {name} -v "$PWD:/sys/fs/cgroup" busybox sleep 3600',
            ),
            says="hides what the kernel says",
        ),
        Wrong("swap forgotten", (LIMITED.replace("--memory-swap {mb}m ", ""),), says="as much again"),
        Wrong("shares", (LIMITED.replace("--cpus {cpus}", "--cpu-shares 256"),), says="a share is no limit"),
        Wrong(
            "millions of bytes",
            (LIMITED.replace("{mb}m", "{mb}000000"),),
            says="megabytes of another kind",
        ),
        Wrong(
            "a limit for one user's processes",
            (LIMITED.replace("--pids-limit {pids}", "--ulimit nproc={pids}"),),
            says="the kernel's limit for processes",
        ),
        Wrong("no limits", ("docker run -d --name {name} busybox sleep 3600",), says="no limit"),
    ),
    minutes=6,
)

UPDATE = "docker update -m {mb}m --memory-swap {mb}m --pids-limit {pids} {name}"

MORE = Exercise(
    id="06.6",
    title="More room, while it works",
    goal="The container `{name}` works in 16 MiB and with 10 processes, and that's too little now. Its work is in "
    "/work, which is in memory: whoever stops it loses the work. Give it {mb} MiB (and no swap) and {pids} processes, "
    "while it runs.",
    seeds={"name": Name("batch"), "mb": Pick((48, 56, 64, 72)), "pids": Pick((30, 35, 40, 45)), "token": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            "docker run -d --name {name} --label course.lab={id} --tmpfs /work -m 16m --memory-swap 16m "
            "--pids-limit 10 busybox sleep 3600",
            "docker exec {name} sh -c 'echo {token} > /work/state'",
        ),
    ),
    owns=("container:{name}",),
    needs=("cgroup",),
    steps=(
        Step(
            "memory",
            Probe(
                "the kernel's limit for memory",
                kernel("{name}", "memory").of_scene("container", "{name}"),
                expect.equals("{mb} MiB"),
            ),
            State("swap beyond it", swap, expect.equals("none")),
        ),
        Step(
            "processes",
            Probe(
                "the kernel's limit for processes",
                kernel("{name}", "pids").of_scene("container", "{name}"),
                expect.equals("{pids}"),
            ),
        ),
        Step(
            "work",
            Probe(
                "the work is still there",
                probes.execute("{name}", ["cat", "/work/state"]).of_scene("container", "{name}"),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "stopped in between",
                        "a tmpfs lives as long as the container runs.",
                        lambda lab, value: "No such file" in str(value),
                    ),
                ),
            ),
            Did(
                "{name} was started once",
                looks.events("container", "start", "{name}").then(len),
                expect.equals(1),
                mistakes=(
                    mistakes.seen_when(
                        "started anew",
                        'it had to go on running as it was. undo("{id}") begins again.',
                        lambda lab, value: value > 1,
                    ),
                ),
            ),
            after=("memory", "processes"),
            points=2,
        ),
    ),
    solution=(UPDATE,),
    untouched_says="observed  16 MiB",
    right=(
        Right(
            "in two steps, too much first, paused meanwhile",
            (
                "docker pause {name}",
                "docker update --pids-limit {pids} {name}",
                "docker update -m 200m --memory-swap 300m {name}",
                "docker unpause {name}",
                "docker update --memory-swap $(({mb} * 1024 * 1024)) --memory {mb}m {name}",
            ),
        ),
        Right(
            "by the SDK",
            (
                "docker update --pids-limit {pids} {name}",
                "python3 -c \"import docker; docker.from_env().containers.get('{name}').update("
                "mem_limit='{mb}m', memswap_limit='{mb}m')\"",
            ),
        ),
        Right(
            "by id, others around, renamed for a while",
            (
                "docker run -d --label course.lab={id} busybox sleep 3600",
                "docker rename {name} x-{name}",
                UPDATE.replace("{name}", "$(docker ps -q --no-trunc --filter name=x-{name})"),
                "docker rename x-{name} {name}",
            ),
        ),
    ),
    wrong=(
        Wrong("memory only", (UPDATE.replace("--pids-limit {pids} ", ""),), says="the kernel's limit for processes"),
        Wrong("processes only", ("docker update --pids-limit {pids} {name}",), says="the kernel's limit for memory"),
        Wrong(
            "twice as much swap",
            (UPDATE.replace("--memory-swap {mb}m", "--memory-swap 200m"),),
            says="swap beyond it",
        ),
        Wrong("restarted", (UPDATE, "docker restart -t 0 {name}"), says="stopped in between"),
        Wrong("threw the work away", (UPDATE, "docker exec {name} rm /work/state"), says="the work is still there"),
        Wrong(
            "made anew with a copy of the work",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} --tmpfs /work -m {mb}m --memory-swap {mb}m --pids-limit {pids} busybox "
                "sleep 3600",
                "docker exec {name} sh -c 'echo {token} > /work/state'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "another under its name",
            (
                "docker rename {name} x-{name}",
                "docker run -d --name {name} --label course.lab={id} --tmpfs /work -m {mb}m --memory-swap {mb}m "
                "--pids-limit {pids} busybox sleep 3600",
                "docker exec {name} sh -c 'echo {token} > /work/state'",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "restarted, and the work written again",
            (UPDATE, "docker restart -t 0 {name}", "docker exec {name} sh -c 'echo {token} > /work/state'"),
            says="started anew",
        ),
    ),
    minutes=5,
)

# --- 06.7: as little as possible

# capabilities(7) and linux/capability.h, by bit
CAPABILITIES = (Path(__file__).parent / "files" / "capabilities.txt").read_text(encoding="utf-8").split()


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
    return str(looks.logs("{name}").fetch(lab))


def held(said: str) -> list[str]:
    """The capabilities in `CapEff: 00000000a80425fb`, by name."""
    found = re.search(r"CapEff:\s*([0-9a-f]+)", said)
    if found is None:
        raise Missing(f"process 1 says: {said}")
    bits = int(found[1], 16)
    return [name for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1]


BUILD = "docker build -q -t {image} --label course.lab=06.7 ."
SEALED = "docker run -d --name {name} --read-only --tmpfs /run --cap-drop ALL --cap-add CHOWN -v {volume}:/data {image}"

SEALED_STORE = Exercise(
    id="06.7",
    title="Sealed, and it still works",
    goal="The image `{image}` (built from the folder exercises/06.7; read its store.sh) runs as root and may write "
    "anywhere. Run a container `{name}` of it whose root file system is read-only, and whose process 1 has exactly "
    "the one capability that it needs. It must still open: its log says `open: {token}` and it keeps running. Its "
    "/data is the volume `{volume}`. Don't change the image.",
    seeds={"name": Name("sealed"), "image": Name("store"), "volume": Name("stock"), "token": Token()},
    scene=Scene(
        files="files/sealed",
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
                    mistakes.seen_when(
                        "nowhere to write",
                        "a folder that must be writable gets a mount of its own: a volume, or `--tmpfs`.",
                        lambda lab, value: "cannot write" in str(value),
                    ),
                    mistakes.seen_when(
                        "one right too few",
                        "to give a file to another user is a capability of its own: capabilities(7), first entries.",
                        lambda lab, value: "cannot give" in str(value),
                    ),
                ),
            ),
            Probe(
                "capabilities of its process 1",
                probes.execute("{name}", ["grep", "CapEff", "/proc/1/status"]).then(held),
                expect.equals(["CHOWN"]),
                mistakes=(
                    mistakes.seen_when(
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

# --- 06.8: the bug hunt

EDIT = "sed 's/EARLY/{early}/' site/menu.html > new.html && mv new.html site/menu.html"
OF_TODAY = "sed 's/yesterday: .*</today: {token}</' site/menu.html > new.html && mv new.html site/menu.html"
ONE_FILE = (
    "docker run -d --name {name} --label course.lab=06.8 -p {port}:80 "
    '-v "$PWD/site/menu.html:/www/menu.html:ro" busybox httpd -f -p 80 -h /www'
)
FOLDER = ONE_FILE.replace("/site/menu.html:/www/menu.html:ro", "/site:/www:ro")


@look("curl http://127.0.0.1:{port}/menu.html")
def menu(lab: Lab) -> str:
    return str(probes.page("{port}", "/menu.html").fetch(lab))


@look("docker container inspect {name} --format '{{json .Mounts}}'")
def menu_ways(lab: Lab) -> list[str]:
    """Where the container has site/, what holds it or what is in it, and may write there."""
    inside = f"/{lab.folder.name}/site/menu.html/"
    return sorted(
        mount["Destination"]
        for mount in lab.inspect("container", "{name}").get("Mounts") or ()
        if mount["RW"]
        and (
            inside in f"{mount['Source']}/"
            or f"{mount['Source']}/".endswith(("/site/", f"/{lab.folder.name}/"))
            or (mount["Type"] == "bind" and f"{lab.folder}/".startswith(f"{mount['Source'].rstrip('/')}/"))
            or (mount["Type"] == "volume" and "site" in str(lab.inspect("volume", mount["Name"]).get("Options")))
        )
    )


def _moved(lab: Lab, mount: dict[str, Any], copy: Path) -> str | None:
    """The mount as `-v` writes it, read-only, and of a copy of the working folder where it is of that folder.

    The engine may be on another machine, where the folder's path begins with something else.
    """
    source = mount["Source"]
    if mount["Type"] == "volume":
        options = lab.inspect("volume", mount["Name"]).get("Options") or {}
        source = options["device"] if "bind" in str(options.get("o")) else ""
    _, inside, rest = f"{source}/".rpartition(f"/{lab.folder.name}/")
    if inside:
        source = str(copy / rest.strip("/"))
    elif mount["Type"] == "volume":
        source = mount["Name"]
    return f"{source}:{mount['Destination']}:ro" if mount["Type"] in ("bind", "volume") else None


@contextmanager
def copied(lab: Lab, copy: Path) -> Iterator[Callable[[], str]]:
    """A copy of {name}, with a copy of the working folder in the place of that one; gives what asks it for the menu."""
    found = lab.inspect("container", "{name}")
    shutil.copytree(lab.folder, copy, symlinks=True, dirs_exist_ok=True)
    binds = [bind for mount in found.get("Mounts") or () if (bind := _moved(lab, mount, copy))]
    ports = found["NetworkSettings"]["Ports"] or {}
    inside = next(
        (p.split("/")[0] for p, rows in ports.items() for r in rows or () if r["HostPort"] == lab.fill("{port}")), "80"
    )
    ask = ["timeout", "5", "wget", "-qO-", f"http://127.0.0.1:{inside}/menu.html"]
    options = {**probes.copy_options(found), "volumes": binds}
    with (
        lab.throwaway(found["Image"], **options) as server,
        lab.throwaway(command=["sleep", "600"], network_mode=f"container:{server.id}") as beside,
    ):
        yield lambda: lab.execute(beside.id, ask)[1]


@look("cp site/menu.html new.html; echo next >> new.html; mv new.html site/menu.html; curl ...")
def next_menu(lab: Lab) -> str:
    """What a copy of the container says after another file has been moved to the name menu.html, in a copy of the
    folder beside it: nothing of the learner's changes.
    """
    if not lab.inside("site/menu.html").is_file():
        raise Missing("there is no file site/menu.html")
    if lab.inspect("container", "{name}")["State"]["Status"] != "running":
        raise Missing(lab.fill("{name} is not running"))
    text = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix=f".{lab.folder.name}-check-", dir=lab.folder.parent) as place:
        Path(place).chmod(0o755)  # the server in the copy may be anybody
        folder = Path(place, lab.folder.name)
        with copied(lab, folder) as ask:
            lab.wait(lambda: "Menu" in ask(), seconds=2, every=0.2)
            fresh = folder / f".next-{text}"
            fresh.write_text(f"<h1>Menu</h1><!-- {text} -->\n")
            fresh.replace(folder / "site" / "menu.html")
            lab.wait(lambda: text in ask(), seconds=1, every=0.2)
            answered = ask()
    return "the new file" if text in answered else "the old file" if "Menu" in answered else answered


HUNT = Exercise(
    id="06.8",
    title="The soup of yesterday",
    goal="Symptom: somebody has edited exercises/06.8/site/menu.html, and the file says `{token}`. The container "
    "`{name}` has this file mounted, and http://127.0.0.1:{port}/menu.html still says `{early}`.\n"
    "Repair it: a container `{name}` shows, at that address, the file as it is now, and as it will be after the next "
    "edit of the same kind (the editor writes a new file and moves it to the old name). It must not be able to "
    "change it.",
    seeds={"name": Name("menu"), "port": Port(), "token": Token(), "early": Token()},
    scene=Scene(files="files/hunt", commands=(EDIT, ONE_FILE, OF_TODAY)),
    owns=("container:{name}", "volume:{name}-more"),
    steps=(
        Step(
            "today",
            State(
                "{port} leads to {name}",
                identity.behind("{port}"),
                expect.equals("{name}"),
                mistakes=(
                    mistakes.not_started("{name}"),
                    mistakes.exited("{name}"),
                    mistakes.other_host_port("{name}", "{port}"),
                ),
            ),
            Probe(
                "the page says {token}",
                menu,
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "one file is mounted",
                        "a mount of a file holds on to that file, not to its name; the editor put another file there.",
                        lambda lab, value: lab.values["early"] in str(value),
                    ),
                ),
            ),
        ),
        Step(
            "next",
            Probe(
                "after the next edit, the page is",
                next_menu,
                expect.equals("the new file"),
                mistakes=(
                    mistakes.seen_when(
                        "until the next edit",
                        "that is today's file, and the next one will have the same fate: mount what holds the name.",
                        lambda lab, value: value == "the old file",
                    ),
                ),
            ),
            State(
                "where {name} can write to the file or its folder",
                menu_ways,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "writable",
                        "it was mounted with `:ro`, and has to be again.",
                        lambda lab, value: bool(value),
                    ),
                ),
            ),
            after="today",
            points=2,
        ),
    ),
    solution=("docker rm -f {name}", FOLDER),
    untouched_says="the page says {token}",
    right=(
        Right(
            "--mount, the folder above, a second folder, another port inside",
            (
                "docker rename {name} x-{name}",
                "docker stop -t 0 x-{name}",
                'docker create --name {name} -p {port}:8080 --mount "type=bind,src=$LAB,dst=/all,readonly" '
                '--tmpfs /tmp -v "$LAB/site:/more:ro" -v {name}-more:/data busybox httpd -f -p 8080 -h /all/site',
                "docker start {name}",
            ),
        ),
        Right(
            "from the image web, restarted, the wrong one before",
            (
                "docker restart -t 0 {name}",
                "docker rm -f {name}",
                ONE_FILE,
                "docker rm -f {name}",
                'docker run -d --name {name} -p 127.0.0.1:{port}:80 -v "$PWD/site:/www:ro" web',
                "docker restart -t 0 {name}",
            ),
        ),
        Right(
            "by the SDK, a link to the name",
            (
                "docker rm -f {name}; python3 -c \"import docker, os; docker.from_env().containers.run('busybox', "
                "['sh', '-c', 'mkdir /www; ln -s /site/menu.html /www; exec httpd -f -h /www'], name='{name}', "
                "detach=True, ports={80: {port}}, volumes=[os.environ['LAB'] + '/site:/site:ro'])\"",
            ),
        ),
    ),
    wrong=(
        Wrong("restarted", ("docker restart -t 0 {name}",), says="until the next edit"),
        Wrong("the same anew", ("docker rm -f {name}", ONE_FILE), says="until the next edit"),
        Wrong("writable", ("docker rm -f {name}", FOLDER.replace(":ro", "")), says="writable"),
        Wrong(
            "another one answers",
            (
                "docker rm -f {name}",
                FOLDER.replace("-p {port}:80 ", ""),
                FOLDER.replace("--name {name} ", ""),
            ),
            says="{port} leads to {name}",
        ),
        Wrong(
            "mounted a second time, to write",
            ("docker rm -f {name}", FOLDER.replace(" busybox", ' -v "$PWD:/edit" busybox')),
            says="writable",
        ),
        Wrong(
            "copied into it",
            (
                "docker rm -f {name}",
                "docker run -d --name {name} -p {port}:80 busybox sh -c 'mkdir /www; exec httpd -f -h /www'",
                "docker cp site/menu.html {name}:/www/menu.html",
            ),
            says="after the next edit",
        ),
        Wrong("an empty line added", ("echo >> site/menu.html",), says="one file is mounted"),
        Wrong(
            "not published", ("docker rm -f {name}", FOLDER.replace("-p {port}:80 ", "")), says="{port} leads to {name}"
        ),
    ),
    minutes=8,
)

EXERCISES = (OLD_DATA, LIVE, NAMES, PATHS, LIMITS, MORE, SEALED_STORE, HUNT)

PREDICTIONS = (
    Prediction(
        "06.p1",
        "A brand-new volume is mounted over a folder in which the image has a file. What does the container see there?",
        ("Nothing: the volume is empty", "The image's file", "An error: the folder is not empty"),
        "b",
        "An empty volume is filled from the image when a container that mounts it is made.",
    ),
    Prediction(
        "06.p2",
        "Now a folder of this computer, with one file of its own, is mounted over the same place. What is there?",
        ("Only the computer's file", "Both files", "Only the image's file"),
        "a",
        "A bind mount is never filled. It lies on top of what the image has there, and hides it.",
    ),
    Prediction(
        "06.p3",
        "`guest` is on the default bridge, `shop` in a network of its own. `guest` can't find the name `shop`. Will it "
        "get the page if it is told the address?",
        ("Yes: only the name was missing", "No"),
        "b",
        "The packet filter drops what goes from one bridge network to another, also by address. (A published port can "
        "be reached, at the gateway's address.)",
    ),
    Prediction(
        "06.p4",
        "Three containers of one server: `plain` with nothing, `shy` published but listening on 127.0.0.1 in the "
        "container, `open` published and listening everywhere. Which of them can a browser on this computer reach?",
        ("All three", "shy and open", "open only", "plain and open"),
        "c",
        "127.0.0.1 in a container is the container itself; and no port of this computer leads to what is not "
        "published.",
    ),
    Prediction(
        "06.p5",
        "`sleep` is process 1 of a container that may use 16 MiB. `docker exec` starts a program in it that wants "
        "28 MB. What happens?",
        ("The container ends with 137", "The program is killed, the container runs on", "The program waits"),
        "b",
        "The kernel kills one process of the cgroup, usually the biggest. The container ends only with process 1.",
    ),
    Prediction(
        "06.p6",
        "A container as a user without rights, with a read-only root, no capability, no way to gain one. It only has "
        "the engine's socket mounted, and may talk to it. Can it read a file that on the engine's machine only the "
        "engine's own user may read?",
        ("No, nothing is left to do that with", "Yes"),
        "b",
        "It asks the engine, and the engine runs another container for it, with whatever mounts it asks for.",
    ),
)

QUIZZES = (
    Quiz(
        "06.q1",
        "Which of these are still there after `docker rm -f` of the only container that used them?",
        (
            Choice("A named volume", "It lives until `docker volume rm`.", right=True),
            Choice("A tmpfs", "It went with the container's end."),
            Choice("The folder of a bind mount", "It belongs to the computer, not to Docker.", right=True),
            Choice("A file written to / in the container", "That was the container's own layer."),
        ),
    ),
    Quiz(
        "06.q2",
        "`docker run -p 8090:80 IMAGE`, and the page does not come. In the container, `netstat -ltn` shows "
        "127.0.0.1:80. What helps?",
        (
            Choice("-p 127.0.0.1:8090:80", "That chooses an address of this computer, not of the container."),
            Choice("Another EXPOSE in the Dockerfile", "EXPOSE documents; it leads nothing anywhere."),
            Choice("The program listens on 0.0.0.0", "Then eth0 of the container is among its addresses.", right=True),
        ),
    ),
    Quiz(
        "06.q3",
        "`--cpus 0.5` on a computer with eight processors: what does a busy program get?",
        (
            Choice("Half of everything, four processors", "The number counts processors, not a part of all."),
            Choice(
                "50 ms of processor time in each 100 ms, in total",
                "And it waits for the rest of the period.",
                right=True,
            ),
            Choice("Half speed only while others are busy", "That would be --cpu-shares."),
        ),
    ),
    Quiz(
        "06.q4",
        "A monitoring tool asks you to mount /var/run/docker.sock into its container, read-only. What do you give it?",
        (
            Choice("The right to read the list of containers", "The API knows no read-only caller."),
            Choice(
                "What the engine's own user may do, on the whole machine",
                "`:ro` protects the socket's file; what is written through it is not affected.",
                right=True,
            ),
            Choice(
                "Nothing, as long as the tool isn't root in its container", "The engine is, and does what it is asked."
            ),
        ),
    ),
)
