"""Take from the engine what a lesson left there: its own things, its exercises', and the learner's for them.

A lesson's things have a label (`course.lab=03`, `course.lab=03.2`); what a learner made for an exercise often has none,
and is known by the names that the exercise alone has. Nothing else is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from labsupport.exercises import begun
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.traces import LABEL

if TYPE_CHECKING:
    from docker import DockerClient

Known = Iterable[tuple[Exercise, Mapping[str, Any]]]


def things(client: DockerClient, lesson: str, exercises: Known) -> begun.Things:
    """What there is of a lesson ("03") in the engine: kind -> name -> id. An image without a name goes by its id.

    exercises: the lesson's, with the learner's values.
    """
    api = client.api
    rows = {
        "container": api.containers(all=True),
        "image": api.images(),
        "network": api.networks(),
        "volume": api.volumes()["Volumes"] or (),
    }
    found: begun.Things = {kind: {} for kind in begun.KINDS}
    for exercise, known in exercises:
        for kind, named in begun.things(client, exercise, known).items():
            found[kind].update(named)
    for kind, each in ((one, row) for one, listed in rows.items() for row in listed):
        if _is_of(lesson, (each.get("Labels") or {}).get(LABEL, "")):
            found[kind].update(dict.fromkeys(_names(each), each.get("Id") or each["Name"]))
    for each in rows["container"]:
        if each["Image"] in found["image"]:  # in use, an image could not be removed
            found["container"].update(dict.fromkeys(_names(each), each["Id"]))
    return found


def remove(client: DockerClient, lesson: str, exercises: Known) -> list[str]:
    """Remove them, running containers too; what could not be removed, in words ("network shop-otter")."""
    from docker.errors import APIError

    exercises, api = list(exercises), client.api
    there = things(client, lesson, exercises)

    def container(identity: str) -> None:
        with suppress(APIError):
            api.remove_container(identity, force=True, v=True)

    # ending a container takes a quarter of a second, most of it waiting
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(container, set(there["container"].values())))
    for name in there["network"].values():
        with suppress(APIError):
            api.remove_network(name)
    for name in there["volume"]:
        with suppress(APIError):
            api.remove_volume(name, force=True)
    while there["image"]:  # one that others are built on goes after them: round by round
        for name in there["image"]:
            with suppress(APIError):
                api.remove_image(name, force=True)
        left = things(client, lesson, exercises)
        if left["image"].keys() == there["image"].keys():
            break
        there = left
    return begun.names(things(client, lesson, exercises))


def unknown(client: DockerClient) -> list[tuple[str, str]]:
    """Containers, and images without a name, that have no label of the course: in words, with what removes them.

    A first try has often a name that the engine gave it.
    """
    api = client.api
    found = [
        (f"container {name}", f"docker rm -f {name}")
        for each in api.containers(all=True)
        if LABEL not in (each.get("Labels") or {})
        for name in _names(each)[:1]
    ]
    nameless = [each for each in api.images(filters={"dangling": True}) if LABEL not in (each.get("Labels") or {})]
    if nameless:
        many = "an image" if len(nameless) == 1 else f"{len(nameless)} images"
        found.append((f"{many} without a name", "docker image prune -f"))
    return found


def _is_of(lesson: str, label: str) -> bool:
    return label == lesson or label.startswith(f"{lesson}.")


def _names(row: Mapping[str, Any]) -> list[str]:
    """By what a thing is removed: an image by each of its names, else by its id."""
    if "RepoTags" in row:
        return [name for name in row["RepoTags"] or () if name != "<none>:<none>"] or [row["Id"]]
    if "Names" in row:
        return [name.lstrip("/") for name in row["Names"] or () if name.count("/") < 2] or [row["Id"][:12]]
    return [row["Name"]]
