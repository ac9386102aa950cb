"""Whether a scene is as `begin` left it. While it is, a check says what is wrong and not why: that is the exercise."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from labsupport.exercises import traces
from labsupport.exercises.lab import Lab, Missing

# what ends or looks, and changes nothing; exec_create says enough of an exec
_NO_WORK = {"die", "oom", "health_status", "exec_start", "exec_detach", "exec_die", "top", "attach", "detach", "resize",
            "archive-path", "export", "mount", "unmount", "save", "pull"}  # fmt: skip
_SKIPPED = ".ipynb_checkpoints"  # JupyterLab's own, beside each file that is opened in it


def digests(folder: Path) -> dict[str, str]:
    """What is in a folder: path -> digest of a file's content or a link's target; "" for a folder, "?" for a file that
    can't be read.
    """
    found: dict[str, str] = {}
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name != _SKIPPED)
        found.update((f"{Path(parent, name).relative_to(folder)}/", "") for name in names)
        for name in files:
            path = Path(parent, name)
            try:
                link = path.is_symlink()
                data = str(path.readlink()).encode() if link else path.read_bytes() if path.is_file() else b""
                found[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()
            except OSError:
                found[str(path.relative_to(folder))] = "?"
    return found


def is_untouched(lab: Lab) -> bool:
    """Whether nothing was answered, no file changed, and nothing done to what the scene made, nor beside it.

    False where nobody wrote down how the scene was left.
    """
    if lab.left is None or lab.answers or lab.refused:
        return False
    if digests(lab.folder) != dict(lab.left.files):
        return False
    happened = lab.events(lab.left.moment)
    ended = {str((event.get("Actor") or {}).get("ID")) for event in happened if event.get("Action") == "die"}
    return not any(_is_work(event, lab, ended) for event in happened)


def _is_work(event: Mapping[str, Any], lab: Lab, ended: set[str]) -> bool:
    """Whether an event is somebody's doing, on a thing of the exercise. ended: ids of containers that have."""
    actor, action = event.get("Actor") or {}, str(event.get("Action", "")).split(":")[0]
    attributes = actor.get("Attributes") or {}
    ours = attributes.get(traces.LABEL) == "probe" or attributes.get("execID") in traces.execs
    if action in _NO_WORK or ours:
        return False
    things = {each for made in (lab.made or {}).values() for item in made.items() for each in item}
    if action in ("untag", "delete"):
        things |= _images(lab)
    called = str(attributes.get("name") or "").removesuffix(":latest")
    named = {str(value) for value in lab.values.values()}
    if not (
        actor.get("ID") in things or called in things | named or attributes.get(traces.LABEL) == lab.values.get("id")
    ):
        return False
    container = str(attributes.get("container") or actor.get("ID"))
    return not _is_by_itself(action, container, lab, ended)


def _images(lab: Lab) -> set[str]:
    """Names and ids of the images that the scene's containers were made from."""
    found = set()
    for identity in (lab.made or {}).get("container", {}).values():
        with suppress(Missing):
            container = lab.inspect("container", identity)
            found |= {str(container["Image"]), str(container["Config"].get("Image"))}
    return found


def _is_by_itself(action: str, container: str, lab: Lab, ended: set[str]) -> bool:
    """What the engine does without being asked: restart policies, health checks, what follows a program's end."""
    if action == "disconnect":
        return container in ended
    if action not in ("start", "connect", "exec_create"):
        return False
    try:
        found = lab.inspect("container", container)
    except Missing:
        return False
    if action == "exec_create":
        return bool(found["Config"].get("Healthcheck"))
    return container in ended and found["HostConfig"]["RestartPolicy"].get("Name") not in ("", "no")
