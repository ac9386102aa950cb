"""The images of an archive put together: configurations, exact histories, files of every layer."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Contents, Limits, Progress, pieces_of, read_contents, read_folder
from labsupport.layers.files import FileHistory
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.manifests import found_in
from labsupport.layers.model import Image, Step, Store, Unread, assemble, none_of
from labsupport.layers.names import printable


class ImageArchive:
    """Images read from an archive. sizes are in "archive" accounting: files and symlink targets of each layer."""

    def __init__(self, store: Store, files: dict[str, LayerFiles]) -> None:
        self.store = store
        self.files = files

    def history(self, image: Image) -> FileHistory:
        """The files of an image, layer on layer."""
        return FileHistory([self.files[diff_id] for diff_id in image.diff_ids])

    @cached_property
    def only(self) -> Image:
        """The one image of the archive; ImageDataError when there are more."""
        if len(self.store.images) != 1:
            raise ImageDataError("The archive holds not one image.", seen=", ".join(i.name for i in self.store.images))
        return self.store.images[0]


def together(parts: Sequence[ImageArchive | Unread]) -> ImageArchive:
    """Several archives' images as one place. Raises ImageDataError when there is none."""
    archives = [part for part in parts if isinstance(part, ImageArchive)]
    unread = [part for part in parts if isinstance(part, Unread)]
    if not archives:
        raise none_of(unread)
    if len(archives) == 1 and not unread:
        return archives[0]
    images = {image.id: image for archive in archives for image in archive.store.images}
    layers = [layer for archive in archives for layer in archive.store.layers.values()]
    unread += [one for archive in archives for one in archive.store.unread]
    store = assemble(
        list(images.values()),
        "archive",
        sizes={layer.chain_id: layer.size for layer in layers if layer.size is not None},
        blobs={layer.diff_id: (layer.blob_digest, layer.compressed or 0) for layer in layers if layer.blob_digest},
        unread=unread,
    )
    return ImageArchive(store, {key: files for archive in archives for key, files in archive.files.items()})


def read_archive(
    pieces: Iterable[bytes], *, progress: Progress | None = None, limits: Limits | None = None
) -> ImageArchive:
    """Read the bytes of a `docker save` archive or of an archived OCI layout. Raises ImageDataError; writes
    nothing.
    """
    return _put_together(read_contents(pieces, progress=progress, limits=limits))


def read_path(path: Path, *, progress: Progress | None = None, limits: Limits | None = None) -> ImageArchive:
    """Read an archive file (also compressed), or an OCI layout that is a folder. Raises ImageDataError."""
    if path.is_dir():
        return _put_together(read_folder(path, progress=progress, limits=limits))
    try:
        return read_archive(pieces_of(path), progress=progress, limits=limits)
    except OSError as error:
        raise ImageDataError(
            f"{path} cannot be read.",
            seen=error.strerror or str(error),
            next_command=f"ls -l {shlex.quote(str(path.parent))}",
        ) from None


def _put_together(contents: Contents) -> ImageArchive:
    found = found_in(contents)
    if not found.images:
        if len(found.unread) > 1:
            raise none_of(found.unread)
        for error in (*found.errors, *contents.bad.values()):
            raise error
        raise ImageDataError(
            "The archive holds no image: neither manifest.json nor index.json names one.",
            seen=", ".join(printable(name) for name in sorted(contents.documents)[:5]) or "no JSON document",
        )
    images = list(found.images.values())
    used = {diff_id for image in images for diff_id in image.diff_ids}
    blobs = {diff_id: blob for diff_id, blob in found.blobs.items() if diff_id in used}
    sizes: dict[str, int] = {}
    wire: dict[str, tuple[str, int]] = {}
    for image in images:
        for diff_id, chain_id in zip(image.diff_ids, image.chain, strict=True):
            blob = blobs[diff_id]
            sizes[chain_id] = blob.files.size
            if blob.digest != blob.diff_id:
                wire[diff_id] = (blob.digest, blob.stored)
    sized = [_sized(image, sizes) for image in images]
    store = assemble(sized, "archive", sizes=sizes, blobs=wire, unread=found.unread)
    return ImageArchive(store, {diff_id: blob.files for diff_id, blob in blobs.items()})


def _sized(image: Image, sizes: dict[str, int]) -> Image:
    def size(step: Step) -> int | None:
        return sizes[step.layer] if step.layer else 0 if step.empty else None

    return replace(image, steps=tuple(step._replace(size=size(step)) for step in image.steps))
