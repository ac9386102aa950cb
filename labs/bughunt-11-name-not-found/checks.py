"""Bug hunt 11: two containers that cannot find each other by name."""

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
    mistakes,
    probes,
)

SERVE = "sh -c 'mkdir /w; echo {token} > /w/index.html; exec httpd -f -h /w'"


@look("docker inspect {client} {server} --format '{{json .NetworkSettings.Networks}}'")
def shared_networks(lab: Lab) -> list[str]:
    """The networks, other than the default bridge, that both containers are in."""
    networks = [set(lab.inspect("container", name)["NetworkSettings"]["Networks"]) for name in ("{client}", "{server}")]
    return sorted((networks[0] & networks[1]) - {"bridge"})


EXERCISES = (
    Exercise(
        id="bug.11",
        title="Who is the server?",
        goal=(
            "Symptom: both containers run, and `docker exec {client} wget -qO- http://{server}/` says "
            "`bad address`.\n"
            "Repair it without starting anything anew: the same command, in the same {client}, prints the page of the "
            "same {server}. {stranger} must not find {server} by its name."
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
                    "docker run -d --label course.lab={id} --label scene=first --name {client} busybox sleep 3600",
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
                    looks.container("{client}", '.Config.Labels["scene"]').of_scene("container", "{client}"),
                    expect.equals("first"),
                ),
                points=2,
                after="same network",
            ),
            Step(
                "not by strangers",
                Probe(
                    "{stranger} does not find {server}",
                    probes.resolves("{stranger}", "{server}"),
                    expect.false("no answer for the name"),
                ),
                after="same network",
            ),
        ),
        solution=(
            "docker network create --label course.lab={id} {net}",
            "docker network connect {net} {client}",
            "docker network connect {net} {server}",
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
                "client made anew with its label",
                (
                    "docker network create {net}",
                    "docker network connect {net} {server}",
                    "docker rm -f {client}",
                    "docker run -d --network {net} --name {client} --label scene=first busybox sleep 3600",
                ),
                says="is another container than the one",
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
    ),
)
