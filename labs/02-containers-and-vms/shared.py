"""Lesson 02: what several of its exercises share."""

from typing import Any

from labsupport.exercises.author import *

RUN = "docker run -d --label course.lab={id} --name"


def namespace(lab: Lab, name: str, kind: str) -> int:
    found = lab.running(name)
    # of a process of our own in it: what process 1 is depends on another namespace
    _, text = lab.execute(str(found["Id"]), ["readlink", f"/proc/self/ns/{kind}"])
    if not (number := "".join(filter(str.isdigit, text))):
        raise Missing(lab.fill(f"{name} does not tell its namespaces: {text.strip()}"))
    return int(number)


def host(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.inspect("container", name)["HostConfig"]
    return found
