"""06.3 Three containers, two networks."""

import re
from collections.abc import Callable

from labsupport.exercises.author import *
from labsupport.exercises.lasting import lasts

from ...shared import ENDS_SOON


def finds(asker: str, name: str) -> Look:
    """What a container's network answers for another's name: "its address", "another address" or "no address"."""

    def fetch(lab: Lab) -> str:
        networks = lab.inspect("container", name)["NetworkSettings"]["Networks"]
        own = {network["IPAddress"] for network in networks.values()} - {""}
        beside = f"container:{lab.running(asker, paused=False)['Id']}"
        code, said = probes.aside(lab, ["nslookup", lab.fill(name)], network_mode=beside)
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

EXERCISE = Exercise(
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
                    Mistake(
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
                    Mistake(
                        "one network for all",
                        "who shares a network finds the others in it: {front} and {db} must have none in common.",
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
                    Mistake(
                        "a way out",
                        "an ordinary network leads out; `docker network create --internal` makes one that does not.",
                        expect.false(),
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
