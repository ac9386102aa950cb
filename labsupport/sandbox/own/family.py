"""Processes and their parents, read from /proc: who started whom (proc_pid_stat(5))."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labsupport.sandbox import processes
from labsupport.sandbox.processes import PROC


@dataclass(frozen=True, slots=True)
class Process:
    """One process; name is the kernel's (15 characters), or the program's where that is longer."""

    pid: int
    parent: int
    name: str


def process(pid: int, proc: Path = PROC) -> Process | None:
    """A process of this machine, None when it has ended."""
    found = processes.stat(pid, proc)
    return Process(pid, found.parent, _name(pid, found.name, proc)) if found and found.alive else None


def _name(pid: int, short: str, proc: Path) -> str:
    """The kernel keeps 15 characters (`containerd-shim`); the first word of the command line may have them all."""
    with contextlib.suppress(OSError):
        words = (proc / str(pid) / "cmdline").read_bytes().split(b"\0")
        program = words[0].decode(errors="replace").rpartition("/")[2]
        if len(short) == 15 and program.startswith(short):
            return program
    return short


def rows(pids: Iterable[int], more: Iterable[int] = (), proc: Path = PROC) -> list[Process]:
    """The processes that live, and those of `more` (such as process 1) that are parents of one of them."""
    found = {pid: one for pid in set(pids) if (one := process(pid, proc))}
    for pid in more:
        if pid not in found and any(one.parent == pid for one in found.values()) and (one := process(pid, proc)):
            found[pid] = one
    return sorted(found.values(), key=lambda one: one.pid)


def of_sandbox(directory: Path) -> list[Process]:
    """The sandbox's engine: dockerd and its parent, containerd, shims and what runs below them, process 1.

    Left out: the hub's registries, and an engine that a lesson has beside it.
    """
    from labsupport.sandbox.own import keeper

    beside = processes.leftovers(str(directory / "own"), keeper.MARK)
    found = rows(processes.leftovers(str(directory)) - beside)
    kept = {one.pid for one in found if one.name == "dockerd" or one.name.startswith("containerd")}
    shims = {one.pid for one in found if one.name.startswith("containerd-shim")}
    below = processes.descendants(shims, [(one.pid, one.parent) for one in found])
    return rows(kept | below, {1, *(one.parent for one in found if one.name == "dockerd")})


def tree(found: Sequence[Process]) -> list[tuple[int, Process]]:
    """(depth, process), parents before their children, in order of ids; who has no parent here begins at depth 0."""
    known = {one.pid for one in found}
    children: dict[int, list[Process]] = {}
    for one in sorted(found, key=lambda one: one.pid):
        children.setdefault(one.parent if one.parent in known and one.parent != one.pid else 0, []).append(one)
    ordered: list[tuple[int, Process]] = []

    def walk(pid: int, depth: int) -> None:
        for child in children.get(pid, ()):
            ordered.append((depth, child))
            walk(child.pid, depth + 1)

    walk(0, 0)
    return ordered


def as_text(found: Sequence[Process]) -> str:
    """The tree, a line for each process: its id, and its name below its parent's."""
    return "\n".join(f"{one.pid:>7}  {'   ' * depth}{one.name}" for depth, one in tree(found))
