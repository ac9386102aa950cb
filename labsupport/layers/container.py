"""Copy-on-write seen from outside: what a container wrote over its image, with bytes.

`docker diff` (`/containers/ID/changes`) has kinds and paths but no sizes; `HEAD /containers/ID/archive` gives one
path's size and mode; `SizeRw` the engine's own sum. All three only look, also at a stopped container.
"""

from __future__ import annotations

import base64
import json
import stat
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass

from labsupport.errors import ImageDataError
from labsupport.layers.connection import EngineApi, NotFound

_KINDS = {0: "M", 1: "A", 2: "D"}
# Go's os.FileMode, which the engine sends, has its type bits at other places than Unix.
_GO_DIRECTORY, _GO_SYMLINK = 1 << 31, 1 << 27


@dataclass(frozen=True, slots=True)
class Change:
    """One path in the container's own layer. kind: "A", "M", "D"; size: bytes, None for what is no regular
    file.
    """

    kind: str
    path: str
    size: int | None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Writable:
    """A container's own layer. size: the engine's SizeRw in bytes; unsized: changes beyond the limit, without
    sizes.
    """

    container: str
    image: str
    changes: tuple[Change, ...]
    size: int
    unsized: int = 0

    @property
    def file_bytes(self) -> int:
        """Bytes of the files (and symlink targets) that `docker diff` lists."""
        return sum(change.size or 0 for change in self.changes)

    @property
    def unlisted(self) -> int:
        """Bytes the layer holds beyond what `docker diff` lists: blocks on the containerd store, and everywhere
        files
        that were copied up and are as before (`chmod` to the mode a file already has: no change, a whole copy).
        """
        return self.size - self.file_bytes


def writable_layer(api: EngineApi, container: str, *, limit: int = 2000) -> Writable:
    """What the container wrote. limit: at most that many paths are asked for their size, about 1 ms each.

    Raises ImageDataError when there is no such container.
    """
    name = urllib.parse.quote(container)
    details = api.get(f"/containers/{name}/json?size=1")
    raw = api.get(f"/containers/{name}/changes") or []
    changes = [Change(_KINDS.get(entry["Kind"], "?"), entry["Path"], None) for entry in raw]
    # A directory is "M" because something in it changed; it costs nothing and is asked for nothing.
    folders = {path for change in changes for path in _above(change.path)}
    sized: list[Change] = []
    asked = 0
    for change in sorted(changes, key=lambda change: change.path):
        if change.kind != "D" and change.path not in folders and asked < limit:
            change, asked = _measured(api, name, change), asked + 1
        sized.append(change)
    unsized = sum(change.kind != "D" and change.path not in folders for change in changes) - asked
    return Writable(
        str(details.get("Name", container)).lstrip("/"),
        str((details.get("Config") or {}).get("Image", "")),
        tuple(sized),
        int(details.get("SizeRw") or 0),
        unsized,
    )


def _above(path: str) -> Iterable[str]:
    while "/" in path[1:]:
        path = path.rpartition("/")[0]
        yield path


def _measured(api: EngineApi, name: str, change: Change) -> Change:
    try:
        headers = api.head(f"/containers/{name}/archive?path={urllib.parse.quote(change.path, safe='/')}")
        found = json.loads(base64.b64decode(headers["x-docker-container-path-stat"]))
    except (NotFound, KeyError):
        return change  # gone since, or shadowed by a mount
    except ValueError as error:
        raise ImageDataError(f"The engine describes {change.path} in no known form.", seen=str(error)) from None
    mode = int(found["mode"])
    permissions = stat.filemode(mode & 0o777)[1:]
    if mode & _GO_DIRECTORY:
        return Change(change.kind, change.path, None, "d" + permissions)
    if mode & _GO_SYMLINK:
        return Change(change.kind, change.path, int(found["size"]), "l" + permissions)
    return Change(change.kind, change.path, int(found["size"]), "-" + permissions)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation in a container did to its layer. written: bytes the program wrote; grew: bytes it
    cost.
    """

    what: str
    written: int
    grew: int
    size_after: int

    @property
    def amplification(self) -> float | None:
        """Bytes copied up for each byte written; None when nothing was written."""
        return self.grew / self.written if self.written else None
