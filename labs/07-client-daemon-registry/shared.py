"""Lesson 07: a container by HTTP, a stream decoded, a flight recorder read, a context, a push, a digest, a hunt."""

import base64
import hashlib
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from labsupport.errors import CourseError, HubError
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
    Right,
    Scene,
    State,
    Step,
    Token,
    Unreachable,
    Wrong,
    expect,
    identity,
    look,
    looks,
    mistakes,
)
from labsupport.exercises.expect import quantity
from labsupport.hub.registry import Registry
from labsupport.layers.connection import Connection

MIRROR, VAULT = "127.0.0.1:5000", "127.0.0.1:5001"
VAULTS = {VAULT, "localhost:5001"}  # two names of one door
LOGIN = f"echo containers | docker login -u learner --password-stdin {VAULT}"
ENDPOINT = (
    '"host=$DOCKER_HOST${DOCKER_CERT_PATH:+,ca=$DOCKER_CERT_PATH/ca.pem,'
    'cert=$DOCKER_CERT_PATH/cert.pem,key=$DOCKER_CERT_PATH/key.pem}"'
)

PYTHON = shlex.quote(sys.executable)  # with the Docker SDK, wherever the proofs run


def in_python(*lines: str) -> str:
    """A shell command that runs these lines, with the Docker SDK's client in `engine`."""
    return f"{PYTHON} - <<'END'\n" + "\n".join(("import docker, os", "engine = docker.from_env()", *lines)) + "\nEND"


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

TEST = (  # without curl, and the program in two parts
    "body = {'Image': 'busybox:latest', 'Entrypoint': ['sh', '-c'], 'Cmd': ['exit {code}'], 'NetworkDisabled': True,"
    " 'Labels': {'by': '{token}', 'mine': ''}}",
    "answer = engine.api._post_json(engine.api._url('/containers/create'), data=body, params={'name': '{name}'})",
    "engine.api._post(engine.api._url('/containers/{name}/start'))",
    "engine.api._post(engine.api._url('/containers/{name}/wait'))",
)


@look("docker container inspect {name} --format '{{json .Path}} {{json .Args}}'")
def program(lab: Lab) -> str:
    """What the container's first process is, as one would type it; a shell's whole command is in quotes."""
    found = lab.inspect("container", "{name}")
    words = [str(found["Path"]), *map(str, found["Args"])]
    words[0] = words[0].removeprefix("/bin/")
    return shlex.join([" ".join(word.split()) for word in words])


@look("docker container inspect {name} --format '{{.State.Status}} {{.State.ExitCode}}'")
def end(lab: Lab) -> str:
    state = lab.inspect("container", "{name}")["State"]
    return f"{state['Status']}, exit code {state['ExitCode']}"


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
                    mistakes.seen_when(
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

# --- 07.2


@look("docker logs {name}")
def errors(lab: Lab) -> int:
    """Bytes on standard error: of the one run that the scene has made, or of all if the learner ran it again.

    The first is reckoned, since the container may be gone when its bytes have been counted.
    """
    once = sum(
        len(f"plate {number} is cracked ({lab.values['token']})\n") for number in range(0, PLATES, lab.values["every"])
    )
    try:
        whole = told("{name}", stderr=True).of_scene("container", "{name}").fetch(lab)
        return int(whole) if quantity(lab.answers["answer"], "bytes")[0] == whole else once
    except (Missing, ValueError, KeyError):
        return once


def told(name: str, *, stdout: bool = False, stderr: bool = False) -> Look:
    """How many bytes a container's log holds of the one stream, or of both."""
    return looks.logs(name, stdout=stdout, stderr=stderr).then(lambda text: len(text.encode()))


def as_many(want: Look) -> Any:
    return lambda lab, value: quantity(value, "bytes")[0] == want.fetch(lab)


PLATES = 40
ERRORS = looks.logs("{name}", stdout=False)
TALK = (
    "docker run --name {name} --label course.lab=07.2 busybox sh -c "
    '\'n=0; while [ $n -lt PLATES ]; do echo "plate $n"; '
    '[ $((n % {every})) = 0 ] && echo "plate $n is cracked ({token})" >&2; n=$((n+1)); done; true\''
).replace("PLATES", str(PLATES))
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
                errors,
                unit="bytes",
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
    right=(
        Right("with its unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c) bytes")),
        Right("with a short unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c)B")),
        Right("by the SDK", answers=Output(in_python("print(len(engine.api.logs('{name}', stdout=False)))"))),
        Right(
            "decoded by od, and the container run again",
            ("docker start -a {name} >/dev/null 2>&1",),
            answers=Output("docker logs {name} 2>&1 >/dev/null | od -An -v -tx1 | wc -w"),
        ),
        Right(
            "counted, then run again",
            ("docker logs {name} 2>&1 >/dev/null | wc -c >count", "docker start -a {name} >/dev/null 2>&1"),
            answers=Output("cat count"),
        ),
        Right(
            "counted, then removed",
            ("docker logs {name} 2>&1 >/dev/null | wc -c >count", "docker rm {name}"),
            answers=Output("cat count"),
        ),
    ),
    wrong=(
        Wrong("both", answers=Output("docker logs {name} 2>&1 | wc -c"), says="both streams"),
        Wrong("standard output", answers=Output("docker logs {name} 2>/dev/null | wc -c"), says="the other stream"),
        Wrong("frames", answers=Output("docker logs {name} 2>&1 >/dev/null | wc -l"), says="frames, not bytes"),
        Wrong(
            "with headers",
            answers=Output("docker logs {name} 2>&1 >/dev/null | wc -lc | awk '{print $2 + 8 * $1}'"),
            says="headers counted",
        ),
        Wrong(
            "another container of the name, that wrote nothing",
            ("docker rm {name}", "docker run --name {name} busybox true"),
            answers=0,
            says="bytes on standard error",
        ),
        Wrong(
            "another unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c) kB"),
            says="bytes on standard error",
        ),
    ),
    minutes=6,
)  # fmt: skip

# --- 07.3

RUN = "docker run -d --label course.lab=07.3 --name"
SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "WINCH": 28}


def seeded(key: str) -> Look:
    """A planted number (an Answer compares numbers as such: 15, "15", 15.0)."""
    return Look(lambda lab: lab.values[key], "docker events")


class Signal(Answer):
    """A signal by its number; its name (`TERM`, `SIGTERM`) is as good."""

    def same(self, given: Any, want: Any) -> bool:
        name = str(given).strip().upper().removeprefix("SIG")
        return super().same(SIGNALS.get(name, given), want)


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
            Signal(
                "the signal it was sent",
                seeded("signal"),
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
                seeded("code"),
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
    right=(
        Right(
            "over HTTP, everything of the container",
            answers={
                key: Output(
                    in_python(
                        "import time; seen = engine.events(since=1, until=int(time.time()) + 1, decode=True)",
                        "found = [e['Actor']['Attributes'] for e in seen if e['Type'] == 'container']",
                        f"print([a['{name}'] for a in found if a['name'] == '{{name}}' and '{name}' in a][-1], '')",
                    )
                )
                for key, name in (("signal", "signal"), ("code", "exitCode"))
            },
        ),
        Right(
            "the name taken by another in the meantime",
            (
                "docker run -d --name {name} busybox sleep 60",
                "docker kill {name}; docker kill {other}",
                "docker rm {name}",
            ),
            answers={"signal": " {signal} ", "code": "{code}.0"},
        ),
        Right(
            "the signal's name",
            answers={
                "signal": Output("kill -l {signal}"),  # TERM
                "code": "{code}",
            },
        ),
    ),
    wrong=(
        Wrong("guessed", answers={"signal": 9, "code": 137}, says="not every kill is signal 9"),
        Wrong("both in each", answers={"signal": ["{signal}"], "code": "{signal} {code}"}, says="a number such as 3"),
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


def read(lab: Lab, path: str) -> dict[str, Any]:
    """A JSON file of the client configuration `client` in the working folder."""
    try:
        found = json.loads(lab.inside(f"client/{path}").read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise Missing(f"there is no client/{path}") from None
    except (ValueError, RecursionError):
        raise Missing(f"client/{path} is not JSON") from None
    except OSError as error:
        raise Missing(f"client/{path} can't be read: {error.strerror}") from None
    if not isinstance(found, dict):
        raise Missing(f"client/{path} is JSON, but no object in braces")
    return found


def engine_of(lab: Lab, context: str) -> str:
    """Where a context of that client leads: `this engine`, `another engine`, `nowhere: ADDRESS`."""
    folder = hashlib.sha256(context.encode()).hexdigest()
    try:
        host = looks.follow(read(lab, f"contexts/meta/{folder}/meta.json"), ".Endpoints.docker.Host")
    except Missing:
        raise Missing(f"that client has no context called {context}") from None
    if not isinstance(host, str) or not host:
        raise Missing(f"that client's context {context} has no address")
    keys = lab.inside(f"client/contexts/tls/{folder}/docker")
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
NOWHERE = MAKE.replace(ENDPOINT, "host=unix:///nowhere.sock")

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
    right=(
        Right("to nowhere first, then updated", (NOWHERE, USE, MAKE.replace("create", "update"))),
        Right(
            "chosen first, in another variable, others around",
            (
                "export DOCKER_CONFIG=$PWD/client; " + MAKE.replace("--config client ", "").replace("{name}", "other"),
                MAKE.replace(ENDPOINT, "from=default").replace("--config client", "--config $PWD/client/"),
                "cd client && docker --config . context use {name}",
            ),
        ),
        Right(
            "carried over from a client that has it, config.json by hand",
            (
                MAKE.replace("--config client", "--config elsewhere"),
                "docker --config elsewhere context export {name} - >way.tar",
                "docker --config client context import {name} way.tar",
                """echo '{"auths": {}, "currentContext": "{name}"}' >client/config.json""",
            ),
        ),
    ),
    wrong=(
        Wrong("no context", ("docker --config client version",), says="has no context called {name}"),
        Wrong(
            "an address nobody listens at",
            (NOWHERE, USE),
            says="nobody listens there",
        ),
        Wrong("made, not chosen", (MAKE, "echo '{}' > client/config.json"), says="made, not chosen"),
        Wrong("another name", (MAKE.replace("{name}", "course"),), says="has no context called {name}"),
        Wrong(
            "a file that is no settings",
            (MAKE, "rm -rf client/contexts && mkdir -p client/contexts/meta", "echo '[]' >client/config.json"),
            says="has no context called {name}",
        ),
        Wrong(
            "the other one chosen",
            (MAKE, MAKE.replace("{name}", "other"), USE.replace("{name}", "other")),
            says="made, not chosen",
        ),
        Wrong(
            "by the learner's own client",
            (
                MAKE.replace("--config client ", ""),
                USE.replace("--config client ", ""),
                "docker context use default; docker context rm -f {name}",
            ),
            says="has no context called {name}",
        ),
    ),
    minutes=6,
)

# --- the registry


def in_store(lab: Lab, reference: str) -> tuple[set[str], list[dict[str, Any]]]:
    """What the registry has as REPOSITORY:TAG or REPOSITORY@DIGEST: every digest that an engine may have for its id,
    and the image's settings, one for each platform. Both doors lead to this store. Raises Missing.
    """
    reference = lab.fill(reference)
    repository, _, name = reference.partition("@" if "@" in reference else ":")
    try:
        with Registry(str(lab.sandbox().registry_url)) as store:
            top = store.manifest_digest(repository, name)
            if top is None:
                raise Missing(f"the registry has no {reference}")
            ids, configs, waiting = {top}, [], [top]
            while waiting:
                document = json.loads(store.manifest_bytes(repository, waiting.pop()))
                # an index lists manifests, and notes on how they were made, for a platform called unknown
                known = [
                    each["digest"]
                    for each in document.get("manifests", ())
                    if (each.get("platform") or {}).get("os") != "unknown"
                ]
                ids.update(known)
                waiting += known
                if "config" in document:
                    ids.add(document["config"]["digest"])
                    configs.append(json.loads(b"".join(store.read_blob(repository, document["config"]["digest"]))))
    except HubError as error:
        raise Unreachable(f"the registry does not answer: {error}") from error
    return ids, configs


def in_registry(lab: Lab, reference: str, image: str) -> str:
    """Whether the registry has, as REPOSITORY:TAG, the image that the scene made: `this image` or `another image`."""
    ids, configs = in_store(lab, reference)
    made = lab.identity("image", image)
    if made in ids:
        return "this image"
    try:
        found = lab.inspect("image", made or image)
    except Missing:
        return "another image"
    # pushed for one platform of several: what is in it, and what only this one was given when it was built
    mine = found["RootFS"]["Layers"], found["Config"].get("Labels")
    same = any((each["rootfs"]["diff_ids"], each["config"].get("Labels")) == mine for each in configs)
    return "this image" if same else "another image"


def doors(lab: Lab, reference: str) -> list[str]:
    """The registries, by the names used, to which the image that the store has as REPOSITORY:TAG was pushed so."""
    reference = lab.fill(reference)
    repository = reference.partition(":")[0]
    made = {(each["config"].get("Labels") or {}).get("made") for each in in_store(lab, reference)[1]}
    found = set()
    for event in lab.events(lab.since):
        actor = event.get("Actor") or {}
        door, _, pushed = str(actor.get("ID")).partition("/")
        if (event.get("Type"), event.get("Action")) != ("image", "push"):
            continue
        # a push of all tags has one event, without tag and without labels
        if pushed == repository or (pushed == reference and actor["Attributes"].get("made") in made):
            found.add(door)
    return sorted(found)


@look(f"docker pull {VAULT}/{{team}}/{{dish}}:{{tag}}")
def published(lab: Lab) -> str:
    return in_registry(lab, "{team}/{dish}:{tag}", "{dish}")


@look("docker events --since 1h --until 0s --filter event=push")
def published_by(lab: Lab) -> list[str]:
    return doors(lab, "{team}/{dish}:{tag}")


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
                published_by,
                expect.satisfies(VAULT, lambda found: bool(VAULTS & set(found))),
                mistakes=(
                    mistakes.seen_when(
                        "the other door",
                        f"{MIRROR} leads to the same store and asks nobody; this image was to go in by {VAULT}.",
                        lambda lab, value: any(each.endswith(":5000") for each in value),
                    ),
                ),
            ),
            after="there",
        ),
    ),
    solution=(LOGIN, f"docker tag {{dish}} {NAME}", f"docker push {NAME}"),
    right=(
        Right(
            "by the SDK, by id, no name left here",
            (
                in_python(
                    "account = dict(username='learner', password='containers')",
                    f"image, repository = engine.images.get('{{dish}}').id, '{VAULT}/{{team}}/{{dish}}'",
                    "engine.api.tag(image, repository, '{tag}')",
                    "print(engine.images.push(repository, '{tag}', auth_config=account))",
                ),
                f"docker rmi {NAME} {{dish}}",
            ),
        ),
        Right(
            "all its tags, one of them elsewhere before",
            (
                LOGIN,
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}} && "
                f"docker push -q {MIRROR}/{{team}}/{{dish}}:{{tag}}",
                f"docker tag {{dish}} {NAME} && docker push -q -a {VAULT}/{{team}}/{{dish}}",
            ),
        ),
        Right(
            "another image there first, and another one of its name here afterwards",
            (
                LOGIN,
                f"docker pull -q busybox && docker tag busybox {NAME} && docker push -q {NAME}",
                f"docker tag {{dish}} {NAME} && docker push -q {NAME}",
                "docker tag busybox {dish}",
            ),
        ),
    ),
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
            says="another image",
        ),
        Wrong(
            "another image under both names",
            (LOGIN, f"docker tag busybox {NAME} && docker tag busybox {{dish}}", f"docker push {NAME}"),
            says="another image",
        ),
        Wrong(
            "another image by this door, this one by the other",
            (
                LOGIN,
                f"docker pull -q busybox && docker tag busybox {NAME} && docker push -q {NAME}",
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:{{tag}} && "
                f"docker push -q {MIRROR}/{{team}}/{{dish}}:{{tag}}",
            ),
            says="the other door",
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
    """The release that the container's image is: it says so, and is what the registry has by the digest kept."""
    image = lab.inspect("container", "{name}")["Image"]
    release = str((lab.inspect("image", image)["Config"].get("Labels") or {}).get("release", "no release at all"))
    if release == lab.values["token"]:
        try:
            kept = lab.inside("deployed.txt").read_text("utf-8", errors="replace").strip()
            ids, configs = in_store(lab, f"{{team}}/{{dish}}@{kept}")
        except (Missing, OSError, Unreachable):
            return release  # the note is another by now: its label has to do
        if any((each["config"].get("Labels") or {}).get("release") == release for each in configs) and image not in ids:
            return "an image that says so and is none of the registry's"
    return release


@look("docker container inspect {name} --format '{{json .Path}} {{json .Args}}'")
def service(lab: Lab) -> str:
    """The container's program; through a shell is as good."""
    words = shlex.split(program.fetch(lab))
    if words[:2] == ["sh", "-c"] and len(words) == 3:
        words = words[2].removeprefix("exec ").split()
    return " ".join(words)


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
            State("its program is sleep 3600", service, expect.equals("sleep 3600")),
            after="image",
        ),
    ),
    solution=(OLD,),
    right=(
        Right(
            "pulled by the other door, made by id, then started",
            (
                LOGIN,
                f'docker pull -q "{VAULT}/{{team}}/{{dish}}@$(cat deployed.txt)"',
                f"docker create --name {{name}} --entrypoint sleep $(docker image inspect --format '{{{{.Id}}}}' "
                f'"{VAULT}/{{team}}/{{dish}}@$(cat deployed.txt)") 3600',
                "docker start {name}",
            ),
        ),
        Right(
            "after the wrong image; the tag moved back",
            (
                f"docker run -d --name {{name}} {STABLE} sleep 3600; docker rm -f {{name}}",
                f'docker pull -q "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)"',
                f'docker tag "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)" {STABLE} && docker push -q {STABLE}',
                f"docker run -d --name {{name}} {STABLE} sh -c 'exec sleep 3600'",
                "rm deployed.txt",
            ),
        ),
        Right(
            "by the SDK",
            (
                in_python(
                    f"image = '{MIRROR}/{{team}}/{{dish}}@' + open('deployed.txt').read().strip()",
                    "engine.containers.run(image, ['/bin/sleep', '3600'], name='{name}', detach=True, init=True)",
                ),
            ),
        ),
    ),
    wrong=(
        Wrong("by the tag", (f"docker run -d --name {{name}} {STABLE} sleep 3600",), says="today's image"),
        Wrong(
            "pulled the tag again",
            (f"docker pull -q {STABLE}", f"docker run -d --name {{name}} {STABLE} sleep 3600"),
            says="today's image",
        ),
        Wrong("not running", (OLD, "docker kill {name}"), says="the main process ended"),
        Wrong("only made", (OLD.replace("run -d", "create"),), says="created, not started"),
        Wrong("another program", (OLD.replace("3600", "9"),), says="its program is sleep 3600"),
        Wrong(
            "another program that names it",
            (OLD.replace("sleep 3600", "sh -c 'sleep 60; sleep 3600'"),),
            says="its program is sleep 3600",
        ),
        Wrong(
            "an image of the learner's own that says so",
            (
                "printf 'FROM busybox\\n' | docker build -q -t {dish}-own --label course.lab={id} "
                "--label release={token} --label own= -",
                "docker run -d --name {name} {dish}-own sleep 3600",
                "docker rmi -f {dish}-own",
            ),
            says="none of the registry's",
        ),
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


@look("env -u DOCKER_HOST docker --config client version")
def reaches(lab: Lab) -> str:
    """Whether that client gets to this engine: no address, since that would tell where to look."""
    found = engine_of(lab, current.fetch(lab))
    return "no engine answers" if found.startswith("nowhere") else found


def account(entry: Any) -> dict[str, str]:
    """User and password of an entry below `auths`, as docker reads them; nothing when there are none."""
    if not isinstance(entry, dict):
        return {}
    user, password = str(entry.get("username", "")), str(entry.get("password", ""))
    if entry.get("auth"):
        try:
            user, _, password = base64.b64decode(str(entry["auth"])).decode(errors="replace").partition(":")
        except ValueError:
            return {}
    return {"username": user, "password": password} if user else {}


def auths(lab: Lab) -> dict[str, Any]:
    found = read(lab, "config.json").get("auths")
    return found if isinstance(found, dict) else {}


@look("cat client/config.json")
def credentials(lab: Lab) -> str:
    """Whether the registry accepts what that client keeps for the name it is asked for."""
    from docker.errors import APIError

    kept = auths(lab)
    entry = kept.get(VAULT)
    if entry is None:  # docker reads http://NAME and https://NAME/v1/ as NAME
        entry = next((kept[key] for key in kept if key.partition("://")[2].partition("/")[0] == VAULT), None)
    if not (login := account(entry)):
        return f"none for {VAULT}"
    try:
        lab.client.api.inspect_distribution(f"{VAULT}/library/busybox:latest", auth_config=login)
    except APIError:
        return "refused"
    return "accepted"


@look("cat publish.sh")
def script(lab: Lab) -> str:
    text = (Path(__file__).parent / "files/hunt/publish.sh").read_text("utf-8")
    for key in ("team", "dish"):
        text = text.replace(key.upper(), lab.values[key])
    found = looks.file("publish.sh").fetch(lab)
    return "as it was" if found is not None and found.split() == text.split() else "changed"


@look(f"docker pull {NIGHTLY}")
def nightly(lab: Lab) -> str:
    """Whether the registry has this image under that name, and got it by the door that the script uses."""
    found = in_registry(lab, "{team}/{dish}:nightly", "{dish}")
    if found == "this image" and VAULT not in (by := doors(lab, "{team}/{dish}:nightly")):
        return f"this image, but pushed by {' and '.join(by) or 'nobody'}"
    return found


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
                "the client with the settings client reaches this engine",
                reaches,
                expect.equals("this engine"),
                mistakes=(
                    mistakes.seen_when(
                        "nobody listens there",
                        "`docker --config client context inspect` shows the address; `context update` changes it.",
                        lambda lab, value: value == "no engine answers",
                    ),
                ),
            ),
        ),
        Step(
            "credentials",
            Probe(
                f"{VAULT} lets it in",
                credentials,
                expect.equals("accepted"),
                mistakes=(
                    mistakes.seen_when(
                        "kept under another name",
                        "credentials are looked up by the registry's name as written in the image's name. localhost "
                        "and 127.0.0.1 are one place and two names.",
                        lambda lab, value: "localhost:5001" in auths(lab),
                    ),
                ),
            ),
            after="engine",
        ),
        Step(
            "published",
            State(
                "publish.sh is as it was",
                script,
                expect.equals("as it was"),
                mistakes=(
                    mistakes.seen_when(
                        "the script was changed",
                        "the settings were to be repaired, so that it runs as it is; `undo` gives it back.",
                        lambda lab, value: True,
                    ),
                ),
            ),
            Probe("{team}/{dish}:nightly in the registry is your image", nightly, expect.equals("this image")),
            points=2,
            after=("engine", "credentials"),
        ),
    ),
    solution=(UPDATE, LOGIN_THERE, "sh publish.sh"),
    right=(
        Right(
            "another context, and the first login gone",
            (
                f"docker --config client context create here --docker {ENDPOINT}",
                "docker --config client context use here && docker --config client context rm -f office",
                "docker --config client logout localhost:5001",
                "export DOCKER_CONFIG=$PWD/client; " + LOGIN,
                "bash ./publish.sh; sh publish.sh",
                f"docker rmi {NIGHTLY} {{dish}}",
            ),
        ),
        Right(
            "by hand",
            (
                UPDATE.replace("office", "default") + "; sh publish.sh",
                "docker context create way --docker " + ENDPOINT,
                "cp -r $DOCKER_CONFIG/contexts client/; docker context rm -f way",
                in_python(
                    "import json",
                    "entry = dict(username='learner', password='containers')",
                    f"kept = dict(auths={{'http://{VAULT}': entry}}, currentContext='way')",
                    "json.dump(kept, open('client/config.json', 'w'))",
                ),
                "cd /; sh $OLDPWD/publish.sh",
            ),
        ),
        Right(
            "the wrong image first, by the wrong client",
            (
                f"{LOGIN}; docker pull -q busybox; docker tag busybox {NIGHTLY}; docker push -q {NIGHTLY}",
                LOGIN_THERE,
                UPDATE,
                "sh publish.sh",
            ),
        ),
    ),
    untouched_says="no engine answers",
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
        Wrong("never ran it", (UPDATE, LOGIN_THERE), says="{team}/{dish}:nightly"),
        Wrong(
            "pushed by hand, by the other door",
            (
                UPDATE,
                LOGIN_THERE,
                f"docker tag {{dish}} {MIRROR}/{{team}}/{{dish}}:nightly",
                f"docker push -q {MIRROR}/{{team}}/{{dish}}:nightly",
            ),
            says="pushed by 127.0.0.1:5000",
        ),
        Wrong(
            "another image of that name",
            (UPDATE, LOGIN_THERE, "docker pull -q busybox; docker tag busybox {dish}", "sh publish.sh"),
            says="another image",
        ),
        Wrong(
            "settings and script",
            (UPDATE, LOGIN_THERE, "sed -i /unset/d publish.sh", "sh publish.sh"),
            says="the script was changed",
        ),
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
