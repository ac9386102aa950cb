"""Lesson 08: what several of its exercises share."""

import functools
import io
import re
import runpy
import tarfile
from pathlib import Path
from typing import Any

from labsupport.exercises.author import *

# something of the scene in the engine, by which a later begin() knows that it is set up
MARK = "docker volume create --label course.lab={id} scene-{id}"
BUSYBOX = "docker create --name busybox-{id} --label course.lab={id} busybox && docker cp busybox-{id}:/bin/busybox ."


def python(program: str, *words: str) -> str:
    """A shell command that runs a program given as text."""
    return f"python3 - {' '.join(words)} <<'END'\n{program}END"


@functools.lru_cache(maxsize=1)
def made() -> dict[str, Any]:
    """What the scene's program can make: what it made once, it makes again."""
    return runpy.run_path(str(Path(__file__).with_name("files") / "scene" / "make.py"))


def digest_in(lab: Lab, given: Any) -> Any:
    """The one digest in what a command printed: a line of a header, NAME@DIGEST; else what was given."""
    found = set(re.findall(r"sha256:[0-9a-f]{64}", given.lower())) if isinstance(given, str) else set()
    return found.pop() if len(found) == 1 else given


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(contents), 0o755
            archive.addfile(entry, io.BytesIO(contents))
    return out.getvalue()


FILES = bundles.differences(
    "bundle", {"bin/report": Path(__file__).with_name("files").joinpath("scene/report").read_bytes()}
)


def configuration(lab: Lab) -> dict[str, Any]:
    return bundles.configuration(lab, "bundle")


EDIT = """
import json
config = json.load(open("bundle/config.json"))
process = config["process"]
process.update(terminal=False, args=["/bin/report", "{token}"])
process["user"] = dict(uid={number}, gid={number})
config["hostname"] = "{box}"
CHANGE
json.dump(config, open("bundle/config.json", "w"), indent=1)
"""

OTHER_ID = "cd bundle/rootfs/usr/bin && rm id && printf '#!/bin/sh\\necho {number}\\n' > id && chmod +x id"


def edited(change: str = "pass") -> str:
    return python(EDIT.replace("CHANGE", change))
