"""Lesson 09: what several of its exercises share."""

import json
from typing import Any

from labsupport.errors import CourseError
from labsupport.exercises.author import *
from labsupport.exercises.looks import follow, template
from labsupport.sandbox import api, own
from labsupport.sandbox.own.engine import OwnEngine

ON_OWN = "docker --context own"
HUP = "own-engine signal dockerd HUP"


def engine_of(lab: Lab) -> OwnEngine:
    """The lesson's own engine beside it. Raises Missing when dockerd there does not answer."""
    try:
        engine = own.attach(lab.sandbox())
    except CourseError as error:
        raise Missing(f"{error.message}: begin the exercise anew with undo") from error
    if not engine.pid("dockerd"):
        raise Missing("dockerd of the lesson's own engine has ended: own-engine dockerd")
    return engine


def own_container(name: str, path: str) -> Look:
    """A value of a container's inspect on the lesson's own engine."""

    def fetch(lab: Lab) -> Any:
        engine = engine_of(lab)
        try:
            found = api.get(engine.docker_host, f"/containers/{lab.fill(name)}/json")
        except OSError as error:
            if "404" not in str(error):
                raise Unreachable(str(error)) from error
            raise Missing(f"there is no container called {lab.fill(name)} on the lesson's own engine") from None
        return follow(found, path)

    return Look(fetch, f"{ON_OWN} container inspect {name} --format {template(path)}")


def settings(lab: Lab) -> dict[str, Any]:
    """daemon.json of the lesson's own engine, {} where it is no JSON."""
    try:
        kept = json.loads(engine_of(lab).configuration.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def on_machine(lab: Lab, command: str) -> str:
    """The output of a command among the processes of the machine on which the engine runs."""
    with lab.throwaway(command=["sleep", "60"], pid_mode="host") as container:
        return lab.execute(container.id, ["sh", "-c", command])[1]


# a fresh engine for each scene; the volume in the sandbox's engine says that this scene is the one set up
FRESH = (
    "docker volume ls -q --filter name=own-09 | xargs -r docker volume rm",
    "own-engine up",
    "docker volume create --label course.lab={id} own-{id}",
)
