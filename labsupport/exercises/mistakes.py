"""The classic mistakes, recognised by name. A check takes them: `mistakes=(expose_without_publish("{name}"),)`;
one of an exercise's own is a `Mistake(name, because, expectation)`.
"""

from __future__ import annotations

from typing import Any

from labsupport.exercises.checks import Mistake, Said
from labsupport.exercises.lab import Lab
from labsupport.exercises.looks import follow
from labsupport.sandbox.refusals import misplaced


def _state(lab: Lab, name: str) -> dict[str, Any]:
    state: dict[str, Any] = lab.inspect("container", name)["State"]
    return state


def not_started(name: str) -> Mistake:
    """Created only, or started in vain: then the engine's own words, and nothing about `docker create`."""

    def sees(lab: Lab, _: Any) -> bool | Said:
        state = _state(lab, name)
        if said := " ".join(str(state.get("Error") or "").split()):
            return Said(misplaced(said) or f"it could not start: {said}")
        return bool(state["Status"] == "created")

    because = f"`docker create` makes a container and runs nothing; `docker start {name}` runs it."
    return Mistake("created, not started", because, sees)


def exited(name: str) -> Mistake:
    """The container ran and its main process ended."""
    return Mistake(
        "the main process ended",
        f"a container runs as long as its first process; read `docker logs {name}` and its exit code.",
        lambda lab, _: _state(lab, name)["Status"] == "exited",
    )


def stopped_not_removed(name: str) -> Mistake:
    return Mistake(
        "stopped but not removed",
        f"a stopped container keeps its name, its logs and its files until `docker rm {name}`.",
        lambda lab, _: _state(lab, name)["Status"] in ("exited", "created"),
    )


def expose_without_publish(name: str) -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        found = lab.inspect("container", name)
        published = any((found["NetworkSettings"]["Ports"] or {}).values())
        return bool(found["Config"].get("ExposedPorts")) and not published

    because = "EXPOSE only documents a port; `docker run -p HOST:CONTAINER` publishes it."
    return Mistake("EXPOSE without -p", because, sees)


def swapped_ports(name: str, host: str, inside: str = "80") -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        bindings = lab.inspect("container", name)["HostConfig"].get("PortBindings") or {}
        found = bindings.get(f"{lab.fill(host)}/tcp") or []
        return any(binding.get("HostPort") == inside for binding in found)

    because = f"-p wants HOST:CONTAINER, so `-p {host}:{inside}`; it was given the other way round."
    return Mistake("ports swapped", because, sees)


def other_host_port(name: str, host: str, inside: str = "80") -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        found = follow(lab.inspect("container", name), f'.NetworkSettings.Ports["{inside}/tcp"]') or []
        return bool(found) and all(binding["HostPort"] != lab.fill(host) for binding in found)

    because = f"the port is published, but not on {host}: write `-p {host}:{inside}` (-P picks any free one)."
    return Mistake("another host port", because, sees)


def wrong_container_port(name: str, host: str, inside: str = "80") -> Mistake:
    """Published on the right host port, but to a port in the container where nothing listens."""

    def sees(lab: Lab, _: Any) -> bool:
        bindings = lab.inspect("container", name)["HostConfig"].get("PortBindings") or {}
        return any(
            key != f"{inside}/tcp" and any(binding.get("HostPort") == lab.fill(host) for binding in value or ())
            for key, value in bindings.items()
        )

    because = f"{host} leads to a port in the container where nothing listens; the program listens on {inside}."
    return Mistake("wrong port in the container", because, sees)


def listens_on_loopback(name: str, port: int = 80) -> Mistake:
    """The app is bound to 127.0.0.1 in its own network namespace. Read from its /proc/net/tcp (proc(5))."""

    def sees(lab: Lab, _: Any) -> bool:
        if not _state(lab, name)["Running"]:
            return False
        _, table = lab.execute(lab.fill(name), ["cat", "/proc/net/tcp"])
        return f"0100007F:{port:04X} 00000000:0000 0A" in table  # 0A is TCP_LISTEN

    because = (
        "127.0.0.1 inside a container is the container's own loopback; to be reached through a published port the "
        "program must listen on 0.0.0.0."
    )
    return Mistake("bound to 127.0.0.1", because, sees)


def same_name_other_image(name: str, image: str) -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        used = str(lab.inspect("container", name)["Config"]["Image"]).removesuffix(":latest")
        return used != lab.fill(image).removesuffix(":latest")

    because = f"the name {name} belongs to a container of another image: remove that one first, or rename it."
    return Mistake("the name is used by something else", because, sees)


def removed_in_a_later_layer(image: str) -> Mistake:
    """A history row that removes files and brings none, in an image whose size did not go down.

    The containerd image store counts 4,096 bytes for each folder in which something was removed.
    """

    def sees(lab: Lab, _: Any) -> bool:
        rows = lab.history(image)
        return any("rm " in str(row.get("CreatedBy")) and row.get("Size", 0) < 50_000 for row in rows)

    because = (
        "a file removed by a later instruction stays in the layer that brought it. What a RUN makes, the same RUN can "
        "remove; what a COPY brings must not be copied into this image."
    )
    return Mistake("rm in a later layer", because, sees)


def shell_form(image: str) -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        config = lab.inspect("image", image)["Config"]
        return any((config.get(key) or [])[:2] == ["/bin/sh", "-c"] for key in ("Entrypoint", "Cmd"))

    because = 'without brackets, CMD and ENTRYPOINT run `/bin/sh -c`, which becomes PID 1: use ["program", "argument"].'
    return Mistake("shell form", because, sees)


def default_network(name: str) -> Mistake:
    def sees(lab: Lab, _: Any) -> bool:
        return list(lab.inspect("container", name)["NetworkSettings"]["Networks"] or {}) == ["bridge"]

    because = "the default bridge has no name service; only a network made with `docker network create` has one."
    return Mistake("still on the default bridge", because, sees)


def only_untagged(image: str) -> Mistake:
    """The tag is gone but the image lives on under another name or id, because something uses it."""
    return Mistake(
        "untagged, not removed",
        f"`docker rmi` removed a name; other names or containers still hold the image {image}.",
        lambda lab, value: "<none>" in str(value),
    )


def answered(wrong: Any, name: str, because: str) -> Mistake:
    """An Answer that is this well-known wrong value (compared as text)."""
    return Mistake(name, because, lambda lab, value: str(value).strip() == lab.fill(str(wrong)))
