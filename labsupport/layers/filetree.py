"""The files of an image as a tree, as one layer leaves them: bytes of every folder, and what the layer changed.

Made for 400,000 files: sums are made once, rows only for the folder that is looked at.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labsupport.errors import ImageDataError
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import clean
from labsupport.layers.versions import Content, Version

KINDS = {"0": "file", "1": "file", "2": "symlink", "3": "device", "4": "device", "5": "folder", "6": "pipe"}
SORTS = ("size", "name", "files")


@dataclass(frozen=True, slots=True)
class Row:
    """One path. change: what the layer did to it, "A" added, "M" changed, "D" removed, "" nothing. size: bytes of the
    file, or of all files below a folder, a file of several names once; of a removed one, what it had. files: how many
    that are, itself for a file; changes: how many of them the layer added, changed or removed. layer: that it is from,
    counted from 0. stored: bytes in the layer's archive, fewer for a sparse file.
    """

    path: str
    kind: str
    change: str
    size: int
    files: int
    changes: int
    layer: int
    mode: int
    uid: int
    gid: int
    link: str = ""
    stored: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class FileTree:
    """What is there after a layer, counted from 0 (the last one: what a container sees), and what that layer removed.

    match: only paths like this, shell patterns for the whole path or its last part, without `*?[` any part of the path.
    only_changes: only what the layer added, changed or removed. Folders are there for what is in them, and for
    themselves when nothing is left out. Raises ImageDataError when there is no such layer.
    """

    def __init__(
        self, history: FileHistory, layer: int | None = None, *, match: str = "", only_changes: bool = False
    ) -> None:
        last = len(history.layers) - 1
        self.layer = last if layer is None else layer
        if not 0 <= self.layer <= max(last, 0):
            raise ImageDataError(f"There is no layer {self.layer + 1}.", seen=f"{last + 1} layers")
        self.history = history if self.layer == last else FileHistory(history.layers[: self.layer + 1])
        self._all = not match and not only_changes
        self._only_changes = only_changes
        self._matches = matcher(match)
        self._versions: dict[str, Version] = {}
        self._removed: set[str] = set()
        self._sums: dict[str, list[int]] = {"": [0, 0, 0]}  # bytes, files, changes
        self._children: dict[str, list[str]] = {}
        self._collect()

    def rows(self, folder: str = "", *, sort: str = "size") -> list[Row]:
        """What lies in a folder: the largest first, or by "name", or those with most "files". Raises ImageDataError."""
        place = clean(folder)
        if place not in self._sums:
            raise ImageDataError(f"There is no folder /{place} here.", seen=f"layer {self.layer + 1}")
        found = [self._row(path) for path in self._children.get(place, ())]
        if sort == "name":
            return sorted(found, key=lambda row: row.path)
        by_size = sort == "size"
        return sorted(found, key=lambda row: (-(row.size if by_size else row.files), row.path))

    def walk(self, folder: str = "", *, depth: int | None = None, sort: str = "size") -> Iterator[tuple[int, Row]]:
        """A folder's rows and those below, each with its depth from 0, down to so many."""
        waiting = [(0, row) for row in reversed(self.rows(folder, sort=sort))]
        while waiting:
            at, row = waiting.pop()
            yield at, row
            if row.path in self._children and (depth is None or at + 1 < depth):
                waiting.extend((at + 1, below) for below in reversed(self.rows(row.path, sort=sort)))

    @property
    def root(self) -> Row:
        """All of it: bytes, files, changes."""
        size, files, changes = self._sums[""]
        return Row("", "folder", "", size, files, changes, self.layer, 0, 0, 0)

    def _collect(self) -> None:
        linked: dict[int, tuple[Content, str]] = {}  # files of several names, under the first of them
        history = self.history
        for path, version in history.live.items():
            if version.is_folder:
                if self._all:
                    self._versions[path] = version
                    self._folder(path)
            elif self._wanted(path, self._change(version)):
                content = version.content
                size = version.size
                if content is not None and content.names > 1:
                    known = linked.get(id(content))
                    if known is None or path < known[1]:
                        linked[id(content)] = (content, path)
                    size = 0
                self._add(path, version, size)
        for content, path in linked.values():
            self._sums[path.rpartition("/")[0]][0] += content.size
        for version in history.removals(self.layer):
            # what has come back in its place is in the list above
            if version.path not in history.live and not version.is_folder and self._wanted(version.path, "D"):
                self._removed.add(version.path)
                self._add(version.path, version, 0, 0)
        for folder in sorted(self._sums, key=lambda path: -path.count("/")):
            if folder:
                above = self._sums[folder.rpartition("/")[0]]
                for number, value in enumerate(self._sums[folder]):
                    above[number] += value

    def _add(self, path: str, version: Version, size: int, files: int = 1) -> None:
        folder = path.rpartition("/")[0]
        self._versions[path] = version
        self._folder(folder)
        self._children.setdefault(folder, []).append(path)
        sums = self._sums[folder]
        sums[0] += size
        sums[1] += files
        sums[2] += path in self._removed or version.layer == self.layer

    def _folder(self, path: str) -> None:
        """A folder and those above it."""
        while path not in self._sums:
            self._sums[path] = [0, 0, 0]
            above = path.rpartition("/")[0]
            self._children.setdefault(above, []).append(path)
            self._children.setdefault(path, [])
            path = above

    def _wanted(self, path: str, change: str) -> bool:
        return (bool(change) or not self._only_changes) and self._matches(path)

    def _change(self, version: Version) -> str:
        return version.change if version.layer == self.layer and version.entry.kind != "implied" else ""

    def _row(self, path: str) -> Row:
        version = self._versions.get(path) or self.history.live.get(path) or self.history.last[path]
        entry, content = version.entry, version.content
        mode, uid, gid, _ = version.attributes
        if path in self._sums:
            size, files, changes = self._sums[path]
            gone = path not in self.history.live
            change = "D" if gone else self._change(version)
            return Row(path, "folder", change, size, files, changes, version.layer, mode, uid, gid)
        kind = KINDS.get(entry.kind, "other")
        removed = path in self._removed
        change = "D" if removed else self._change(version)
        link = entry.link if kind == "symlink" else ""
        stored = content.stored if content else 0
        layer = content.layer if content else version.layer
        counts = (int(not removed), int(bool(change)))
        return Row(path, kind, change, version.size, *counts, layer, mode, uid, gid, link, stored)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a path is like a pattern (see FileTree); everything is like ""."""
    wanted = pattern.lstrip("/") if any(mark in pattern for mark in "*?[") else pattern
    if not wanted:
        return lambda path: True
    if wanted == pattern and not any(mark in pattern for mark in "*?["):
        return lambda path: pattern in "/" + path
    if "/" in wanted:
        return lambda path: fnmatch.fnmatchcase(path, wanted)
    return lambda path: fnmatch.fnmatchcase(path.rpartition("/")[2], wanted)
