"""Lesson 07: a container by HTTP, a stream decoded, a flight recorder read, a context, a push, a digest, a hunt."""

import base64
import hashlib
import json
from typing import Any

from labsupport.errors import CourseError
from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Missing,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    looks,
    mistakes,
)
from labsupport.layers.connection import Connection

MIRROR, VAULT = "127.0.0.1:5000", "127.0.0.1:5001"
LOGIN = f"echo containers | docker login -u learner --password-stdin {VAULT}"
ENDPOINT = (
    '"host=$DOCKER_HOST${DOCKER_CERT_PATH:+,ca=$DOCKER_CERT_PATH/ca.pem,'
    'cert=$DOCKER_CERT_PATH/cert.pem,key=$DOCKER_CERT_PATH/key.pem}"'
)

# --- 07.1

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


def create(*settings: str) -> str:
    body = ", ".join(settings)
    return ASK + f"ask POST '/containers/create?name={{name}}' '{{{body}}}'"


RAW = Exercise(
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
                    mistakes.seen_when(
                        "--network none is something else",
                        "it gives a network of the type none; NetworkDisabled is a field of its own in the body of "
                        "POST /containers/create.",
                        lambda lab, _: lab.inspect("container", "{name}")["HostConfig"]["NetworkMode"] == "none",
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "ran",
            Did(
                "{name} was started and ended with {code}",
                looks.events("container", "die", "{name}", exitCode="{code}"),
                expect.present("the event die with this exit code"),
                mistakes=(
                    mistakes.seen_when(
                        "one text instead of a list",
                        'Cmd is a list of words: ["sh", "-c", "exit {code}"].',
                        lambda lab, _: lab.inspect("container", "{name}")["State"]["ExitCode"] == 127,
                    ),
                    mistakes.not_started("{name}"),
                ),
            ),
            after="made",
        ),
    ),
    solution=(PULL, create(BODY, LABEL, SHUT), START, WAIT),
    wrong=(
        Wrong("no label", (PULL, create(BODY, SHUT), START, WAIT), says="has the label by="),
        Wrong(
            "with the docker command",
            ("docker run --name {name} --label by={token} --network none busybox sh -c 'exit {code}' || true",),
            says="--network none is something else",
        ),
        Wrong("never started", (PULL, create(BODY, LABEL, SHUT)), says="created, not started"),
        Wrong(
            "another program",
            (PULL, create('"Image": "busybox", "Cmd": ["true"]', LABEL, SHUT), START, WAIT),
            says="ended with {code}",
        ),
        Wrong(
            "one word",
            (PULL, create('"Image": "busybox", "Cmd": ["sh -c exit"]', LABEL, SHUT), START),
            says="one text instead of a list",
        ),
    ),
    minutes=8,
)

# --- 07.2


def told(name: str, *, stdout: bool = False, stderr: bool = False) -> Look:
    """How many bytes a container's log holds of the one stream, or of both."""
    return looks.logs(name, stdout=stdout, stderr=stderr).then(lambda text: len(text.encode()))


def as_many(want: Look) -> Any:
    return lambda lab, value: int(value) == want.fetch(lab)


ERRORS = looks.logs("{name}", stdout=False)
TALK = (
    "docker run --name {name} --label course.lab=07.2 busybox sh -c "
    '\'n=0; while [ $n -lt 40 ]; do echo "plate $n"; '
    '[ $((n % {every})) = 0 ] && echo "plate $n is cracked ({token})" >&2; n=$((n+1)); done; true\''
)
FRAMES = Exercise(
    id="07.2",
    title="Frames, by hand",
    goal="The container `{name}` has ended. Its two streams are mixed in one answer to "
    "`GET /containers/{name}/logs?stdout=1&stderr=1`. Decode the frames: how many bytes of text went to standard "
    "error? The headers are no text.",
    seeds={"name": Name("plates"), "token": Token(), "every": Pick((3, 4, 6, 7))},
    scene=Scene(files="files/none", commands=(TALK,)),
    owns=("container:{name}",),
    steps=(
        Step(
            "bytes",
            Answer(
                "bytes on standard error",
                told("{name}", stderr=True),
                mistakes=(
                    mistakes.seen_when(
                        "both streams", "the first byte of a frame's header says which: 2 is standard error.",
                        as_many(told("{name}", stdout=True, stderr=True)),
                    ),
                    mistakes.seen_when(
                        "the other stream", "that is number 1, standard output.", as_many(told("{name}", stdout=True))
                    ),
                    mistakes.seen_when(
                        "frames, not bytes", "add up their lengths: bytes 5 to 8 of each header.",
                        as_many(ERRORS.then(lambda text: text.count("\n"))),
                    ),
                    mistakes.seen_when(
                        "headers counted", "each frame's 8 bytes of header are no text.",
                        as_many(ERRORS.then(lambda text: len(text.encode()) + 8 * text.count("\n"))),
                    ),
                ),
            ),
        ),
    ),
    answers=Output("docker logs {name} 2>&1 >/dev/null | wc -c"),
    wrong=(
        Wrong("both", answers=Output("docker logs {name} 2>&1 | wc -c"), says="both streams"),
        Wrong("standard output", answers=Output("docker logs {name} 2>/dev/null | wc -c"), says="the other stream"),
        Wrong("frames", answers=Output("docker logs {name} 2>&1 >/dev/null | wc -l"), says="frames, not bytes"),
        Wrong(
            "with headers",
            answers=Output("docker logs {name} 2>&1 >/dev/null | wc -lc | awk '{print $2 + 8 * $1}'"),
            says="headers counted",
        ),
    ),
    minutes=6,
)  # fmt: skip

# --- 07.3

RUN = "docker run -d --label course.lab=07.3 --name"
READY = "until docker logs {name} | grep -q ready; do sleep 0.05; done"
EVENTS = "docker events --since 2m --until $(($(date +%s) + 1)) --filter container={name} --filter event="
GONE = Exercise(
    id="07.3",
    title="What happened to it?",
    goal="The container `{name}` ran a minute ago, and it is gone: `docker ps -a` does not list it, there is no log. "
    "Ask the flight recorder. Which signal was it sent (a number), and with which exit code did it end?",
    seeds={
        "name": Name("lost"), "other": Name("witness"), "signal": Pick((1, 10, 12, 15)), "noise": Pick((2, 3, 28)),
        "code": Pick((21, 33, 44, 52)),
    },
    scene=Scene(
        files="files/none",
        commands=(
            RUN + " {other} busybox sleep 3600",
            RUN + " {name} busybox sh -c 'trap \"exit {code}\" {signal}; echo ready; while true; do sleep 0.1; done'",
            READY,
            "docker kill --signal {noise} {other}",
            "docker kill --signal {signal} {name} && docker wait {name} && docker rm {name}",
        ),
    ),
    owns=("container:{name}", "container:{other}"),
    steps=(
        Step(
            "signal",
            Answer(
                "the signal it was sent",
                "{signal}",
                key="signal",
                mistakes=(
                    mistakes.answered("{noise}", "another container's", "{other} got that one, and runs on."),
                    mistakes.answered("9", "guessed", "not every kill is signal 9: the event kill says which."),
                ),
            ),
        ),
        Step(
            "code",
            Answer(
                "its exit code",
                "{code}",
                key="code",
                mistakes=(
                    mistakes.seen_when(
                        "128 + the signal",
                        "that would be a process without a handler; this one ended with a code of its own. "
                        "The event die has it.",
                        lambda lab, value: int(value) == 128 + lab.values["signal"],
                    ),
                    mistakes.answered("137", "guessed", "the event die has its exit code."),
                ),
            ),
        ),
    ),
    answers={
        "signal": Output(EVENTS + "kill --format '{{.Actor.Attributes.signal}}' | tail -n 1"),
        "code": Output(EVENTS + "die --format '{{.Actor.Attributes.exitCode}}' | tail -n 1"),
    },
    wrong=(
        Wrong("guessed", answers={"signal": 9, "code": 137}, says="not every kill is signal 9"),
        Wrong("the witness's signal", answers={"signal": "{noise}", "code": "{code}"}, says="another container's"),
        Wrong(
            "reckoned",
            answers={"signal": "{signal}", "code": Output("echo $((128 + {signal}))")},
            says="128 + the signal",
        ),
    ),
    minutes=6,
)  # fmt: skip

# --- contexts


def read(lab: Lab, path: str) -> Any:
    """A JSON file of the client configuration `client` in the working folder."""
    try:
        return json.loads(lab.inside(f"client/{path}").read_text("utf-8"))
    except FileNotFoundError:
        raise Missing(f"there is no client/{path}") from None
    except ValueError:
        raise Missing(f"client/{path} is not JSON") from None


def engine_of(lab: Lab, context: str) -> str:
    """Where a context of that client leads: `this engine`, `another engine`, `nowhere: ADDRESS`."""
    folder = hashlib.sha256(context.encode()).hexdigest()
    try:
        host = read(lab, f"contexts/meta/{folder}/meta.json")["Endpoints"]["docker"]["Host"]
    except Missing:
        raise Missing(f"that client has no context called {context}") from None
    keys = lab.folder / "client" / "contexts" / "tls" / folder / "docker"
    try:
        found = Connection(host, certificates=str(keys) if keys.is_dir() else None, timeout=5).get("/info")
    except CourseError:
        return f"nowhere: {host}"
    return "this engine" if found["ID"] == lab.client.info()["ID"] else "another engine"


@look("docker --config client context inspect {name}")
def leads_to(lab: Lab) -> str:
    return engine_of(lab, lab.fill("{name}"))


@look("docker --config client context show")
def current(lab: Lab) -> str:
    return str(read(lab, "config.json").get("currentContext") or "default")


MAKE = f'docker --config client context create "{{name}}" --docker {ENDPOINT}'
USE = 'docker --config client context use "{name}"'

CONTEXT = Exercise(
    id="07.4",
    title="A client that knows the way",
    goal="`docker --config DIR` takes its settings from another folder. In your working folder, give a client with the "
    "settings `client` a way to this engine: a context called `{name}` that leads to the sandbox, and make it this "
    "client's current one. Then `docker --config client version` reaches the engine in a shell without DOCKER_HOST.",
    seeds={"name": Name("to")},
    steps=(
        Step(
            "context",
            Probe(
                "the context {name} leads to the sandbox",
                leads_to,
                expect.equals("this engine"),
                mistakes=(
                    mistakes.seen_when(
                        "nobody listens there",
                        "a context is an address; making it asks nobody whether it is right. Compare $DOCKER_HOST.",
                        lambda lab, value: str(value).startswith("nowhere"),
                    ),
                ),
            ),
        ),
        Step(
            "current",
            State(
                "it is the client's current context",
                current,
                expect.equals("{name}"),
                mistakes=(
                    mistakes.seen_when(
                        "made, not chosen",
                        "`docker context create` makes it, `docker context use` chooses it (with the same --config).",
                        lambda lab, value: True,
                    ),
                ),
            ),
            after="context",
        ),
    ),
    solution=(MAKE, USE),
    wrong=(
        Wrong(
            "an address nobody listens at",
            ('docker --config client context create "{name}" --docker host=unix:///nowhere.sock', USE),
            says="nobody listens there",
        ),
        Wrong("made, not chosen", (MAKE, "echo '{}' > client/config.json"), says="made, not chosen"),
        Wrong("another name", (MAKE.replace("{name}", "course"),), says="has no context called {name}"),
        Wrong("no context", ("docker --config client version",), says="has no context called {name}"),
    ),
    minutes=6,
)

# --- the registry


def in_registry(lab: Lab, reference: str, image: str) -> str:
    """Whether a tag of the registry (asked by the engine, at the door without log-in) is the engine's own image."""
    from docker.errors import APIError

    digests = lab.inspect("image", image).get("RepoDigests") or []
    try:
        found = lab.client.api.inspect_distribution(lab.fill(f"{MIRROR}/{reference}"))["Descriptor"]["digest"]
    except APIError:
        found = ""
    return "this image" if any(digest.endswith(f"@{found}") for digest in digests if found) else "not this image"


@look(f"docker pull {VAULT}/{{team}}/{{dish}}:{{tag}}")
def published(lab: Lab) -> str:
    return in_registry(lab, "{team}/{dish}:{tag}", "{dish}")


NAME = f"{VAULT}/{{team}}/{{dish}}:{{tag}}"
FRESH = "printf 'FROM busybox\\n' | docker build -q -t {dish} --label course.lab={id} --label made=$(date +%s%N) -"

PUSH = Exercise(
    id="07.5",
    title="Publish it",
    goal=f"The image `{{dish}}` has been built for you. Publish it in the registry {VAULT}, which asks for a log-in "
    f"(user `learner`, password `containers`), under the name `{NAME}`.",
    seeds={"dish": Name("dish"), "team": Name("team"), "tag": Token(5)},
    scene=Scene(files="files/none", commands=(FRESH,)),
    owns=(
        "image:{dish}",
        f"image:{NAME}",
        f"image:{MIRROR}/{{team}}/{{dish}}:{{tag}}",
        f"image:{VAULT}/{{dish}}:{{tag}}",
    ),
    steps=(
        Step(
            "there",
            Probe("{team}/{dish}:{tag} in the registry is your image", published, expect.equals("this image")),
            points=2,
        ),
        Step(
            "door",
            Did(
                f"it was pushed to {VAULT}",
                looks.events("image", "push").then(lambda found: [each for each in found if VAULT in each]),
                expect.present("a push"),
                mistakes=(
                    mistakes.seen_when(
                        "the other door",
                        f"{MIRROR} leads to the same store and asks nobody; this image was to go in by {VAULT}.",
                        lambda lab, value: bool(looks.events("image", "push").fetch(lab)),
                    ),
                ),
            ),
            after="there",
        ),
    ),
    solution=(LOGIN, f"docker tag {{dish}} {NAME}", f"docker push {NAME}"),
    wrong=(
        Wrong(
            "without a log-in",
            (f"docker logout {VAULT}", f"docker tag {{dish}} {NAME}", f"docker push {NAME}"),
            says="in the registry is your image",
        ),
        Wrong(
            "without the team",
            (LOGIN, f"docker tag {{dish}} {VAULT}/{{dish}}:{{tag}}", f"docker push {VAULT}/{{dish}}:{{tag}}"),
            says="in the registry is your image",
        ),
        Wrong(
            "another image",
            (LOGIN, f"docker tag busybox {NAME}", f"docker push {NAME}"),
            says="not this image",
        ),
        Wrong(
            "by the other door",
            (
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}}",
                f"docker push {MIRROR}/{{team}}/{{dish}}:{{tag}}",
            ),
            says="the other door",
        ),
    ),
    minutes=6,
)

# --- 07.6

STABLE = f"{MIRROR}/{{team}}/{{dish}}:stable"


def release(label: str) -> str:
    return f"printf 'FROM busybox\\n' | docker build -q -t {STABLE} --label course.lab={{id}} --label release={label} -"


@look("docker image inspect $(docker inspect --format '{{.Image}}' {name})")
def made_from(lab: Lab) -> str:
    image = lab.inspect("container", "{name}")["Image"]
    return str((lab.inspect("image", image)["Config"].get("Labels") or {}).get("release", "no release at all"))


OLD = f'docker run -d --name {{name}} "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)" sleep 3600'

DIGEST = Exercise(
    id="07.6",
    title="Back to yesterday",
    goal=f"Yesterday `{STABLE}` was put into service, and worked. Somebody kept its digest, in `deployed.txt` in your "
    "working folder. Since then the tag has been moved to another image, which does not work. Leave a container "
    "`{name}` running `sleep 3600` from yesterday's image.",
    seeds={"name": Name("service"), "dish": Name("dish"), "team": Name("team"), "token": Token(), "fresh": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            release("{token}") + f" && docker push -q {STABLE}",
            f"docker image inspect --format '{{{{index .RepoDigests 0}}}}' {STABLE} | cut -d@ -f2 > deployed.txt",
            f"docker rmi {STABLE}",
            release("{fresh}") + f" && docker push -q {STABLE}",
        ),
    ),
    owns=("container:{name}", f"image:{STABLE}"),
    steps=(
        Step(
            "image",
            State(
                "{name} is made from yesterday's image",
                made_from,
                expect.equals("{token}"),
                mistakes=(
                    mistakes.answered(
                        "{fresh}",
                        "today's image",
                        "a tag is a name that can be moved. A digest belongs to one content: NAME@sha256:...",
                    ),
                ),
            ),
        ),
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            after="image",
        ),
    ),
    solution=(OLD,),
    wrong=(
        Wrong("by the tag", (f"docker run -d --name {{name}} {STABLE} sleep 3600",), says="today's image"),
        Wrong(
            "pulled the tag again",
            (f"docker pull -q {STABLE}", f"docker run -d --name {{name}} {STABLE} sleep 3600"),
            says="today's image",
        ),
        Wrong("not running", (OLD, "docker stop -t 0 {name}"), says="the main process ended"),
        Wrong(
            "a label on the container",
            ("docker run -d --name {name} --label release={token} busybox sleep 3600",),
            says="no release at all",
        ),
    ),
    minutes=6,
)

# --- 07.7

NIGHTLY = f"{VAULT}/{{team}}/{{dish}}:nightly"


@look("docker --config client context inspect")
def current_leads_to(lab: Lab) -> str:
    return engine_of(lab, current.fetch(lab))


@look("cat client/config.json")
def credentials(lab: Lab) -> str:
    """Whether the registry accepts what that client keeps for the name it is asked for."""
    from docker.errors import APIError

    entry = (read(lab, "config.json").get("auths") or {}).get(VAULT)
    if not entry:
        return f"none for {VAULT}"
    user, _, password = base64.b64decode(entry.get("auth", "")).decode(errors="replace").partition(":")
    try:
        lab.client.api.inspect_distribution(
            f"{VAULT}/library/busybox:latest", auth_config={"username": user, "password": password}
        )
    except APIError:
        return "refused"
    return "accepted"


@look(f"docker pull {NIGHTLY}")
def nightly(lab: Lab) -> str:
    return in_registry(lab, "{team}/{dish}:nightly", "{dish}")


UPDATE = f"docker --config client context update office --docker {ENDPOINT}"
LOGIN_THERE = LOGIN.replace("docker", "docker --config client")

HUNT = Exercise(
    id="07.7",
    title="The nightly job that publishes nothing",
    goal="Symptom: `sh publish.sh` in your working folder says `Cannot connect to the Docker daemon`. It runs in a "
    "shell without DOCKER_HOST and uses the client settings in the folder `client`, nobody else's. There are two "
    "faults, one behind the other.\n"
    f"Repair the settings, not the script, and run it: `{NIGHTLY}` in the registry is the image `{{dish}}` of this "
    "engine. (User `learner`, password `containers`.)",
    seeds={"dish": Name("dish"), "team": Name("team")},
    scene=Scene(
        files="files/hunt",
        commands=(
            FRESH,
            "sed -i 's/TEAM/{team}/g; s/DISH/{dish}/g' publish.sh",
            # settings that name a registry, any: else a credential helper of the machine is used, unasked
            """mkdir -p client && echo '{"auths": {"registry.invalid": {}}}' > client/config.json""",
            "docker --config client context create office --docker host=unix:///run/office.sock",
            "echo containers | docker --config client login -u learner --password-stdin localhost:5001",
            "docker --config client context use office",
        ),
    ),
    owns=("image:{dish}", f"image:{NIGHTLY}", "image:localhost:5001/{team}/{dish}:nightly"),
    steps=(
        Step(
            "engine",
            Probe(
                "that client's current context leads to this engine",
                current_leads_to,
                expect.equals("this engine"),
                mistakes=(
                    mistakes.seen_when(
                        "nobody listens there",
                        "`docker --config client context inspect` shows the address; `context update` changes it.",
                        lambda lab, value: str(value).startswith("nowhere"),
                    ),
                ),
            ),
        ),
        Step(
            "credentials",
            Probe(
                f"it has credentials for {VAULT}",
                credentials,
                expect.equals("accepted"),
                mistakes=(
                    mistakes.seen_when(
                        "kept under another name",
                        "credentials are looked up by the registry's name as written in the image's name. localhost "
                        "and 127.0.0.1 are one place and two names.",
                        lambda lab, value: "localhost:5001" in read(lab, "config.json").get("auths", {}),
                    ),
                ),
            ),
            after="engine",
        ),
        Step(
            "published",
            Probe("{team}/{dish}:nightly in the registry is your image", nightly, expect.equals("this image")),
            points=2,
            after=("engine", "credentials"),
        ),
    ),
    solution=(UPDATE, LOGIN_THERE, "sh publish.sh"),
    wrong=(
        Wrong("let the script see DOCKER_HOST", ("sed -i /unset/d publish.sh", "sh publish.sh"),
              says="nobody listens there"),
        Wrong("the context only", (UPDATE, "sh publish.sh"), says="kept under another name"),
        Wrong(
            "changed the name in the script",
            (UPDATE, "sed -i s/127.0.0.1/localhost/g publish.sh", "sh publish.sh"),
            says="kept under another name",
        ),
        Wrong("logged in with the other client", (UPDATE, LOGIN, "sh publish.sh"), says="kept under another name"),
        Wrong("never ran it", (UPDATE, LOGIN_THERE), says="not this image"),
    ),
    minutes=10,
)  # fmt: skip

EXERCISES = (RAW, FRAMES, GONE, CONTEXT, PUSH, DIGEST, HUNT)

PREDICTIONS = (
    Prediction(
        "07.p1",
        "Nobody listens at the address in DOCKER_HOST. Which of `docker --version`, `docker help`, `docker context ls` "
        "and `docker ps` still work?",
        ("None of them", "Only `docker --version`", "All but `docker ps`", "All four"),
        "c",
        "Only a command that needs something the engine has must reach it. The rest is in the client's own files.",
    ),
    Prediction(
        "07.p2",
        "The container runs. You send the same start request again. What does the engine answer?",
        ("204 as before", "304, not modified", "409, conflict", "201, and a second container runs"),
        "b",
        "Started is what it should be, and what it is. HTTP has a number for that: nothing was changed.",
    ),
    Prediction(
        "07.p3",
        "The image is there. How many requests will `docker run --rm busybox echo hello` send?",
        ("1", "2", "5", "More than 20"),
        "c",
        "A ping, then create, attach, wait and start. Each step of the command is a request of its own.",
    ),
    Prediction(
        "07.p4",
        "`docker run -d busybox sleep 3600` has returned. Which process is the parent of the `sleep`?",
        ("docker", "dockerd", "containerd", "containerd-shim", "runc"),
        "d",
        "docker and runc have ended. The shim stays with its container, and neither daemon is above it.",
    ),
    Prediction(
        "07.p5",
        "After `docker login`, how is your password kept in the client's config.json?",
        ("Not at all", "As a hash", "Encrypted", "Readable by anyone who can read the file"),
        "d",
        "base64 is a way to write bytes in letters. It hides nothing. A credential helper is the remedy.",
    ),
    Prediction(
        "07.p6",
        "The tag `today` now names the new image. What does the registry give for the old image's digest?",
        ("404, it was replaced", "The old image", "The new image"),
        "b",
        "A push of a tag writes a new manifest and moves the name. The old manifest stays, until somebody deletes it.",
    ),
)

QUIZZES = (
    Quiz(
        "07.q1",
        "`docker pull` fails: the registry's name cannot be resolved. On which machine do you look for the fault?",
        (
            Choice("Where the docker command runs", "The client only passes the name on."),
            Choice("Where dockerd runs", "The daemon fetches: its network, its name service, its proxy.", right=True),
            Choice("Where the container will run", "There is no container in a pull."),
        ),
    ),
    Quiz(
        "07.q2",
        "Which of these does `docker context use` change?",
        (
            Choice("The engine's settings", "The engine is never asked."),
            Choice("A file of the client", "`currentContext` in config.json.", right=True),
            Choice("The address, even if DOCKER_HOST is set", "DOCKER_HOST wins, and the client warns."),
        ),
    ),
    Quiz(
        "07.q3",
        "What are true statements about digests and tags?",
        (
            Choice("A manifest's digest is the SHA-256 of its bytes", "You computed it.", right=True),
            Choice("A registry refuses to move a tag", "Some can be told to. By default a push moves it."),
            Choice("Who pulls by digest can check what was sent", "Hash the answer, compare.", right=True),
            Choice("Two tags can have the same digest", "Two names for one manifest.", right=True),
        ),
    ),
    Quiz(
        "07.q4",
        "A container of yours runs. Which of these processes could you look for in vain?",
        (
            Choice("runc", "It ended when it had started the container.", right=True),
            Choice("containerd-shim", "One stays per container, as its parent."),
            Choice("dockerd", "It serves the next request, and keeps the log."),
            Choice("docker", "With -d the client ended at once.", right=True),
        ),
    ),
)
