"""The files of an image as they are at one of its layers: a tree with the bytes of every folder, made once and looked
into folder by folder, so that a page need not hold 400,000 files.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from labsupport.errors import ImageDataError
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import clean
from labsupport.layers.versions import Version

_FOLDERS = ("5", "implied")
_KINDS = {"0": "file", "1": "file", "2": "symlink", "3": "device", "4": "device", "6": "pipe"}
ORDERS = ("size", "name", "files")


@dataclass(slots=True)
class Node:
    """A path at a layer. change: "A" added by it, "M" changed, "D" removed, "" there before; files, bytes: of a folder
    all below it that is there (a file with several names counts once).
    """

    path: str
    version: Version | None
    change: str
    bytes: int = 0
    files: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_folder(self) -> bool:
        return self.version is None or self.version.entry.kind in _FOLDERS

    @property
    def kind(self) -> str:
        """ "folder", "file", "symlink", "device", "pipe", "other"."""
        if self.version is None or self.is_folder:
            return "folder"
        return _KINDS.get(self.version.entry.kind, "other")

    @property
    def size(self) -> int:
        """Bytes of the file, of a removed one what it had; of all that is below a folder."""
        return self.version.size if self.version is not None and not self.is_folder else self.bytes


class FileTree:
    """The tree at layer number `layer` (0 is the lowest): with only_changes what that layer did, else all there is.

    match: only files like this (see `matcher`), and the folders they are in. Raises ImageDataError for a layer that is
    not there.
    """

    def __init__(self, history: FileHistory, layer: int, *, only_changes: bool = True, match: str = "") -> None:
        if not 0 <= layer < max(len(history.layers), 1):
            raise ImageDataError(f"There is no layer {layer + 1}.", seen=f"{len(history.layers)} layers")
        self.layer, self.layers = layer, len(history.layers)
        fits = matcher(match)
        self.nodes = {"": Node("", None, "")}
        self._children: dict[str, list[str]] = {}
        counted: set[int] = set()
        versions = sorted(_at(history, layer), key=lambda version: version.path)
        there = {version.path for version in versions if version.killer != layer}
        for version in versions:
            removed = version.killer == layer
            change = "D" if removed else version.change if version.layer == layer else ""
            if removed and version.path in there:
                continue
            if only_changes and (not change or (version.entry.kind == "implied" and not removed)):
                continue
            if match and (version.entry.kind in _FOLDERS or not fits(version.path)):
                continue
            content, size = version.content, version.size
            if content is not None and not removed:
                size = 0 if id(content) in counted else size
                counted.add(id(content))
            self._put(Node(version.path, version, change, size, int(version.entry.kind not in _FOLDERS)))
        for path in sorted(self.nodes, key=lambda path: -path.count("/")):  # sums, the deepest first
            node = self.nodes[path]
            if path and node.change != "D":
                above = self.nodes[path.rpartition("/")[0]]
                above.bytes += node.bytes
                above.files += node.files

    def _put(self, node: Node) -> None:
        path = node.path
        while path and path not in self.nodes:
            self.nodes[path] = node if path == node.path else Node(path, None, "")
            path, child = path.rpartition("/")[0], path
            self._children.setdefault(path, []).append(child)

    @property
    def changes(self) -> int:
        """Files that the layer added, changed or removed."""
        return sum(bool(node.change) and not node.is_folder for node in self.nodes.values())

    def walk(self, folder: str = "", *, depth: int | None = None, order: str = "size") -> Iterator[tuple[int, Node]]:
        """What is in a folder and below it, each with its depth from 0, down to so many. Raises ImageDataError."""
        start = clean(folder)
        if start not in self.nodes or not self.nodes[start].is_folder:
            raise ImageDataError(f"There is no folder /{start} here.", seen=f"layer {self.layer + 1}")
        waiting = [(0, node) for node in reversed(self.folder(start, order=order))]
        while waiting:
            at, node = waiting.pop()
            yield at, node
            if depth is None or at + 1 < depth:
                waiting.extend((at + 1, below) for below in reversed(self.folder(node.path, order=order)))

    def folder(self, path: str = "", *, order: str = "size") -> list[Node]:
        """What is in a folder, folders among files. order: "size" (largest first), "name", "files" (most first)."""
        return _ordered((self.nodes[child] for child in self._children.get(path, ())), order)

    def search(self, wanted: str, *, order: str = "size") -> list[Node]:
        """All files whose path contains these letters."""
        found = (node for path, node in self.nodes.items() if wanted in f"/{path}" and not node.is_folder)
        return _ordered(found, order)


def _at(history: FileHistory, layer: int) -> Iterable[Version]:
    """The versions that are there once this layer is on, and those of lower layers that it took away."""
    for version in history.last.values():
        here: Version | None = version
        while here is not None:
            stays = here.killer is None or here.killer > layer
            if here.layer <= layer and (stays or (here.killer == layer and here.layer < layer)):
                yield here
            here = here.previous


def _ordered(nodes: Iterable[Node], order: str) -> list[Node]:
    if order == "name":
        return sorted(nodes, key=lambda node: node.path)
    if order == "files":
        return sorted(nodes, key=lambda node: (-node.files, node.path))
    return sorted(nodes, key=lambda node: (-node.size, node.path))


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a path is like a pattern: with `*`, `?`, `[` the whole path or its last part, else a part of the path."""
    if not any(mark in pattern for mark in "*?["):
        return lambda path: pattern in f"/{path}"
    wanted = pattern.lstrip("/")
    if "/" in wanted:
        return lambda path: fnmatch.fnmatchcase(path, wanted)
    return lambda path: fnmatch.fnmatchcase(path.rpartition("/")[2], wanted)
