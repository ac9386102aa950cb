"""What each layer did to the files: added, changed, removed; which bytes stay behind unseen, and why.

Whiteouts act on the layers below only, before the layer's own entries, wherever they stand in its archive
(image specification, layer.md, "Whiteouts").
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace

from labsupport.errors import ImageDataError
from labsupport.layers.layerfiles import LayerFiles, clean
from labsupport.layers.tarstream import Entry
from labsupport.layers.versions import CAUSES, Attributes, Content, LayerSummary, Version, attributes_of

# Characters in the paths of folders that archives leave out: one entry of 4 KB can have two thousand folders above it.
_LONGEST_IMPLIED = 64 << 20


class FileHistory:
    """The files of an image, layer on layer. Build it with `FileHistory(layers)`, bottom first."""

    def __init__(self, layers: Sequence[LayerFiles]) -> None:
        self.layers = tuple(layers)
        self.summaries = [LayerSummary() for _ in layers]
        self.contents: list[Content] = []
        self.live: dict[str, Version] = {}
        self.last: dict[str, Version] = {}
        self._children: dict[str, set[str]] = {"": set()}
        self._implied = 0
        self._attributes: dict[Attributes, Attributes] = {}
        for number, layer in enumerate(layers):
            self._apply(number, layer)
        for content in self.contents:
            if content.fate != "visible":
                hidden = self.summaries[content.layer].hidden
                hidden[content.fate] = hidden.get(content.fate, 0) + content.size

    @property
    def stored(self) -> int:
        """Bytes of all files of all layers."""
        return sum(content.size for content in self.contents)

    @property
    def visible(self) -> int:
        """Bytes that a container sees."""
        return sum(content.size for content in self.contents if content.fate == "visible")

    def waste(self) -> dict[str, int]:
        """Bytes stored that no container sees, by cause; every cause is there. visible + sum(waste) = stored."""
        found = dict.fromkeys(CAUSES, 0)
        for content in self.contents:
            if content.fate != "visible":
                found[content.fate] += content.size
        return found

    def lifeline(self, path: str) -> list[Version]:
        """Every version of a path, oldest first; [] when no layer has it."""
        found: list[Version] = []
        version = self.last.get(clean(path))
        while version is not None:
            found.append(version)
            version = version.previous
        return found[::-1]

    def versions(self) -> Iterator[Version]:
        """Every version of every path, in the order of paths, newest first."""
        for path in sorted(self.last):
            version: Version | None = self.last[path]
            while version is not None:
                yield version
                version = version.previous

    def hidden(self) -> list[Version]:
        """Files whose bytes are stored and no longer seen, largest first: the deleted secret, the overwritten archive.

        A file of several names stands under the one that went last.
        """
        names: dict[int, Version] = {}
        for version in self.versions():
            content = version.content
            if content is not None and content.fate != "visible" and content.size and version.killer == content.killer:
                names.setdefault(id(content), version)
        return sorted(names.values(), key=lambda version: (-version.size, version.path))

    def largest(self, most: int) -> list[Version]:
        """The largest files that a container sees; one of several names under the first of them."""
        names: dict[int, Version] = {}
        for version in self.live.values():
            content = version.content
            if content is not None and content.size:
                known = names.get(id(content))
                if known is None or version.path < known.path:
                    names[id(content)] = version
        return heapq.nsmallest(most, names.values(), key=lambda version: (-version.size, version.path))

    def changes(self, layer: int) -> list[Version]:
        """What a layer added ("A") and changed ("M"), by path. Removals are in `removals`."""
        return [v for v in self.versions() if v.layer == layer and v.entry.kind != "implied"]

    def removals(self, layer: int) -> list[Version]:
        """The versions of lower layers that this layer's whiteouts hid, by path."""
        return [v for v in self.versions() if v.killer == layer and v.fate == "deleted"]

    def _apply(self, number: int, layer: LayerFiles) -> None:
        for folder in layer.opaque:
            for name in sorted(self._children.get(folder, ())):
                self._remove(f"{folder}/{name}" if folder else name, number, "deleted")
        for path in layer.whiteouts:
            if path in self.live:
                self._remove(path, number, "deleted")
        summary = self.summaries[number]
        summary.whiteouts = len(layer.whiteouts) + len(layer.opaque)
        for entry in layer.entries:
            if entry.name:
                self._add(entry, number, summary)

    def _add(self, entry: Entry, number: int, summary: LayerSummary) -> None:
        path = entry.name
        before = self.live.get(path)
        is_folder = entry.kind == "5"
        if is_folder and before is not None and before.entry.kind in ("5", "implied"):
            if before.layer != number and attributes_of(before.entry) != attributes_of(entry):
                self._put(Version(path, number, entry, None, "M"), "overwritten")
                summary.changed += 1
            elif before.entry.kind == "implied":
                before.entry = entry
            return
        content, entry = self._content(entry, number)
        change = "A" if before is None or before.layer == number else "M"
        reason = "overwritten"
        if before is not None and content is not None and before.content is not None and content is not before.content:
            same = content.digest == before.content.digest and content.size == before.content.size
            reason = "same bytes" if same else reason
        if before is not None and before.layer == number and before.content is not None:
            self._withdraw(before, summary)  # the archive has the path twice: the later one is what is unpacked
            change = before.change
        if before is not None and not is_folder and path in self._children:
            for name in sorted(self._children[path]):
                self._remove(f"{path}/{name}", number, "overwritten")
            del self._children[path]
        self._ensure_parents(path, number, entry)
        self._put(Version(path, number, entry, content, change), reason)
        if change == "A":
            summary.added += 1
        else:
            summary.changed += 1
        if content is not None and entry.kind == "0":
            content.counted, content.is_same = change, reason == "same bytes"
            summary.count(content, content.size)

    def _content(self, entry: Entry, number: int) -> tuple[Content | None, Entry]:
        """An entry's file; a hard link to what is no file is another of its kind."""
        if entry.kind == "0":
            attributes = attributes_of(entry)  # few different ones: kept once
            attributes = self._attributes.setdefault(attributes, attributes)
            content = Content(number, entry.size, entry.digest, entry.stored, attributes, number)
            self.contents.append(content)
            return content, entry
        target = self.live.get(entry.link) if entry.kind == "1" else None
        if target is None:
            return None, entry
        if target.content is None:
            return None, replace(target.entry, name=entry.name)
        content = target.content
        content.names += 1
        given = (*attributes_of(entry)[:3], entry.xattrs or content.attributes[3])  # none given, none taken away
        if given != content.attributes:
            content.attributes, content.attributes_layer = given, number
        return content, entry

    def _withdraw(self, version: Version, summary: LayerSummary) -> None:
        content = version.content
        if version.change == "A":
            summary.added -= 1
        else:
            summary.changed -= 1
        if content is not None and content.names == 1 and content.layer == version.layer:
            summary.count(content, -content.size)
            content.size = 0  # on no disk, so in no sum

    def _put(self, version: Version, reason: str) -> None:
        path = version.path
        before = self.live.get(path)
        if before is not None:
            self._kill(before, version.layer, reason)
        previous = self.last.get(path)
        if previous is not None and previous.layer == version.layer:
            previous = previous.previous
        version.previous = previous
        self.live[path] = self.last[path] = version
        folder, _, name = path.rpartition("/")
        children = self._children.get(folder)
        if children is None:
            children = self._children[folder] = set()
        children.add(name)
        if version.entry.kind in ("5", "implied"):
            self._children.setdefault(path, set())

    def _ensure_parents(self, path: str, number: int, entry: Entry) -> None:
        """Directories an archive leaves out are there all the same, with attributes it does not tell."""
        folder = path.rpartition("/")[0]
        if not folder or ((above := self.live.get(folder)) is not None and above.is_folder):
            return
        missing: list[str] = []
        while folder:
            above = self.live.get(folder)
            if above is not None and above.entry.kind in ("5", "implied"):
                break
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        self._implied += sum(map(len, missing))
        if self._implied > _LONGEST_IMPLIED:
            raise ImageDataError(
                "The layers leave out too many folders.", seen=f"{self._implied:,} characters of their paths"
            )
        for folder in reversed(missing):
            above = self.live.get(folder)
            implied = Entry(folder, "implied", 0o755, 0, 0, 0, entry.mtime)
            self._put(Version(folder, number, implied, None, "A" if above is None else "M"), "overwritten")

    def _remove(self, path: str, number: int, reason: str) -> None:
        """Remove a path and all below it: iteratively, as a hostile archive nests deeper than Python may
        recurse.
        """
        folder, _, name = path.rpartition("/")
        self._children.get(folder, set()).discard(name)
        waiting = [path]
        while waiting:
            current = waiting.pop()
            waiting.extend(f"{current}/{child}" for child in self._children.pop(current, ()))
            version = self.live.pop(current, None)
            if version is None:
                continue
            self._kill(version, number, reason)
            summary = self.summaries[number]
            if version.entry.kind not in ("5", "implied"):
                summary.removed += 1
            if version.content is not None and version.content.fate != "visible" and version.content.killer == number:
                summary.removed_bytes += version.content.size

    @staticmethod
    def _kill(version: Version, number: int, reason: str) -> None:
        version.fate, version.killer = reason, number
        content = version.content
        if content is not None:
            content.names -= 1
            if content.names == 0:
                content.fate, content.killer = reason, number
