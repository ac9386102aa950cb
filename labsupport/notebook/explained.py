"""What to do next, where the message of a command says what it missed and not how to go on."""

from __future__ import annotations

import difflib
import os
import re
from functools import lru_cache
from pathlib import Path

from labsupport.errors import LessonError
from labsupport.sandbox.refusals import misplaced, taken_port

_UNSET = re.compile(r"(\w+): (?:unbound variable|parameter not set)$", re.MULTILINE)  # bash; dash
_NO_TERMINAL_SEEN = ("the input device is not a TTY", "stdin is not a terminal", "interactive login from a non TTY")
_NAME_TAKEN = re.compile(r'container name "/([^"]+)" is already in use')
# docker run; a build by BuildKit, by the classic builder; docker pull
_NO_IMAGE = re.compile(
    r"Unable to find image '([^']+)' locally|docker\.io/(?:library/)?([\w./:-]+): (?:failed|not found)"
    r"|library/([\w.-]+)/manifests"
)
_PULL = re.compile(r"^\s*docker (?:image )?pull (?:-\S+ +)*([\w./:-]+)", re.MULTILINE)


def explain(stderr: str, script: str = "") -> str:
    """The next thing to do or type after these messages of a script; "" when they say enough."""
    if unset := _UNSET.search(stderr):
        return _who_sets(unset[1])
    if any(each in stderr for each in _NO_TERMINAL_SEEN):
        return "leave out -t, or type it in the terminal beside this notebook, or play it in a %%session cell"
    if "Cannot connect to the Docker daemon" in stderr or "failed to connect to the docker API" in stderr:
        return "%reload_ext labsupport (it starts the sandbox again)"
    if taken := _NAME_TAKEN.search(stderr):
        return f"docker rm -f {taken[1]} (if that container may go; docker ps -a shows it), or take another name"
    if port := taken_port(stderr):
        return (
            f"docker ps says which container has port {port} (docker rm -f NAME frees it); when none has, another "
            "program of this computer has it: take another port"
        )
    if wrong := misplaced(stderr):
        return wrong
    if absent := _NO_IMAGE.search(stderr):
        name = next(filter(None, absent.groups())).removesuffix(":latest")
        if name not in _stock():
            return _other_image(name)
    if "registry-1.docker.io" in stderr:
        for name in (each.removesuffix(":latest") for each in _PULL.findall(script)):
            if name not in _stock():
                return _other_image(name)
        # the engine asks Docker Hub for what the sandbox's hub lacks, and for what it serves with a wrong digest
        return (
            "%reload_ext labsupport (it mends the course's own images; others come from Docker Hub, over the internet. "
            "What is here: python3 -m labsupport hub)"
        )
    return ""


def _who_sets(name: str) -> str:
    """How to set a variable; where the exercise at hand (`$LAB`) has others, which ones."""
    otherwise = f'os.environ["{name}"] = ... for others'
    if has := _values_of(Path(os.environ.get("LAB", "")).name):
        exercise, *names = has
        if name not in names:
            known = ", ".join(f"${each}" for each in names)
            return (
                f"the exercise at hand, {exercise}, sets {known}. begin(...) of another one sets its own; {otherwise}"
            )
    does = "begin(...) or goal(...) does for an exercise's values"
    return f"run the cell above that sets ${name} again: {does}, {otherwise}"


def _values_of(exercise: str) -> list[str]:
    """An exercise's id and the names of the variables that its cells have; [] when it is none."""
    from labsupport.exercises import catalog

    try:
        return [exercise, "LAB", *catalog.find_exercise(exercise)[1].variables("")]
    except LessonError:
        return []


def _other_image(name: str) -> str:
    """What to do about an image that is none of the course's."""
    known = sorted(_stock())
    near = difflib.get_close_matches(name.partition(":")[0], known, n=1, cutoff=0.6)
    meant = f"{near[0]}, if that was meant: " if near else ""
    has = ", ".join(known)
    return f"{meant}the hub has no image {name}. It has: {has}. Others come from Docker Hub, over the internet"


@lru_cache(maxsize=1)
def _stock() -> frozenset[str]:
    """The course's own images, as one types them."""
    from labsupport.hub import images

    return frozenset(source.reference.removesuffix(":latest") for source in images.sources())
