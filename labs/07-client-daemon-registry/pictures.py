"""Lesson 07's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

TODAY = "127.0.0.1:5001/kitchen/menu:today"
CLIENT = "docker --config client"
MADE = f"@cd $(mktemp -d) && date +%s%N > menu && tar -c menu | docker import - {TODAY} && rm -r $PWD"
FLIGHT = "docker events --since 10s --until 0s --filter container=flight"

PICTURES = (
    Terminal("version", ("docker version",)),
    Terminal("context", (
        "@docker context rm -f here >/dev/null 2>&1; docker context use default >/dev/null 2>&1",
        'docker context create here --description "the sandbox" --docker "host=$DOCKER_HOST"',
        "docker --context here ps",
        "docker context ls --format '{{.Name}}: {{.Description}}' 2>/dev/null",
        "docker context rm here",
    )),
    Terminal("events", (
        "@docker run --rm --name flight busybox sh -c 'exit 4' || true",
        "@sleep 1",
        FLIGHT + " --format '{{.Action}} {{.Actor.Attributes.image}}'",
        FLIGHT + " --filter event=die --format '{{.Actor.Attributes.exitCode}}'",
    )),
    Terminal("login", (
        "@rm -rf client",
        (f"{CLIENT} login 127.0.0.1:5001", "learner", "containers"),
        "cat client/config.json",
        "@rm -rf client",
    )),
    Terminal("push", (
        "@echo containers | docker login -u learner --password-stdin 127.0.0.1:5001",
        MADE,
        f"docker push {TODAY}",
        f"docker push {TODAY}",
        "@docker logout 127.0.0.1:5001",
    )),
)  # fmt: skip
