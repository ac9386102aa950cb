"""Where the sandbox's engine keeps images: with a graph driver, or in the containerd image store.

Engines have always had graph drivers (overlay2). The containerd image store came with 24, and is what a fresh
installation of Docker 29 and Docker Desktop use (docs.docker.com, "containerd image store with Docker Engine"). What
one of them keeps the other cannot see. So the sandbox never leaves the choice to the engine: LABSUPPORT_STORE chooses
at the first boot, the settings file keeps it with the data, and only `reset`, which removes the data, can change it.

Standard library only: the supervisor imports it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labsupport.errors import SandboxError
from labsupport.sandbox import state

GRAPH, CONTAINERD = "graph", "containerd"
NAMES = {GRAPH: "graph driver", CONTAINERD: "containerd image store"}
FIRST_WITH_CONTAINERD = 24  # older engines ignore the setting


def wish() -> str:
    """The store LABSUPPORT_STORE asks for, "" when it asks for none. Raises SandboxError for a word it cannot be."""
    wished = os.environ.get("LABSUPPORT_STORE", "")
    if wished and wished not in NAMES:
        raise SandboxError(
            f"LABSUPPORT_STORE is {wished!r}: it can be {' or '.join(NAMES)}", next_command="unset LABSUPPORT_STORE"
        )
    return wished


def kept(directory: Path) -> str:
    """The store the sandbox's data belongs to; "" where it has none yet, or none any more."""
    try:
        return state.read_settings(directory).store
    except (OSError, ValueError, TypeError):
        return ""


def choose(directory: Path) -> str:
    """The store for the next boot. Raises SandboxError where the data there belongs to the other one."""
    wished, had = wish(), kept(directory)
    if wished and had and wished != had:
        raise SandboxError(
            f"this sandbox keeps its images with the {NAMES[had]}: the {NAMES[wished]} would not see them",
            seen=f"LABSUPPORT_STORE={wished}, and data of the other in {directory}",
            next_command="unset LABSUPPORT_STORE   "
            "(or change it, which removes the sandbox's images and containers: python3 -m labsupport reset)",
        )
    return wished or had or GRAPH


def check(name: str, engine_major: int) -> None:
    """Refuse a store this engine does not have; 0 stands for an engine of unknown version. Raises SandboxError."""
    if name == CONTAINERD and 0 < engine_major < FIRST_WITH_CONTAINERD:
        raise SandboxError(
            f"this engine has no {NAMES[name]}: that came with version {FIRST_WITH_CONTAINERD}",
            seen=f"version {engine_major}, LABSUPPORT_STORE={name}",
            next_command="unset LABSUPPORT_ENGINE LABSUPPORT_STORE",
        )


def forget(directory: Path) -> None:
    """The data has been removed: the next boot may choose anew."""
    try:
        settings = state.read_settings(directory)
    except (OSError, ValueError, TypeError):
        return
    settings.store = ""
    state.write_json(directory / state.SETTINGS, settings)


def configuration(name: str) -> dict[str, Any]:
    """What pins the store in an engine's daemon.json: dockerd(8), "features"."""
    return {"features": {"containerd-snapshotter": name == CONTAINERD}}


def of(info: Mapping[str, Any]) -> str:
    """The store of an engine that answered /info with this: only containerd's is a "snapshotter" in DriverStatus."""
    status = dict(row for row in info.get("DriverStatus") or [] if len(row) == 2)
    return CONTAINERD if "containerd" in str(status.get("driver-type", "")) else GRAPH
