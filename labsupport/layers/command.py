"""`python3 -m labsupport layers`: what is asked for, read from an engine or from an archive, as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labsupport.errors import ImageDataError
from labsupport.layers.engine import Reader
from labsupport.layers.model import Image, Store, Unread, none_of
from labsupport.layers.text import check_text, files_text, findings_text, image_text, overview, tree_lines, unread_lines

if TYPE_CHECKING:  # what only some of the options need is imported there: the command should be there at once
    from labsupport.layers.balance import Line
    from labsupport.layers.cache import LayerCache
    from labsupport.layers.connection import EngineApi
    from labsupport.layers.files import FileHistory
    from labsupport.layers.filetree import FileTree
    from labsupport.layers.imagefile import ImageArchive
    from labsupport.layers.layerfiles import LayerFiles
    from labsupport.layers.limits import Finding, Limits

_PIECE = 1 << 19  # bytes read from a pipe at a time


@dataclass(frozen=True, slots=True)
class TreeWish:
    """How the files are listed (see filetree.py). layer: counted from 1, None the last; depth: None for all."""

    layer: int | None = None
    folder: str = ""
    match: str = ""
    order: str = "size"
    only_changes: bool = False
    depth: int | None = 2

    def of(self, history: FileHistory) -> FileTree:
        from labsupport.layers.filetree import FileTree

        layer = max(len(history.layers), 1) if self.layer is None else self.layer
        return FileTree(history, layer - 1, match=self.match, only_changes=self.only_changes)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read: the chosen images of a store, their files by diff_id where these were asked for, and what could
    not be read.
    """

    store: Store
    images: Sequence[Image]
    files: Mapping[str, LayerFiles] | None = None
    unread: Sequence[Unread] = ()
    _histories: dict[str, FileHistory] = field(default_factory=dict)

    def history(self, image: Image) -> FileHistory | None:
        """What the layers did to the files, None when they were not read."""
        files = self.files
        if files is not None and image.id not in self._histories and all(one in files for one in image.diff_ids):
            from labsupport.layers.files import FileHistory

            self._histories[image.id] = FileHistory([files[diff_id] for diff_id in image.diff_ids])
        return self._histories.get(image.id)

    @property
    def left_out(self) -> list[Unread]:
        return list(dict.fromkeys((*self.unread, *self.store.unread)))


def layers_command(
    api: EngineApi | None,
    images: Sequence[str] = (),
    *,
    archive: str | Path | None = None,
    files: bool = False,
    check: bool = False,
    tree: TreeWish | None = None,
    json: bool = False,
    cache: LayerCache | None = None,
) -> str:
    """The text of `python3 -m labsupport layers`.

    Without images: all of them, and the tree of layers. With images: each one's history and layers. archive: read a
    `docker save` archive or an OCI layout instead of an engine (api may be None), "-" standard input. files: what each
    layer did to the files, and what is hidden (exports the images). tree: the files themselves. check: our sums beside
    the engine's, or the archive's. json: the same as a JSON document. cache: where files that were read are kept.
    Raises ImageDataError.
    """
    if check and archive is None:
        return _engine_check(api, images, json)
    seen = look(api, images, archive=archive, files=files or check or tree is not None, cache=cache)
    lines = None
    if check:
        from labsupport.layers.balance import archive_balance

        pairs = ((image, seen.history(image)) for image in seen.images)
        lines = archive_balance((image, history) for image, history in pairs if history is not None)
    if json:
        from labsupport.layers.document import as_json

        return as_json(_document(seen, files, tree, lines))
    if lines is not None:
        return check_text(lines, "ARCHIVE")
    if not images and archive is None and seen.files is None:
        return overview(seen.store)
    return _text(seen, files, tree)


def check_command(
    api: EngineApi | None,
    images: Sequence[str],
    limits: Limits,
    *,
    archive: str | Path | None = None,
    json: bool = False,
    cache: LayerCache | None = None,
) -> tuple[str, bool]:
    """The text of `layers check`, and whether all images are within the limits. Raises ImageDataError when one of them
    could not be read: nobody knows what it is within.
    """
    from labsupport.layers.document import as_json
    from labsupport.layers.limits import check_limits

    seen = look(api, images, archive=archive, files=True, cache=cache)
    if seen.left_out:
        name, why = seen.left_out[0]
        raise ImageDataError(f"{name} could not be read.", seen=why)
    found: list[Finding] = []
    for image in seen.images:
        history = seen.history(image)
        if history is None:
            raise ImageDataError(f"The files of {image.name} could not be read.")
        found += check_limits(image, history, limits)
    holds = all(finding.holds for finding in found)
    if not json:
        return findings_text(found), holds
    made = _document(seen, True, None, None)
    made["limits"] = [{"image": one.image, "limit": one.limit, "holds": one.holds, "seen": one.seen} for one in found]
    return as_json(made), holds


def look(
    api: EngineApi | None,
    images: Sequence[str] = (),
    *,
    archive: str | Path | None = None,
    files: bool = False,
    cache: LayerCache | None = None,
) -> Seen:
    """Read what is asked for: these images, or all. Raises ImageDataError when there is nothing that can be read."""
    if archive is not None:
        opened = opened_archive(archive)
        return Seen(opened.store, selected(opened.store, images), opened.files if files else None)
    assert api is not None, "an engine or an archive"
    reader = Reader(api)
    everything = reader.read()  # all of them: who else uses a layer
    store = reader.read(images, exact=True) if images else everything
    if not store.images and (images or files):
        raise none_of(store.unread) if store.unread else ImageDataError("There are no images.")
    found: Mapping[str, LayerFiles] | None = None
    unread: list[Unread] = []
    if files:
        from labsupport.layers.kept import files_of

        found, unread = files_of(reader, store.images, cache=cache)
    ids = {image.id for image in store.images}
    if images or files:  # what was learned of these may tell more of the others
        everything = reader.read()
    return Seen(everything, [one for one in everything.images if one.id in ids], found, [*store.unread, *unread])


def opened_archive(archive: str | Path) -> ImageArchive:
    """An archive's images; "-" is standard input. Raises ImageDataError."""
    from labsupport.layers.imagefile import read_archive, read_path

    if str(archive) != "-":
        return read_path(Path(archive))
    if sys.stdin is None or sys.stdin.isatty():
        raise ImageDataError(
            "Standard input is a terminal, not an archive.",
            next_command="docker save IMAGE | python3 -m labsupport layers --archive -",
        )
    return read_archive(_piped())


def _piped() -> Iterator[bytes]:
    while piece := sys.stdin.buffer.read(_PIECE):
        yield piece


def selected(store: Store, names: Sequence[str]) -> list[Image]:
    """The images of an archive with these names, all when none is named. Raises ImageDataError for one it lacks."""
    found: list[Image] = []
    for name in names:
        one = store.image(name)
        # one tag may be of several platforms' images
        same = [image for image in store.images if one is not None and (image is one or set(image.tags) & {*one.tags})]
        if not same:
            for unread in store.unread:
                if name in unread.name:
                    raise ImageDataError(f"{unread.name} could not be read.", seen=unread.why)
            there = [image.name for image in store.images] + [unread.name for unread in store.unread]
            raise ImageDataError(f"The archive has no image {name}.", seen=", ".join(there))
        found += [image for image in same if image not in found]
    return found or list(store.images)


def _engine_check(api: EngineApi | None, images: Sequence[str], json: bool) -> str:
    from labsupport.layers.balance import balance
    from labsupport.layers.document import as_json, document

    assert api is not None, "an engine or an archive"
    reader = Reader(api)
    wanted = list(reader.read(images).images) if images else []
    lines = balance(reader, [image.id for image in wanted])
    if not json:
        return check_text(lines)
    store = reader.read()
    return as_json(document(store, wanted or store.images, lines=lines))


def _document(seen: Seen, files: bool, tree: TreeWish | None, lines: list[Line] | None) -> dict[str, object]:
    from labsupport.layers.document import document

    histories = {image.id: history for image in seen.images if (history := seen.history(image)) is not None}
    return document(
        seen.store,
        seen.images,
        histories=histories if files else None,
        trees={key: tree.of(history) for key, history in histories.items()} if tree is not None else None,
        lines=lines,
        unread=seen.unread,
    )


def _text(seen: Seen, files: bool, tree: TreeWish | None) -> str:
    parts = []
    for image in seen.images:
        parts.append(image_text(seen.store, image))
        history = seen.history(image)
        if history is not None and files:
            parts.append(files_text(history))
        if history is not None and tree is not None:
            parts.append("\n".join(tree_lines(tree.of(history), tree.folder, order=tree.order, depth=tree.depth)))
    left_out = unread_lines(seen.left_out)
    return "\n\n".join([*parts, *(["\n".join(left_out)] if left_out else [])])
