"""A file tree as one list of lines and one hash, from a folder or from an archive, so that two can be compared.

A line has the path, the kind, the permission bits and what is in it. Left out: owners and times (an ordinary user
cannot keep them), and what an engine puts into every container when it creates one.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

# what the engine lays into a container's own layer when it creates it, so that it can mount there
ENGINES_OWN = (
    *(".dockerenv", "dev", "proc", "sys", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"),
    *("run/.containerenv",),
)

Tree = dict[str, str]  # path -> kind, permissions and contents


def of_folder(folder: str | Path) -> Tree:
    """The tree below a folder of this machine. Paths have no leading slash."""
    top = Path(folder)
    found: Tree = {}
    for here, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(here, name)
            facts = path.lstat()
            mode = facts.st_mode
            if stat.S_ISLNK(mode):
                line = f"link -> {path.readlink()}"
            elif stat.S_ISDIR(mode):
                line = f"folder {stat.S_IMODE(mode):04o}"
            elif stat.S_ISREG(mode):
                line = f"file {stat.S_IMODE(mode):04o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            else:
                line = f"special {stat.S_IMODE(mode):04o}"
            found[path.relative_to(top).as_posix()] = line
    return _kept(found)


def of_archive(stream: IO[bytes]) -> Tree:
    """The tree in a tar archive that is read to its end, such as `docker export` writes. Later entries count."""
    found: Tree = {}
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for entry in archive:
            path = posixpath.normpath(entry.name).lstrip("/")
            if path == ".":
                continue
            if entry.issym():
                found[path] = f"link -> {entry.linkname}"
            elif entry.isdir():
                found[path] = f"folder {entry.mode & 0o7777:04o}"
            elif entry.islnk():
                found[path] = found.get(posixpath.normpath(entry.linkname).lstrip("/"), "link to nothing")
            elif source := archive.extractfile(entry):
                found[path] = f"file {entry.mode & 0o7777:04o} {hashlib.sha256(source.read()).hexdigest()}"
            else:
                found[path] = f"special {entry.mode & 0o7777:04o}"
    return _kept(found)


def tree_hash(tree: Mapping[str, str]) -> str:
    """One number for the whole tree: the SHA-256 of its lines, sorted, in hexadecimal digits."""
    lines = "".join(f"{path} {line}\n" for path, line in sorted(tree.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def differences(mine: Mapping[str, str], theirs: Mapping[str, str], names: tuple[str, str]) -> list[str]:
    """`PATH is only in NAME`, or `PATH differs`: sorted by path."""
    found = []
    for path in sorted(set(mine) | set(theirs)):
        if path not in theirs:
            found.append(f"{path} is only in {names[0]}")
        elif path not in mine:
            found.append(f"{path} is only in {names[1]}")
        elif mine[path] != theirs[path]:
            found.append(f"{path} differs: {mine[path][:18]} and {theirs[path][:18]}")
    return found


def _kept(found: Tree) -> Tree:
    return {
        path: line
        for path, line in found.items()
        if not any(path == own or path.startswith(f"{own}/") for own in ENGINES_OWN)
    }
