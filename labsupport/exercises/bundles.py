"""Looks at a learner's bundle that nothing in its root filesystem can deceive.

What a config.json makes of a program is asked of a program that the check lays into a root filesystem of its own, with
words at its end that nobody knows before; the learner's root filesystem is compared with the image, file by file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.exercises import oci, traces
from labsupport.exercises.lab import Lab, Missing
from labsupport.exercises.looks import Look, follow
from labsupport.oci import tree
from labsupport.oci.bundle import dangers
from labsupport.oci.reading import Joined, document

LINKS = ("sh", "ash", "hostname", "id", "echo", "cat", "env", "printf", "uname", "exec")
# `runc spec --rootless` binds the machine's, read-only; in a trial an empty folder does
ROOTLESS_SYS = {"destination": "/sys", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "nosuid", "nodev"]}


def configuration(lab: Lab, folder: str) -> dict[str, Any]:
    """The bundle's config.json. Raises Missing where there is none, or no JSON object in it."""
    bundle = lab.inside(folder)
    if not (bundle / "config.json").exists():
        raise Missing(f"there is no config.json in {folder}")
    try:
        found = document(bundle / "config.json", bundle)
    except ImageDataError as error:
        raise Missing(error.message) from None
    if not isinstance(found, dict):
        raise Missing(f"{folder}/config.json is no JSON object")
    return found


def told(folder: str, program: str, text: str) -> Look:
    """`exit 0: OUTPUT` of config.json with a root filesystem of the check's own, in which program is this shell text.

    What did not come from that program says so.
    """

    def run(lab: Lab) -> str:
        config, word = configuration(lab, folder), secrets.token_hex(4)
        mounts = config.get("mounts")
        if isinstance(mounts, list):
            config["mounts"] = [ROOTLESS_SYS if _is_rootless_sys(each) else each for each in mounts]
        root = config.get("root")
        config["root"] = {**(root if isinstance(root, dict) else {}), "path": "rootfs"}
        with tempfile.TemporaryDirectory(dir=lab.folder, prefix=".check-") as own:
            copy = Path(own)
            (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
            if found := dangers(copy):  # what reaches out does so in the learner's, too
                return f"not run: config.json has {'; '.join(found)}"
            _lay(lab, copy / "rootfs", program, f"#!/bin/sh\n{text}\necho {word}\n")
            said = str(oci.run(copy.name).fetch(lab))
        if word in said:
            return said.replace(word, "").replace(copy.name, folder).strip()
        return f"{said.replace(copy.name, folder)} (and it was not /{program} that said so)"

    return Look(
        lambda lab: lab.once(f"{folder}/{program}", lambda: run(lab)), f"cd {folder}; engine-host runc run mine"
    )


def _is_rootless_sys(mount: Any) -> bool:
    options = follow(mount, ".options")
    return (
        follow(mount, ".destination") == follow(mount, ".source") == "/sys"
        and isinstance(options, list)
        and {"rbind", "ro"} <= set(map(str, options))
    )


def _lay(lab: Lab, rootfs: Path, program: str, text: str) -> None:
    for made in (rootfs, rootfs / "bin", (rootfs / program).parent):
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
    with _container(lab) as container:
        busybox = tree.file_of(Joined(container.get_archive("/bin/busybox")[0]))
    for path, contents in ((rootfs / "bin/busybox", busybox), (rootfs / program, text.encode())):
        path.write_bytes(contents)
        path.chmod(0o755)
    for name in LINKS:
        (rootfs / "bin" / name).symlink_to("busybox")


@contextmanager
def _container(lab: Lab) -> Iterator[Any]:
    """A container of busybox that is never started."""
    key, value = traces.PROBE_LABEL.split("=")
    container = lab.client.containers.create("busybox", name=traces.container_name(), labels={key: value})
    try:
        yield container
    finally:
        with traces.gone_or_in_use():
            container.remove(force=True)


def differences(folder: str, added: Mapping[str, bytes]) -> Look:
    """How the bundle's root filesystem differs from busybox with programs added to it; [] when it does not.

    What else lies in it does not count, nor do permissions but those to execute: an ordinary user's tar changes them.
    """

    def fetch(lab: Lab) -> list[str]:
        path = str(follow(configuration(lab, folder), ".root.path") or "")
        bundle = lab.inside(folder)
        root = Path(os.path.realpath(bundle / path))
        if not path or not root.is_relative_to(os.path.realpath(bundle)) or not root.is_dir():
            raise Missing(f"root.path in config.json leads to no folder of {folder}")
        try:
            mine = {name: _kind(line) for name, line in tree.of_folder(root).items()}
            with _container(lab) as container:
                theirs = {name: _kind(line) for name, line in tree.of_archive(Joined(container.export())).items()}
        except ImageDataError as error:
            raise Missing(error.message) from None
        theirs.update({name: f"program {hashlib.sha256(text).hexdigest()}" for name, text in added.items()})
        found = []
        for name, line in sorted(theirs.items()):
            if name not in mine:
                found.append(f"{name} is not there")
            elif mine[name] != line:
                # the same bytes, then: only the right to execute them is missing
                same = mine[name].rpartition(" ")[2] == line.rpartition(" ")[2]
                found.append(f"{name} may not be executed" if same else f"{name} is another")
        return found

    return Look(fetch, f"find {folder} | head")


def _kind(line: str) -> str:
    """A line of a tree with only so much of the permissions as counts."""
    if line.startswith("folder"):
        return "folder"
    if mode := re.match(r"file (\d{4}) ", line):
        return ("program " if int(mode[1], 8) & 0o111 else "file ") + line[mode.end() :]
    return line
