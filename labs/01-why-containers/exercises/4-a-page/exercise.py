"""01.4 A page on your port."""

from labsupport.exercises.author import *


@look("docker port {name}")
def publishes(lab: Lab) -> list[str]:
    """The container's ports that 127.0.0.1:{port} leads to."""
    ports = lab.inspect("container", "{name}")["NetworkSettings"]["Ports"] or {}
    here = ("", "0.0.0.0", "127.0.0.1")
    return [inside for inside, rows in ports.items() if inside.endswith("/tcp") for row in rows or ()
            if row["HostPort"] == lab.fill("{port}") and row.get("HostIp", "") in here]  # fmt: skip


EXERCISE = Exercise(
    id="01.4",
    title="A page on your port",
    goal="The container `{name}`, made from the image `web`, answers on http://127.0.0.1:{port}/ with the greeting "
         "`{token}` (the image reads the variable GREETING; `docker run -e NAME=VALUE` sets one).",
    seeds={"name": Name("shop"), "port": Port(), "token": Token()},
    owns=("container:{name}",),
    steps=(
        Step("answers",
             State("{name} is made from web", identity.made_from("{name}", "web"), expect.equals("web")),
             Probe("the page says {token}", probes.page("{port}"), expect.contains("{token}"), mistakes=(
                 # a rootless engine may not publish port 80, so there the container does not even start
                 mistakes.swapped_ports("{name}", "{port}"),
                 mistakes.not_started("{name}"), mistakes.exited("{name}"),
                 mistakes.wrong_container_port("{name}", "{port}"),
                 mistakes.other_host_port("{name}", "{port}"),
                 mistakes.expose_without_publish("{name}"),
                 Mistake("the greeting is not set",
                                    "the page answers, and greets with its default: -e GREETING={token} sets it.",
                                    lambda lab, value: "<h1>" in value),
             )),
             State("the page is {name}'s", publishes, expect.present("{port} leads to it"), mistakes=(
                 Mistake("another container answers", "the port leads to another than {name}."),)),
             points=2),
    ),
    solution=("docker run -d --name {name} -p {port}:80 -e GREETING={token} web",),
    right=(
        Right("at 127.0.0.1 only, the variable from a file", (
            "echo GREETING={token} > settings",
            "docker create --name {name} --publish 127.0.0.1:{port}:80/tcp --env-file settings web:latest",
            "docker start {name}")),
        Right("through the SDK", (
            SDK % 'engine.containers.run("web", name="{name}", detach=True, ports=dict([("80/tcp", {port})]), '
            'environment=["GREETING={token}"])',)),
        Right("without -e first, by the image's id, a second port", (
            "docker run -d --name {name} -p {port}:80 web", "docker rm -f {name}",
            "docker run -d --name {name} -p {port}:80 -p 80 -e GREETING={token} $(docker images -q web)")),
    ),
    wrong=(
        Wrong("forgot -p", ("docker run -d --name {name} -e GREETING={token} web",), says="EXPOSE without -p"),
        Wrong("an option behind the image",
              ("docker run -d --name {name} -e GREETING={token} web -p {port}:80 2>/dev/null || true",),
              says="stands behind the image"),
        Wrong("ports swapped", ("docker run -d --name {name} -p 80:{port} -e GREETING={token} web",),
              says="ports swapped"),
        Wrong("wrong port inside", ("docker run -d --name {name} -p {port}:8080 -e GREETING={token} web",),
              says="wrong port in the container"),
        Wrong("no greeting", ("docker run -d --name {name} -p {port}:80 web",), says="the greeting is not set"),
        Wrong("another image that says it", (
            "docker run -d --name {name} -p {port}:80 busybox sh -c 'mkdir /w; echo {token} > /w/index.html; "
            "httpd -f -p 80 -h /w'",), says="{name} is made from web"),
        Wrong("another one that calls itself web", (
            "docker pull -q busybox; docker tag busybox web; docker run -d --name {name} -p {port}:80 web sh -c "
            "'mkdir /w; echo {token} > /w/index.html; httpd -f -p 80 -h /w'; docker rmi -f web; docker pull -q web",),
            says="{name} is made from web"),
        Wrong("answered by another", (
            "docker run -d --name {name} web; docker run -d --name {name}x --label course.lab=01.4 -p {port}:80 "
            "-e GREETING={token} web",), says="another container answers"),
        Wrong("another name",
              ("docker run -d --name {name}x -p {port}:80 -e GREETING={token} --label course.lab=01.4 web",),
              says="there is no container called"),
    ),
    minutes=6,
)  # fmt: skip
