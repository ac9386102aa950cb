"""Lesson 07: what several of its exercises share."""

import hashlib
import json
import shlex
import sys
from typing import Any

from labsupport.errors import CourseError, HubError
from labsupport.exercises.author import *
from labsupport.hub.registry import Registry
from labsupport.layers.connection import Connection

MIRROR, VAULT = "127.0.0.1:5000", "127.0.0.1:5001"
LOGIN = f"echo containers | docker login -u learner --password-stdin {VAULT}"
ENDPOINT = (
    '"host=$DOCKER_HOST${DOCKER_CERT_PATH:+,ca=$DOCKER_CERT_PATH/ca.pem,'
    'cert=$DOCKER_CERT_PATH/cert.pem,key=$DOCKER_CERT_PATH/key.pem}"'
)

PYTHON = shlex.quote(sys.executable)  # with the Docker SDK, wherever the proofs run


def in_python(*lines: str) -> str:
    """A shell command that runs these lines, with the Docker SDK's client in `engine`."""
    return f"{PYTHON} - <<'END'\n" + "\n".join(("import docker, os", "engine = docker.from_env()", *lines)) + "\nEND"


@look("docker container inspect {name} --format '{{json .Path}} {{json .Args}}'")
def program(lab: Lab) -> str:
    """What the container's first process is, as one would type it; a shell's whole command is in quotes."""
    found = lab.inspect("container", "{name}")
    words = [str(found["Path"]), *map(str, found["Args"])]
    words[0] = words[0].removeprefix("/bin/")
    return shlex.join([" ".join(word.split()) for word in words])


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


@look("docker --config client context show")
def current(lab: Lab) -> str:
    return str(read(lab, "config.json").get("currentContext") or "default")


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


FRESH = "printf 'FROM busybox\\n' | docker build -q -t {dish} --label course.lab={id} --label made=$(date +%s%N) -"
