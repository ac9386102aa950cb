"""Bug hunt 11: two containers that cannot find each other by name."""

from labsupport.exercises.author import *

NET = "docker network create --label course.lab={id} {net}"
SERVE = "sh -c 'mkdir /w; echo {token} > /w/index.html; exec httpd -f -h /w'"


def _shared(lab: Lab, *names: str) -> list[str]:
    """The networks, other than the default bridge, that all these containers are in."""
    networks = [set(lab.inspect("container", name)["NetworkSettings"]["Networks"]) for name in names]
    return sorted(set.intersection(*networks) - {"bridge"})


@look("docker inspect {client} {server} --format '{{json .NetworkSettings.Networks}}'")
def shared_networks(lab: Lab) -> list[str]:
    return _shared(lab, "{client}", "{server}")


@look("docker exec {stranger} nslookup {server}")
def stranger_finds(lab: Lab) -> str:
    """How the stranger finds the server: by a network of both, or by an answer for the name; "" when it does not."""
    if shared := _shared(lab, "{stranger}", "{server}"):
        return f"both are in {', '.join(shared)}"
    return "an address" if probes.resolves("{stranger}", "{server}").fetch(lab) else ""


EXERCISE = Exercise(
    id="bug.11",
    title="Who is the server?",
    goal=(
        "Symptom: both containers run, and `docker exec {client} wget -qO- http://{server}/` says "
        "`bad address`.\n"
        "Repair it by a network that you make (`{net}`, say), and make no container anew: the same command, in the "
        "same {client}, prints the page of the same {server}. {stranger} runs on, and must not find {server} by "
        "its name."
    ),
    seeds={
        "client": Name("app"),
        "server": Name("db"),
        "stranger": Name("guest"),
        "net": Name("net"),
        "token": Token(),
    },
    owns=(
        "container:{client}",
        "container:{server}",
        "container:{stranger}",
        "network:{net}",
        "network:{net}-2",
    ),
    scene=Scene(
        commands=(
            (
                "docker run -d --label course.lab={id} --name {server} busybox " + SERVE,
                "docker run -d --label course.lab={id} --name {client} busybox sleep 3600",
                "docker run -d --label course.lab={id} --name {stranger} busybox sleep 3600",
            ),
        ),
    ),
    steps=(
        Step(
            "same network",
            State(
                "{client} and {server} share a network of their own",
                shared_networks,
                expect.present("a network that you made"),
                mistakes=(mistakes.default_network("{client}"), mistakes.default_network("{server}")),
            ),
        ),
        Step(
            "found",
            Probe(
                "{client} gets the page of {server} by name",
                probes.execute("{client}", ["wget", "-qO-", "http://{server}/"]).of_scene("container", "{server}"),
                expect.contains("{token}"),
            ),
            State(
                "{client} is the container it was",
                looks.container("{client}", ".State.Status").of_scene("container", "{client}"),
                expect.equals("running"),
            ),
            points=2,
            after="same network",
        ),
        Step(
            "not by strangers",
            Probe(
                "{stranger} does not find {server}",
                stranger_finds.of_scene("container", "{stranger}"),
                expect.absent(),
            ),
            after="same network",
        ),
    ),
    solution=(
        NET,
        "docker network connect {net} {client}",
        "docker network connect {net} {server}",
    ),
    untouched_says="share a network of their own",
    right=(
        Right(
            "made in another order, another name, a network without a way out",
            (
                "docker network create --internal --label course.lab={id} {net}-2",
                "docker network connect --alias x {net}-2 {server}",
                "docker network connect {net}-2 {client}",
            ),
        ),
        Right(
            "the stranger let in and out again, the bridge left, a restart",
            (
                NET,
                "for c in {client} {server} {stranger}; do docker network connect {net} $c; done",
                "docker network disconnect {net} {stranger}",
                "docker network disconnect bridge {client}",
                "docker network create --label course.lab={id} {net}-2; docker network connect {net}-2 {stranger}",
                "docker restart -t 0 {client} {server}",
            ),
        ),
        Right(
            "by the SDK, by ids",
            (
                "python3 -c \"import docker; c = docker.from_env(); n = c.networks.create('{net}'); "
                "[n.connect(c.containers.get(x).id) for x in ('{client}', '{server}')]\"",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "address written by hand",
            (
                'docker exec {client} sh -c "echo $(docker inspect {server} --format '
                "'{{.NetworkSettings.Networks.bridge.IPAddress}}') {server} >> /etc/hosts\"",
            ),
            says="still on the default bridge",
        ),
        Wrong(
            "only one connected",
            ("docker network create {net}", "docker network connect {net} {client}"),
            says="still on the default bridge",
        ),
        Wrong(
            "everybody connected",
            (
                "docker network create {net}",
                "for c in {client} {server} {stranger}; do docker network connect {net} $c; done",
            ),
            says="{stranger} does not find {server}",
        ),
        Wrong(
            "client made anew",
            (
                "docker network create {net}",
                "docker network connect {net} {server}",
                "docker rm -f {client}",
                "docker run -d --network {net} --name {client} busybox sleep 3600",
            ),
            says="is the container it was",
        ),
        Wrong(
            "server made anew",
            (
                "docker network create {net}",
                "docker network connect {net} {client}",
                "docker rm -f {server}",
                "docker run -d --network {net} --name {server} busybox " + SERVE,
            ),
            says="is another container than the one",
        ),
        Wrong(
            "the stranger made deaf",
            (
                NET,
                "for c in {client} {server} {stranger}; do docker network connect {net} $c; done",
                "docker exec {stranger} sh -c 'echo nameserver 127.0.0.2 > /etc/resolv.conf'",
            ),
            says="both are in {net}",
        ),
        Wrong(
            "another stranger",
            (
                NET,
                "for c in {client} {server} {stranger}; do docker network connect {net} $c; done",
                "docker rename {stranger} x-{stranger}",
                "docker run -d --label course.lab={id} --name {stranger} busybox sleep 3600",
            ),
            says="is another container than the one",
        ),
        Wrong(
            "server stopped while connecting",
            (
                "docker network create {net}",
                "docker kill {server}",
                "docker network connect {net} {client}",
                "docker network connect {net} {server}",
            ),
            says="gets the page of",
        ),
    ),
)
