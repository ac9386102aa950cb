"""07.1 A container by HTTP."""

from labsupport.exercises.author import *

from ...shared import in_python, program

ASK = (
    'ask() { method=$1 path=$2 body=$3; case "$DOCKER_HOST" in '
    'unix://*) where=http://localhost; set -- --unix-socket "${DOCKER_HOST#unix://}";; '
    '*) where=https${DOCKER_HOST#tcp}; set -- --cacert "$DOCKER_CERT_PATH/ca.pem" '
    '--cert "$DOCKER_CERT_PATH/cert.pem" --key "$DOCKER_CERT_PATH/key.pem";; esac; '
    'curl -s "$@" -X "$method" -H "Content-Type: application/json" -d "$body" "$where$path"; }; '
)
PULL = ASK + "ask POST '/images/create?fromImage=busybox&tag=latest'"
BODY = '"Image": "busybox", "Cmd": ["sh", "-c", "exit {code}"]'
LABEL, SHUT = '"Labels": {"by": "{token}"}', '"NetworkDisabled": true'
START, WAIT = ASK + "ask POST /containers/{name}/start", ASK + "ask POST /containers/{name}/wait"

TEST = (  # without curl, and the program in two parts
    "body = {'Image': 'busybox:latest', 'Entrypoint': ['sh', '-c'], 'Cmd': ['exit {code}'], 'NetworkDisabled': True,"
    " 'Labels': {'by': '{token}', 'mine': ''}}",
    "answer = engine.api._post_json(engine.api._url('/containers/create'), data=body, params={'name': '{name}'})",
    "engine.api._post(engine.api._url('/containers/{name}/start'))",
    "engine.api._post(engine.api._url('/containers/{name}/wait'))",
)


@look("docker container inspect {name} --format '{{.State.Status}} {{.State.ExitCode}}'")
def end(lab: Lab) -> str:
    state = lab.inspect("container", "{name}")["State"]
    return f"{state['Status']}, exit code {state['ExitCode']}"


def create(*settings: str) -> str:
    body = ", ".join(settings)
    return ASK + f"ask POST '/containers/create?name={{name}}' '{{{body}}}'"


EXERCISE = Exercise(
    id="07.1",
    title="A container by HTTP",
    goal="With HTTP requests, and no docker command: make a container called `{name}` from the image `busybox`. Its "
    "label `by` is `{token}`, its setting `NetworkDisabled` is true (the docker command has no option for that), its "
    "program is `sh -c 'exit {code}'`. Start it, wait for its end, and leave it there.",
    seeds={"name": Name("raw"), "token": Token(), "code": Pick((3, 5, 6, 7, 9))},
    owns=("container:{name}",),
    steps=(
        Step(
            "made",
            State(
                "{name} has the label by={token}",
                looks.container("{name}", '.Config.Labels["by"]'),
                expect.equals("{token}"),
            ),
            State(
                "its NetworkDisabled is true",
                looks.container("{name}", ".Config.NetworkDisabled"),
                expect.true(),
                mistakes=(
                    Mistake(
                        "--network none is something else",
                        "it gives a network of the type none; NetworkDisabled is a field of its own in the body of "
                        "POST /containers/create.",
                        lambda lab, _: lab.inspect("container", "{name}")["HostConfig"]["NetworkMode"] == "none",
                    ),
                ),
            ),
            State("it is made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
            points=2,
        ),
        Step(
            "ran",
            State(
                "its program is sh -c 'exit {code}'",
                program,
                expect.equals("sh -c 'exit {code}'"),
                mistakes=(
                    Mistake(
                        "one text instead of a list",
                        'Cmd is a list of words: ["sh", "-c", "exit {code}"].',
                        lambda lab, _: not lab.inspect("container", "{name}")["Args"],
                    ),
                ),
            ),
            State(
                "{name} was started and ended with {code}",
                end,
                expect.equals("exited, exit code {code}"),
                mistakes=(mistakes.not_started("{name}"),),
            ),
            after="made",
        ),
    ),
    solution=(PULL, create(BODY, LABEL, SHUT), START, WAIT),
    right=(
        Right("from Python, the shell as entry point", (PULL, in_python(*TEST))),
        Right(
            "by the SDK",
            (
                "docker pull -q busybox",
                in_python(
                    "made = engine.containers.create('busybox', ['sh', '-c', 'exit {code}'], name='{name}',",
                    "    labels=dict(by='{token}'), network_disabled=True)",
                    "made.start(); print(made.wait())",
                ),
            ),
        ),
        Right(
            "after an attempt without the label, started twice, by the image's id",
            (
                PULL,
                create(BODY, SHUT),
                START,
                WAIT,
                ASK + "ask DELETE '/containers/{name}?force=1'",
                "id=$(docker image inspect --format '{{.Id}}' busybox); "
                + create(BODY, LABEL, SHUT).replace('"busybox"', """"'$id'\""""),
                *(START, WAIT) * 2,
            ),
        ),
    ),
    wrong=(
        Wrong("no label", (PULL, create(BODY, SHUT), START, WAIT), says="has the label by="),
        Wrong(
            "with the docker command",
            ("docker run --name {name} --label by={token} --network none busybox sh -c 'exit {code}' || true",),
            says="--network none is something else",
        ),
        Wrong("never started", (PULL, create(BODY, LABEL, SHUT)), says="created, not started"),
        Wrong(
            "another program that ends so",
            (PULL, create(BODY.replace("exit", "sleep 0; exit"), LABEL, SHUT), START, WAIT),
            says="its program is",
        ),
        Wrong(
            "another image",
            ("docker pull -q clock", create(BODY.replace("busybox", "clock"), LABEL, SHUT), START, WAIT),
            says="it is made from busybox",
        ),
        Wrong(
            "another image under that name",
            (
                "docker pull -q clock && docker tag clock busybox",
                create(BODY, LABEL, SHUT),
                START,
                WAIT,
                "docker rmi -f busybox",
            ),
            says="it is made from busybox",
        ),
        Wrong(
            "one word",
            (PULL, create('"Image": "busybox", "Cmd": ["sh -c exit"]', LABEL, SHUT), START),
            says="one text instead of a list",
        ),
        Wrong(
            "one that ran is gone, this one was only made",
            (
                PULL,
                create(BODY, LABEL, SHUT),
                START,
                WAIT,
                ASK + "ask DELETE /containers/{name}",
                create(BODY, LABEL, SHUT),
            ),
            says="created, not started",
        ),
    ),
    minutes=8,
)
