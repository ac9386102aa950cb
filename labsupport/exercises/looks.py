"""Looks: how a check reads a value from the engine or the lab's folder, and the command that shows the same.

A look never changes anything. Each has `where`, the command a learner types to see the value.
`@look("docker history {image}")` makes one from a function `(lab) -> value`.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from labsupport.exercises.lab import Lab, Missing

_PART = re.compile(r'\.([A-Za-z0-9_]+)|\["([^"]+)"\]|\[(\d+)\]')


@dataclass(frozen=True)
class Look:
    """fetch(lab) gives the value; where is the command that shows it (may hold `{key}`)."""

    fetch: Callable[[Lab], Any]
    where: str

    def of_scene(self, kind: str, name: str) -> Look:
        """The same look, at nothing but what the scene made: raises Missing when another has taken its name."""

        def fetch(lab: Lab) -> Any:
            if not lab.is_original(kind, name):
                raise Missing(
                    lab.fill(f"{name} is another {kind} than the one that this exercise began with")
                    + lab.fill(': that one is renamed or removed. undo("{id}") brings it back')
                )
            return self.fetch(lab)

        return replace(self, fetch=fetch)

    def then(self, change: Callable[[Any], Any], where: str = "") -> Look:
        """The same look with its value changed: `layers("web").then(len)`."""
        return replace(self, fetch=lambda lab: change(self.fetch(lab)), where=where or self.where)


def look(where: str) -> Callable[[Callable[[Lab], Any]], Look]:
    """Decorator: the function becomes a Look."""
    return lambda function: Look(function, where)


def follow(document: Any, path: str) -> Any:
    """The value at `.NetworkSettings.Ports["80/tcp"][0].HostPort`, or None where the path ends early."""
    if path and _PART.sub("", path):
        raise ValueError(f'{path!r} is no path like .State.Status or .Config.Labels["a"]')
    for name, key, index in _PART.findall(path):
        if index:
            document = document[int(index)] if isinstance(document, list) and int(index) < len(document) else None
        else:
            document = document.get(name or key) if isinstance(document, dict) else None
    return document


def template(path: str) -> str:
    """The Go template that prints that value with `docker inspect --format`."""
    expression, plain = "", True
    for name, key, index in _PART.findall(path):
        if name and plain:
            expression += f".{name}"
        else:
            plain = False
            selector = index if index else f'"{name or key}"'
            expression = f"(index {expression} {selector})"
    return "'{{json " + (expression or ".") + "}}'"


def _inspected(kind: str, name: str, path: str) -> Look:
    command = f"docker {kind} inspect {name}"
    if path:
        command += f" --format {template(path)}"
    return Look(lambda lab: follow(lab.inspect(kind, name), path), command)


def container(name: str, path: str = "") -> Look:
    """A value of `docker container inspect NAME`: `container("{name}", ".State.Status")`."""
    return _inspected("container", name, path)


def image(name: str, path: str = "") -> Look:
    """A value of `docker image inspect NAME`."""
    return _inspected("image", name, path)


def network(name: str, path: str = "") -> Look:
    """A value of `docker network inspect NAME`."""
    return _inspected("network", name, path)


def volume(name: str, path: str = "") -> Look:
    """A value of `docker volume inspect NAME`."""
    return _inspected("volume", name, path)


def exists(kind: str, name: str) -> Look:
    """Whether a container, image, network or volume of this name is there (a look that never misses)."""

    def fetch(lab: Lab) -> bool:
        try:
            lab.inspect(kind, name)
        except Missing:
            return False
        return True

    listing = {"container": f"docker ps -a --filter name={name}", "image": f"docker images {name}"}
    return Look(fetch, listing.get(kind, f"docker {kind} ls --filter name={name}"))


def layers(name: str) -> Look:
    """The image's diff ids, lowest first (image-spec config, `rootfs.diff_ids`)."""
    return image(name, ".RootFS.Layers")


def published(name: str, port: str = "80/tcp") -> Look:
    """The host ports on which the running container's port is published, as texts, sorted."""

    def fetch(lab: Lab) -> list[str]:
        bindings = follow(lab.inspect("container", name), f'.NetworkSettings.Ports["{port}"]') or []
        return sorted({binding["HostPort"] for binding in bindings})

    return Look(fetch, f"docker port {name}")


def mounts(name: str) -> Look:
    """The container's mounts as {destination: "type:source-or-volume:ro|rw"}."""

    def fetch(lab: Lab) -> dict[str, str]:
        return {
            m["Destination"]: f"{m['Type']}:{m.get('Name') or m.get('Source')}:{'rw' if m.get('RW') else 'ro'}"
            for m in lab.inspect("container", name).get("Mounts") or ()
        }

    return Look(fetch, f"docker container inspect {name} --format '{{{{json .Mounts}}}}'")


def containers(*, all: bool = True, **filters: Any) -> Look:
    """Names of the containers that match `docker ps --filter`, sorted: `containers(ancestor="web")`."""

    def fetch(lab: Lab) -> list[str]:
        wanted = {key: lab.fill(str(value)) for key, value in filters.items()}
        found = lab.client.api.containers(all=all, filters=wanted)
        return sorted(name.lstrip("/") for item in found for name in (item.get("Names") or [])[:1])

    options = "".join(f" --filter {key}={value}" for key, value in filters.items())
    return Look(fetch, f"docker ps{' -a' if all else ''}{options}")


def images(**filters: Any) -> Look:
    """Tags of the images that match `docker images --filter`, sorted; untagged ones as <none>."""

    def fetch(lab: Lab) -> list[str]:
        wanted = {key: lab.fill(str(value)) for key, value in filters.items()}
        found = lab.client.api.images(filters=wanted)
        return sorted(tag for item in found for tag in (item.get("RepoTags") or ["<none>"]))

    return Look(fetch, "docker images" + "".join(f" --filter {key}={value}" for key, value in filters.items()))


def logs(name: str, *, stdout: bool = True, stderr: bool = True) -> Look:
    """What the main process wrote, up to the last 1000 lines; only one stream if the other is turned off."""

    def fetch(lab: Lab) -> str:
        lab.inspect("container", name)
        raw = lab.client.api.logs(lab.fill(name), stdout=stdout, stderr=stderr, tail=1000)
        return bytes(raw).decode(errors="replace")

    suffix = "" if stdout and stderr else (" 2>/dev/null" if stdout else " 2>&1 >/dev/null")
    return Look(fetch, f"docker logs {name}{suffix}")


def changes(name: str) -> Look:
    """The container's own changes to its file system as `docker diff` prints them: ["A /new", "C /etc", ...]."""

    def fetch(lab: Lab) -> list[str]:
        lab.inspect("container", name)
        found = lab.client.api.diff(lab.fill(name)) or []
        return sorted(f"{'CAD'[item['Kind']]} {item['Path']}" for item in found)

    return Look(fetch, f"docker diff {name}")


def history(name: str) -> Look:
    """The instructions that made the image, newest first, as texts."""

    def fetch(lab: Lab) -> list[str]:
        return [row.get("CreatedBy", "") for row in lab.history(name)]

    return Look(fetch, f"docker history --no-trunc {name}")


def unpacked(name: str) -> Look:
    """The bytes of the image's layers, unpacked: its rows of `docker history`, added up.

    Not `.Size` of an inspect: with the containerd image store that counts the packed layers, or both (moby#53426).
    """
    return Look(lambda lab: sum(int(row.get("Size") or 0) for row in lab.history(name)), f"docker history {name}")


def file_in(name: str, path: str) -> Look:
    """Text of a file inside a container, running or not (`docker cp`, nothing runs in it); None if not there."""

    def fetch(lab: Lab) -> str | None:
        from docker.errors import NotFound

        lab.inspect("container", name)
        try:
            stream, _ = lab.client.api.get_archive(lab.fill(name), lab.fill(path))
        except NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            for member in archive:
                source = archive.extractfile(member)
                if source is not None:
                    return source.read(1_000_000).decode(errors="replace")
        return None

    return Look(fetch, f"docker cp {name}:{path} - | tar xO")


def file(path: str) -> Look:
    """Text of a file in the lab's folder (up to 1 MB); None if it is not there."""

    def fetch(lab: Lab) -> str | None:
        target = (lab.folder / lab.fill(path)).resolve()
        if not target.is_relative_to(lab.folder.resolve()) or not target.is_file():
            return None
        with target.open("rb") as source:
            return source.read(1_000_000).decode(errors="replace")

    return Look(fetch, f"cat {path}")


def answer(key: str = "answer") -> Look:
    """What the learner answered, as it came (for a check that judges an answer in a way of its own)."""

    def fetch(lab: Lab) -> Any:
        if key in lab.refused:
            raise Missing(f"your answer is {lab.refused[key]}")
        return lab.answers.get(key)

    return Look(fetch, "your answer")


def events(kind: str = "container", action: str = "", name: str = "", **attributes: str) -> Look:
    """The engine's events since the scene began, as "action name" texts, oldest first; ours are left out.

    action "exec_start" also finds "exec_start: sh"; name is the actor's name, or an image's reference. A container's
    events are those of the one that the scene made under this name, whatever it is called now, else of the one that
    has the name: another's of the same name, an earlier attempt's, do not count.
    """

    def fetch(lab: Lab) -> list[str]:
        wanted = lab.fill(name)
        identity = lab.identity(kind, name) if kind == "container" and name else ""
        found = []
        for event in lab.events(lab.since):
            actor = (event.get("Actor") or {}).get("Attributes") or {}
            happened = str(event.get("Action", ""))
            called = str(actor.get("name") or (event.get("Actor") or {}).get("ID") or "")
            if event.get("Type") != kind or actor.get("course.lab") == "probe":
                continue
            if action and happened.split(":")[0] != action:
                continue
            if identity:
                if (event.get("Actor") or {}).get("ID") != identity:
                    continue
                called = wanted
            elif wanted and called != wanted and called.removesuffix(":latest") != wanted:
                continue
            if any(actor.get(key) != lab.fill(value) for key, value in attributes.items()):
                continue
            found.append(f"{happened.split(':')[0]} {called}")
        return found

    command = f"docker events --since 1h --until 0s --filter type={kind}"
    command += f" --filter event={action}" if action else ""
    command += f" --filter {kind}={name}" if name and kind in ("container", "image", "volume", "network") else ""
    return Look(fetch, command)
