"""07.7 The nightly job that publishes nothing."""

import base64
from pathlib import Path
from typing import Any

from labsupport.exercises.author import *

from ...shared import ENDPOINT, FRESH, LOGIN, MIRROR, VAULT, current, doors, engine_of, in_python, in_registry, read

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
    api: Any = lab.client.api  # this method has no types
    try:
        api.inspect_distribution(f"{VAULT}/library/busybox:latest", auth_config=login)
    except APIError:
        return "refused"
    return "accepted"


@look("cat publish.sh")
def script(lab: Lab) -> str:
    text = (Path(__file__).parent / "files/publish.sh").read_text("utf-8")
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

EXERCISE = Exercise(
    id="07.7",
    title="The nightly job that publishes nothing",
    goal="Symptom: `sh publish.sh` in your working folder says `Cannot connect to the Docker daemon`. It runs in a "
    "shell without DOCKER_HOST and uses the client settings in the folder `client`, nobody else's. There are two "
    "faults, one behind the other.\n"
    f"Repair the settings, not the script, and run it: `{NIGHTLY}` in the registry is the image `{{dish}}` of this "
    "engine. (User `learner`, password `containers`.)",
    seeds={"dish": Name("dish"), "team": Name("team")},
    scene=Scene(
        files="files",
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
                    Mistake(
                        "nobody listens there",
                        "`docker --config client context inspect` shows the address; `context update` changes it.",
                        expect.equals("no engine answers"),
                    ),
                ),
            ),
        ),
        Step(
            "credentials",
            Probe(
                "the registry takes what this client sends",
                credentials,
                expect.equals("accepted"),
                mistakes=(
                    Mistake(
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
                    Mistake(
                        "the script was changed",
                        "the settings were to be repaired, so that it runs as it is; `undo` gives it back.",
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
