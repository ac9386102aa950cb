"""A file tree as one list of lines and one hash, from a folder or from an archive, so that two can be compared.

A line has the path, the kind, the permission bits and what is in it. Left out: owners and times (an ordinary user
cannot keep them), and what an engine puts into every container when it creates one. Trees may be made to do harm: no
link is followed, nothing is held in memory whole, and there is a limit of entries and of bytes.
"""

from __future__ import annotations

import hashlib
import posixpath
import stat
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, cast

from labsupport.errors import ImageDataError
from labsupport.oci.reading import LARGEST, PIECE, Budget, Joined, opened, pieces_of, printable

MOST = 200_000  # entries: a whole distribution has a tenth of that

# what the engine lays into a container's own layer when it creates it, so that it can mount there
ENGINES_OWN = (
    *(".dockerenv", "dev", "proc", "sys", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"),
    *("run/.containerenv",),
)

Tree = dict[str, str]  # path -> kind, permissions and contents


def of_folder(folder: str | Path, limit: int = LARGEST) -> Tree:
    """The tree below a folder of this machine. Paths have no leading slash; what may not be read is said to be so.

    limit: bytes of all files. Raises ImageDataError beyond it, beyond MOST entries, and when folder is a link.
    """
    top = Path(folder)
    if top.is_symlink():
        raise ImageDataError(f"{top.name} is a link, and not a folder")
    budget, found = Budget(limit), dict[str, str]()
    waiting = [""]  # os.walk() calls itself for each folder in a folder, on some Pythons
    while waiting:
        inside = waiting.pop()
        try:
            names = sorted(each.name for each in (top / inside).iterdir())
        except OSError:
            found[inside or "."] = "folder that may not be read"
            continue
        for name in names:
            path = f"{inside}/{name}" if inside else name
            found[path] = _line(top / path, top, budget)
            if found[path].startswith("folder"):
                waiting.append(path)
        _count(len(found))
    return _kept(found)


def _line(path: Path, top: Path, budget: Budget) -> str:
    facts = path.lstat()
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISLNK(facts.st_mode):
        return f"link -> {path.readlink()}"
    if stat.S_ISDIR(facts.st_mode):
        return f"folder {mode:04o}"
    if not stat.S_ISREG(facts.st_mode):
        return f"special {mode:04o}"
    try:
        with opened(path, top) as file:
            return f"file {mode:04o} {_hash(pieces_of(file), budget)}"
    except OSError:
        return f"file {mode:04o} that may not be read"


def of_archive(stream: IO[bytes] | Joined, limit: int = LARGEST) -> Tree:
    """The tree in a tar archive that is read to its end, such as `docker export` writes. Later entries count.

    limit: bytes of all files. Raises ImageDataError beyond it, beyond MOST entries, and for what is no archive.
    """
    budget, found = Budget(limit), dict[str, str]()
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            for number, entry in enumerate(archive, 1):
                _count(number)
                path = posixpath.normpath(entry.name).lstrip("/")
                if path != ".":
                    found[path] = _archived(archive, entry, found, budget)
        # what follows an archive's end as well: the connection that brings it stays open otherwise
        for piece in iter(lambda: stream.read(PIECE), b""):
            budget.spend(len(piece))
    except tarfile.TarError as error:
        raise ImageDataError("this is no whole tar archive", seen=str(error)) from None
    return _kept(found)


def file_of(stream: IO[bytes] | Joined, limit: int = LARGEST) -> bytes:
    """The contents of the first file in a tar archive such as `docker cp CONTAINER:FILE -` writes; it is read whole.

    Raises ImageDataError beyond limit bytes, and where there is no file.
    """
    budget, found = Budget(limit), b""
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
            for entry in archive:
                if not found and (source := archive.extractfile(entry)):
                    found = b"".join(budget.metered(iter(lambda: source.read(PIECE), b"")))
        for piece in iter(lambda: stream.read(PIECE), b""):
            budget.spend(len(piece))
    except tarfile.TarError as error:
        raise ImageDataError("this is no whole tar archive", seen=str(error)) from None
    if not found:
        raise ImageDataError("there is no file in this archive")
    return found


def _archived(archive: tarfile.TarFile, entry: tarfile.TarInfo, found: Tree, budget: Budget) -> str:
    mode = entry.mode & 0o7777
    if entry.issym():
        return f"link -> {entry.linkname}"
    if entry.isdir():
        return f"folder {mode:04o}"
    if entry.islnk():
        return found.get(posixpath.normpath(entry.linkname).lstrip("/"), "link to nothing")
    if source := archive.extractfile(entry):
        return f"file {mode:04o} {_hash(iter(lambda: source.read(PIECE), b''), budget)}"
    return f"special {mode:04o}"


def _hash(pieces: Iterable[bytes], budget: Budget) -> str:
    digest = hashlib.sha256()
    for piece in budget.metered(pieces):
        digest.update(piece)
    return digest.hexdigest()


def _count(entries: int) -> None:
    if entries > MOST:
        raise ImageDataError(f"too much to look at: more than {MOST:,} files and folders")


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
    return [printable(line) for line in found]


def _kept(found: Tree) -> Tree:
    return {
        path: line
        for path, line in found.items()
        if not any(path == own or path.startswith(f"{own}/") for own in ENGINES_OWN)
    }
