"""The picture of lesson 07: a `docker run` as it went through a real engine's processes.

What was seen is kept in the lesson's trace.json, as a terminal's transcript is.

    python3 -m labsupport.lessons.engine_diagrams      record it anew on the running sandbox (private or rootless)
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from labsupport.figures.architecture import Station, architecture, stations
from labsupport.lessons.source import ROOT
from labsupport.shell.watch import peer, watching

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme
    from labsupport.sandbox import Sandbox

TRACE = ROOT / "labs" / "07-client-daemon-registry" / "trace.json"
NAME = "trace-of-a-run"


def trace(sb: Sandbox) -> dict[str, Any]:
    """Run one container in a sandbox whose processes can be seen from here; who worked on it, as JSON can keep it."""
    command = ["docker", "run", "-d", "--rm", "--name", NAME, "--label", "course.lab=trace", "busybox", "sleep", "3600"]
    client = sb.client()
    client.images.pull("busybox", tag="latest")
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(urlsplit(sb.docker_host).path)
        daemon = peer(line)
    try:
        with watching() as seen:
            time.sleep(0.1)  # the watcher's first look is behind it
            subprocess.run(command, env=sb.environment(), check=True, stdout=subprocess.DEVNULL)
            time.sleep(0.1)  # and it has seen the last one go
        chain = stations(seen, daemon, int(client.containers.get(NAME).attrs["State"]["Pid"]))
        objects = {
            "images": len(client.images.list()),
            "containers": len(client.containers.list(all=True)),
            "networks": len(client.networks.list()),
            "volumes": len(client.volumes.list()),
        }
    finally:
        client.api.remove_container(NAME, force=True)
    return {"stations": [asdict(each) for each in chain], "objects": objects, "registry": sb.registry}


def drawn(recorded: dict[str, Any], theme: Theme) -> Figure:
    """A trace as a figure."""
    chain = [Station(**each) for each in recorded["stations"]]
    return architecture(chain, recorded["objects"], recorded["registry"]).draw(theme)


def engine_architecture(theme: Theme) -> Figure:
    """The trace that is kept with the lesson."""
    return drawn(json.loads(TRACE.read_text(encoding="utf-8")), theme)


ENGINES: dict[str, Draw] = {"architecture": engine_architecture}


def main(path: Path = TRACE) -> None:
    """Record the trace anew; the folders in it are a learner's."""
    from labsupport import sandbox
    from labsupport.lessons.place import LEARNERS_CACHE
    from labsupport.sandbox import paths

    text = json.dumps(trace(sandbox.attach()), indent=1) + "\n"
    path.write_text(text.replace(os.fspath(paths.cache()), LEARNERS_CACHE), encoding="utf-8")


if __name__ == "__main__":
    main()
