"""08.6 The bundle that ran yesterday."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from labsupport.exercises.author import *
from labsupport.exercises.looks import follow

from ...shared import FILES, OTHER_ID, configuration, edited, made, python


@look("cat bundle/config.json")
def changed(lab: Lab) -> list[str]:
    """Where config.json differs from yesterday's."""
    return sorted(_rows(_plain(configuration(lab), lab)) ^ _rows(_plain(_yesterdays(lab), lab)))


def _yesterdays(lab: Lab) -> dict[str, Any]:
    """The scene's config.json without a fault, made anew beside it."""
    with tempfile.TemporaryDirectory(dir=lab.folder, prefix=".check-") as folder:
        subprocess.run(lab.sandbox().on_engine_host(["runc", "spec"]), cwd=folder, check=True, capture_output=True)
        words = (lab.values[key] for key in ("token", "box", "number"))
        made()["bundle"](folder, "none", *words)
        return bundles.configuration(lab, Path(folder).name)


def _plain(config: dict[str, Any], lab: Lab) -> dict[str, Any]:
    """The configuration in one way of writing it: what differs now makes a difference."""
    root, linux = follow(config, ".root") or {}, follow(config, ".linux") or {}
    if os.path.normpath(lab.folder / "bundle" / str(follow(root, ".path"))) == str(lab.folder / "bundle" / "rootfs"):
        root = {**root, "path": "rootfs"}
    mounts = {}
    for each in config.get("mounts") or ():
        options = set(follow(each, ".options") or ())
        if follow(each, ".type") == "proc" and options <= {"nosuid", "noexec", "nodev"}:
            each = {"type": "proc"}  # Docker's has these options, and runc's has none
        mounts[str(follow(each, ".destination") or "/proc")] = each
    walls = {str(follow(each, ".type")): True for each in linux.get("namespaces") or ()}
    process = follow(config, ".process") or {}
    rights = {kind: sorted(map(str, names)) for kind, names in (follow(process, ".capabilities") or {}).items()}
    return {
        **config, "root": root, "mounts": mounts, "linux": {**linux, "namespaces": walls},
        "process": {**process, "capabilities": rights},
    }  # fmt: skip


def _rows(found: Any, path: str = "") -> set[str]:
    """`path value` of all there is in a document; what is empty is not there."""
    if isinstance(found, dict):
        return {row for key, each in found.items() for row in _rows(each, f"{path}.{key}" if path else str(key))}
    return {f"{path} {json.dumps(found, sort_keys=True)}"} if found or (found == 0 and found is not False) else set()


MEND = """
import json, os
config = json.load(open("bundle/config.json"))
config["root"]["path"] = "rootfs"
config["process"]["user"]["uid"] = {number}
have = [each["type"] for each in config["linux"]["namespaces"]]
config["linux"]["namespaces"] += [dict(type="uts")] * ("uts" not in have)
if not any(each["destination"] == "/proc" for each in config["mounts"]):
    config["mounts"].insert(0, dict(destination="/proc", type="proc", source="proc"))
CHANGE
json.dump(config, open("bundle/config.json", "w"), indent=1)
"""


def mended(change: str = "pass") -> str:
    return python(MEND.replace("CHANGE", change))


EXERCISE = Exercise(
    id="08.6",
    title="The bundle that ran yesterday",
    goal="Yesterday the bundle in the folder `bundle` of $LAB ran as user {number} with the host name `{box}`, and "
    "told `{token}`. Then somebody edited its config.json. Find the fault and mend it; all else stays as it is.",
    seeds={
        "fault": Pick(("root", "user", "uts", "proc")),
        "box": Name("box"),
        "number": Pick((1001, 1234, 2001, 4711)),
        "token": Token(),
    },
    scene=Scene(
        files="../../files/scene",
        commands=(
            "docker create --name busybox-{id} --label course.lab={id} busybox",
            "mkdir -p bundle/rootfs && docker export busybox-{id} | tar -x -C bundle/rootfs",
            "mv report bundle/rootfs/bin/report && cd bundle && engine-host runc spec",
            "python3 make.py bundle bundle {fault} {token} {box} {number} && rm make.py",
        ),
    ),
    steps=(
        Step(
            "runs",
            Probe(
                "it runs as it did yesterday",
                oci.run("bundle"),
                expect.contains("exit 0: host {box}, user {number}, group {number}, told: {token}"),
                mistakes=(
                    Mistake(
                        "another configuration",
                        "`runc spec` writes a new one, which knows nothing of this program; undo brings the old one.",
                        lambda lab, value: lab.values["token"] not in json.dumps(configuration(lab)),
                    ),
                ),
            ),
            State(
                "all else is as it was yesterday",
                changed,
                expect.absent(),
                mistakes=(
                    Mistake(
                        "a wall was taken down",
                        "what is not listed, the container shares with the machine.",
                        lambda lab, value: any(line.startswith("linux.namespaces") for line in value),
                    ),
                    Mistake(
                        "more than the fault was changed",
                        "the lines above differ between your config.json and yesterday's. "
                        'undo("08.6") brings back the one with the fault alone.',
                    ),
                ),
            ),
            State("its files are those of yesterday", FILES, expect.absent()),
            points=3,
        ),
    ),
    solution=(mended(),),
    right=(
        Right(
            "proc as Docker mounts it, the path in full",
            (
                mended(
                    '[each.update(options=["nosuid", "noexec", "nodev"]) for each in config["mounts"] '
                    'if each["type"] == "proc"]; config["root"]["path"] = os.getcwd() + "/bundle/rootfs"'
                ),
            ),
        ),
        Right(
            "with sed, run in between",
            (
                "cd bundle && engine-host runc run tried",
                mended(
                    'config["linux"]["namespaces"].reverse(); config["process"]["capabilities"]["bounding"].reverse()'
                ),
                "cd bundle && engine-host runc run tried; touch rootfs/mine",
            ),
        ),
        Right(
            "the keys sorted, on one line",
            (
                mended(),
                python(
                    'import json\nbundle = json.load(open("bundle/config.json"))\n'
                    'json.dump(bundle, open("bundle/config.json", "w"), sort_keys=True)\n'
                ),
            ),
        ),
        Right(
            "written anew from runc spec",
            (
                "cd bundle && rm config.json && engine-host runc spec",
                edited(),
            ),
        ),
    ),
    wrong=(
        Wrong(
            "a script that says so",
            (
                mended('config["process"]["user"] = dict(uid=0, gid=0)'),
                "printf '#!/bin/sh\necho host {box}, user {number}, group {number}, told: {token}\n' "
                "> bundle/rootfs/bin/report",
            ),
            says="more than the fault was changed",
        ),
        Wrong("another id", (mended(), OTHER_ID), says="usr/bin/id is another"),
        Wrong(
            "a file in the place of proc",
            (mended(), "rmdir bundle/rootfs/proc; echo > bundle/rootfs/proc"),
            says="exit 1",
        ),
        Wrong(
            "more rights",
            (mended('config["process"]["capabilities"]["bounding"].append("CAP_CHOWN")'),),
            says="more than the fault was changed",
        ),
        Wrong(
            "a new configuration",
            ("cd bundle && rm config.json && engine-host runc spec",),
            says="another configuration",
        ),
        Wrong(
            "without a network of its own",
            (mended('walls = config["linux"]["namespaces"]; walls.remove(dict(type="network"))'),),
            says="a wall was taken down",
        ),
        Wrong("as root", (mended('config["process"]["user"] = dict(uid=0, gid=0)'),), says="user 0, group 0"),
        Wrong("another name", (mended('config["hostname"] = "yesterday"'),), says="host yesterday"),
    ),
    minutes=10,
)
