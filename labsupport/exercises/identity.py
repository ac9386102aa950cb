"""Whether an image is the one that a goal names: by what is in it, not by what it is called.

`docker tag busybox web` makes no web of it, and a container that was made by an image's id is made of that image.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from typing import Any

from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look


def made_from(container: str, image: str, *, rebuilt: bool = False) -> Look:
    """The image that a container was made from: the wanted name when it is that image, else one that it has.

    The wanted one is the image that the scene made under that name, else the hub's, else what has the name; rebuilt:
    always what has the name now, where the goal is to make the image anew.
    """

    def fetch(lab: Lab) -> str:
        found, wanted = lab.inspect("container", container), lab.fill(image)
        called = str(found["Config"].get("Image"))
        if rebuilt:
            now = lab.inspect("image", wanted)  # raises Missing before anything is compared with it
            return wanted if _same(lab, str(found["Image"]), now) else f"another image than {wanted} is now"
        return _named(lab, str(found["Image"]), wanted, called)

    return Look(fetch, f"docker container inspect {container} --format '{{{{.Config.Image}}}} {{{{.Image}}}}'")


def is_image(name: str, image: str) -> Look:
    """The wanted name when the image called `name` has the layers and settings of it, else a name that it has."""

    def fetch(lab: Lab) -> str:
        return _named(lab, str(lab.inspect("image", name)["Id"]), lab.fill(image), lab.fill(name))

    return Look(fetch, f"docker image inspect {name} --format '{{{{.Id}}}} {{{{.RepoTags}}}}'")


def stands_on(name: str, base: str) -> Look:
    """The base's name when the image called `name` begins with the layers of it, else "another image"."""

    def fetch(lab: Lab) -> str:
        wanted = lab.fill(base)
        layers = lab.inspect("image", name).get("RootFS", {}).get("Layers") or []
        bases = [json.loads(content)[0] for content in _in_hub(lab, wanted)]
        if not bases:
            bases = [lab.inspect("image", wanted)["RootFS"]["Layers"]]
        return wanted if any(below and layers[: len(below)] == below for below in bases) else "another image"

    return Look(fetch, f"docker image inspect --format '{{{{json .RootFS.Layers}}}}' {name} {base}")


def is_hubs(lab: Lab, name: str) -> bool:
    """Whether what is called so in the engine is the hub's image of this name; without a hub, whether it has such."""
    if _with_tag(name) not in _stock():
        return False
    found, sold = lab.inspect("image", name), _in_hub(lab, name)
    return not sold or _content_of(found) in sold


def copies(image: str) -> Look:
    """What the images in the engine are called that are the wanted one by what is in them, sorted."""

    def fetch(lab: Lab) -> list[str]:
        found = []
        for row in lab.client.api.images():
            with suppress(Missing):  # removed in this moment
                if is_it(lab, str(row["Id"]), image):
                    found += [tag.removesuffix(":latest") for tag in row.get("RepoTags") or ()] or [str(row["Id"])[:19]]
        return sorted(found)

    return Look(fetch, "docker images")


def is_it(lab: Lab, identity: str, image: str) -> bool:
    """Whether the image of this id is the wanted one by what is in it. Raises Missing when there is none of this id."""
    return _is_it(lab, lab.inspect("image", identity), lab.fill(image))


def _named(lab: Lab, identity: str, wanted: str, called: str) -> str:
    try:
        found = lab.inspect("image", identity)
    except Missing:  # removed by force under its containers: what is left is the name it was called by
        return wanted if called.removesuffix(":latest") == wanted.removesuffix(":latest") else called
    if _is_it(lab, found, wanted):
        return wanted
    plain = wanted.removesuffix(":latest")
    others = [
        tag.removesuffix(":latest") for tag in found.get("RepoTags") or () if tag.removesuffix(":latest") != plain
    ]
    return others[0] if others else f"another image that is called {plain}" if found.get("RepoTags") else called


def _is_it(lab: Lab, found: dict[str, Any], wanted: str) -> bool:
    if known := (lab.made or {}).get("image", {}).get(wanted):
        return bool(known == found["Id"])
    if sold := _in_hub(lab, wanted):
        return _content_of(found) in sold
    try:
        return _same(lab, str(found["Id"]), lab.inspect("image", wanted))
    except Missing:
        return False


def _same(lab: Lab, identity: str, other: dict[str, Any]) -> bool:
    """Whether an image is another one, or has the same in it: a build from the cache may give a new id (BuildKit's
    attestations have times in them).
    """
    if identity == other["Id"]:
        return True
    try:
        found = lab.inspect("image", identity)
    except Missing:
        return False
    return _content_of(found) == _content_of(other)


def _content_of(found: dict[str, Any]) -> str:
    """The content of an image that was inspected."""
    return _content(found.get("RootFS", {}).get("Layers"), found.get("Config"))


def _content(layers: Any, config: Any) -> str:
    """What makes two images the same to their users, in every image store: ids differ between those."""
    config = config or {}
    settings = {key: config.get(key) or None for key in ("Entrypoint", "Cmd", "Env", "User", "WorkingDir")}
    settings["User"] = settings["User"] or ""
    # the builders do not agree on how to say that an image has none
    settings["WorkingDir"] = settings["WorkingDir"] or "/"
    return json.dumps([layers or [], settings], sort_keys=True)


def _in_hub(lab: Lab, name: str) -> tuple[str, ...]:
    """The content of the hub's image of this name, one for each platform; none where it has no such image."""
    if _with_tag(name) not in _stock():
        return ()  # the learner's own
    try:
        url = lab.sandbox().registry_url
    except Unreachable:
        return ()
    return _sold(url, name) if url else ()


@lru_cache(maxsize=1)
def _stock() -> frozenset[str]:
    from labsupport.hub import images

    return frozenset(source.reference for source in images.sources())


def _with_tag(name: str) -> str:
    return name if ":" in name else f"{name}:latest"


@lru_cache(maxsize=64)
def _sold(url: str, name: str) -> tuple[str, ...]:
    from labsupport.errors import HubError
    from labsupport.hub.registry import Registry, reference

    repository, tag = reference(name)
    path, found = f"library/{repository}", []
    with Registry(url) as hub:

        def document(digest: str) -> dict[str, Any]:
            return dict(json.loads(hub.manifest_bytes(path, digest)))

        try:
            top = document(tag)
            for manifest in [document(each["digest"]) for each in top["manifests"]] if "manifests" in top else [top]:
                config = json.loads(b"".join(hub.read_blob(path, manifest["config"]["digest"])))
                found.append(_content(config["rootfs"]["diff_ids"], config.get("config")))
        except (HubError, ValueError, KeyError):
            return ()  # damaged or gone: the name has to do
    return tuple(found)


def behind(port: str) -> Look:
    """The name of the running container that http://127.0.0.1:PORT/ leads to; None when there is none."""

    def fetch(lab: Lab) -> str | None:
        for row in lab.client.api.containers():
            for each in row.get("Ports") or ():
                other = str(each.get("IP") or "").startswith("127.") and each["IP"] != "127.0.0.1"
                if str(each.get("PublicPort")) == lab.fill(port) and each.get("Type") == "tcp" and not other:
                    return next(str(name).lstrip("/") for name in row["Names"] if name.count("/") < 2)
        return None

    return Look(fetch, f"docker ps --filter publish={port}")


def removed(kind: str, name: str) -> Look:
    """ "removed" when what the scene made under this name is gone, whatever it was called at last; else what it is."""

    def fetch(lab: Lab) -> str:
        from docker.errors import NotFound

        identity = lab.identity(kind, name)
        if not identity:
            return "removed"
        try:
            found = getattr(lab.client.api, f"inspect_{kind}")(identity)
        except NotFound:
            return "removed"
        called = str(found.get("Name", "")).lstrip("/")
        state = (found.get("State") or {}).get("Status", "there") if kind == "container" else "there"
        return f"{state}, called {called}" if called != lab.fill(name) else str(state)

    return Look(fetch, f"docker ps -a --filter name={name}" if kind == "container" else f"docker {kind} ls")
