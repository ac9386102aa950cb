"""What `begin` made, and when: kept beside the engine's data, where no container of the learner's can write.

The record goes with the data at a `reset`. Without one, nothing of a scene is in this engine, whatever the learner's
progress says.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.exercises import untouched
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.lab import Left
from labsupport.exercises.recorded import engine_now
from labsupport.exercises.seeds import fill
from labsupport.exercises.traces import LABEL
from labsupport.sandbox import paths, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import DockerClient

Things = dict[str, dict[str, str]]  # kind -> name -> id
KINDS = ("container", "image", "network", "volume")


@dataclass(frozen=True)
class Begun:
    """One begun scene: moment is its start by the engine's clock (seconds since the epoch), made what it made, left how
    it was left to the learner.
    """

    moment: float
    made: Things = field(default_factory=dict)
    left: Left | None = None


def _path(directory: Path, exercise: str) -> Path:
    return directory / paths.SCENES / f"{exercise}.json"


def write(directory: Path, exercise: str, begun: Begun) -> None:
    """Keep a scene's record in the sandbox's folder. Raises OSError."""
    path = _path(directory, exercise)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    state.write_json(path, begun)


def read(directory: Path, exercise: str) -> Begun | None:
    """The record of a begun scene, or None."""
    try:
        found = json.loads(_path(directory, exercise).read_text(encoding="utf-8"))
        made = {kind: dict(found["made"].get(kind, {})) for kind in KINDS}
        left = found.get("left")
        return Begun(float(found["moment"]), made, Left(float(left["moment"]), dict(left["files"])) if left else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _own(exercise: Exercise, kind: str, known: Mapping[str, Any]) -> set[str]:
    return {fill(o, known).split(":", 1)[1] for o in exercise.owns if o.startswith(f"{kind}:") and "{" in o}


def containers(client: DockerClient, exercise: Exercise, known: Mapping[str, Any]) -> dict[str, str]:
    """The exercise's containers, name -> id: those with its label, or a name that it alone has."""
    own = _own(exercise, "container", known)
    found = {}
    for row in client.api.containers(all=True):
        # links of old have "/other/name" among the names
        name = next((name.lstrip("/") for name in row.get("Names") or () if name.count("/") < 2), row["Id"][:12])
        if name in own or (row.get("Labels") or {}).get(LABEL) == exercise.id:
            found[name] = row["Id"]
    return found


def things(client: DockerClient, exercise: Exercise, known: Mapping[str, Any]) -> Things:
    """What there is in the engine of an exercise: what has its label, or a name that it alone has.

    An image that other exercises use as well (`busybox`) is no sign of this one, nor is one with its label only: undo
    leaves those that take long to build.
    """
    from docker.errors import APIError

    api = client.api
    found: Things = {"container": containers(client, exercise, known), "image": {}, "network": {}, "volume": {}}
    for name in _own(exercise, "image", known):
        with suppress(APIError):
            found["image"][name] = api.inspect_image(name)["Id"]  # type: ignore[no-untyped-call]
    for kind, rows in (("network", api.networks()), ("volume", api.volumes()["Volumes"] or ())):
        own = _own(exercise, kind, known)
        for row in rows:
            if row["Name"] in own or (row.get("Labels") or {}).get(LABEL) == exercise.id:
                # a volume has no id: a new one of its name has another time
                found[kind][row["Name"]] = row.get("Id") or row.get("CreatedAt") or ""
    return found


def after(client: DockerClient, exercise: Exercise, known: Mapping[str, Any], folder: Path, moment: float) -> Begun:
    """The record of a scene that was just set up, moment being its start by the engine's clock."""
    made = things(client, exercise, known)
    return Begun(moment, made, Left(engine_now(client), untouched.digests(folder)))


def names(found: Things) -> list[str]:
    """The things by kind and name: "container shop-otter"."""
    return [f"{kind} {name}" for kind in KINDS for name in sorted(found.get(kind, ()))]
