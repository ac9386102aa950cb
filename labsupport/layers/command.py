"""`python3 -m labsupport layers`: what is asked for, read from an engine or from an archive, as text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from labsupport.errors import ImageDataError
from labsupport.layers.balance import archive_balance, balance
from labsupport.layers.connection import EngineApi
from labsupport.layers.engine import Reader, read_files
from labsupport.layers.imagefile import ImageArchive, none_of, read_archive, read_path
from labsupport.layers.model import Image, Store, Unread
from labsupport.layers.text import check_text, files_text, image_text, overview, unread_lines

_PIECE = 1 << 19  # bytes read from a pipe at a time


def layers_command(
    api: EngineApi | None,
    images: Sequence[str] = (),
    *,
    archive: str | Path | None = None,
    files: bool = False,
    check: bool = False,
) -> str:
    """The text of `python3 -m labsupport layers`.

    Without images: all of them, and the tree. With images: each one's history and layers. archive: read a
    `docker save` archive or an OCI layout instead of an engine (api may be None), "-" standard input. files: what each
    layer did to the files, and what is hidden (exports the images). check: our sums beside the engine's, or the
    archive's. Raises ImageDataError.
    """
    if archive is not None:
        opened = opened_archive(archive)
        chosen = selected(opened.store, images)
        if check:
            return check_text(archive_balance(opened, chosen), "ARCHIVE")
        return _text(opened.store, chosen, opened if files else None)
    assert api is not None, "an engine or an archive"
    reader = Reader(api)
    if check:
        wanted = set(reader.read(images).images) if images else set()
        return check_text(balance(reader, [image.id for image in wanted]))
    everything = reader.read()  # all of them: who else uses a layer
    if not images and not files:
        return overview(everything)
    store = reader.read(images, exact=True) if images else everything
    if not store.images:
        raise none_of(store.unread)
    contents = None
    if files:
        contents = read_files(api, [image.tags[0] if image.tags else image.id for image in store.images])
        reader.learn(contents.store)
    ids = {image.id for image in store.images}
    everything = reader.read()
    unread = [*store.unread, *(contents.store.unread if contents else ())]
    return _text(everything, [one for one in everything.images if one.id in ids], contents, unread)


def opened_archive(archive: str | Path) -> ImageArchive:
    """An archive's images; "-" is standard input. Raises ImageDataError."""
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
        same = [
            image
            for image in store.images
            if one is not None and (image.id == one.id or set(image.tags) & set(one.tags))
        ]
        if not same:
            for unread in store.unread:
                if name in unread.name:
                    raise ImageDataError(f"{unread.name} could not be read.", seen=unread.why)
            there = [image.name for image in store.images] + [unread.name for unread in store.unread]
            raise ImageDataError(f"The archive has no image {name}.", seen=", ".join(there))
        found += [image for image in same if image not in found]
    return found or list(store.images)


def _text(store: Store, images: Sequence[Image], contents: ImageArchive | None, unread: Sequence[Unread] = ()) -> str:
    parts = []
    for image in images:
        parts.append(image_text(store, image))
        if contents is not None:
            there = next((one for one in contents.store.images if one.chain == image.chain), None)
            if there is not None:
                parts.append(files_text(contents.history(there)))
    left_out = unread_lines([*unread, *(one for one in store.unread if one not in unread)])
    return "\n\n".join([*parts, *(["\n".join(left_out)] if left_out else [])])
