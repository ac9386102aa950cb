"""The sandbox's own cgroups: made before the engine starts, which may write to them and to no other (cgroups(7))."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def unified() -> bool:
    """Whether this machine has one tree, of version 2, and not one of version 1 for each controller."""
    return (ROOT / "cgroup.procs").exists()


def hierarchies() -> Iterator[Path]:
    """The mounted cgroup trees."""
    if unified():
        yield ROOT
    elif ROOT.is_dir():
        yield from (path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink())


def make(name: str) -> list[Path]:
    """Make a cgroup of that name ("a/b" is one below another) in every tree where this user may; the folders."""
    made = []
    for hierarchy in hierarchies():
        with contextlib.suppress(OSError):
            folder = hierarchy
            for part in Path(name).parts:
                parent, folder = folder, folder / part
                folder.mkdir(exist_ok=True)
                _hand_down(parent, folder)
            made.append(folder)
    return made


def join(name: str) -> bool:
    """Move this process into a cgroup of that name in every tree where it may: its children's lie beside or below."""
    joined = False
    for folder in make(name):
        with contextlib.suppress(OSError):
            (folder / "cgroup.procs").write_text(str(os.getpid()))
            joined = True
    return joined


def _hand_down(parent: Path, folder: Path) -> None:
    """What a new cgroup must have of its parent before it can be used."""
    if parent == ROOT:
        # version 2: which controllers the cgroups below have (cgroups(7), "cgroup.subtree_control")
        with contextlib.suppress(OSError):
            for controller in (parent / "cgroup.controllers").read_text().split():
                with contextlib.suppress(OSError):
                    (parent / "cgroup.subtree_control").write_text(f"+{controller}")
    for name in ("cpuset.cpus", "cpuset.mems"):
        setting = folder / name
        # version 1: no process until it has processors and memory (cpuset(7))
        if (folder / "cgroup.clone_children").exists() and setting.exists() and not setting.read_text().strip():
            setting.write_text((parent / name).read_text())
