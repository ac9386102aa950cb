"""The files of an engine's images, from what is kept on disk where it is kept, else by one export for all others."""

from __future__ import annotations

from collections.abc import Sequence

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Progress
from labsupport.layers.cache import LayerCache
from labsupport.layers.engine import Reader, read_files
from labsupport.layers.imagefile import ImageArchive
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.model import Image, Unread


def files_of(
    reader: Reader, images: Sequence[Image], *, cache: LayerCache | None = None, progress: Progress | None = None
) -> tuple[dict[str, LayerFiles], list[Unread]]:
    """The layers' files by diff_id, and the images whose files could not be read.

    The reader learns which rows of the images' histories made which layer. progress: as `read_files` calls it, and only
    when something is exported. Raises ImageDataError when an export is needed and none of the images can be read.
    """
    files: dict[str, LayerFiles] = {}
    missing = [image for image in images if not _take(reader, image, files, cache)]
    if not missing:
        return files, []
    stopped = False

    def told(done: int) -> None:
        nonlocal stopped
        try:
            if progress is not None:
                progress(done)
        except BaseException:
            stopped = True
            raise

    names = [image.tags[0] if image.tags else image.id for image in missing]
    try:
        archive = read_files(reader.api, names, progress=told)
    except ImageDataError as error:
        if stopped or len(missing) == len(images):
            raise
        return files, [Unread.of(name, error) for name in names]
    files.update(archive.files)
    reader.learn(archive.store)
    if cache is not None:
        _keep(cache, archive, missing)
    return files, list(archive.store.unread)


def _keep(cache: LayerCache, archive: ImageArchive, images: Sequence[Image]) -> None:
    for diff_id, layer in archive.files.items():
        cache.put(diff_id, layer)
    told = {_history(image): image for image in archive.store.images}
    for image in images:
        same = told.get(_history(image))
        if same is not None and not image.is_exact:
            # nothing to learn is kept, too: an export would not tell more the next time
            cache.put_flags(image.id, [bool(step.empty) for step in same.steps] if same.is_exact else [])


def _history(image: Image) -> tuple[object, ...]:
    return image.chain, tuple(step.created_by for step in image.steps)


def _take(reader: Reader, image: Image, files: dict[str, LayerFiles], cache: LayerCache | None) -> bool:
    """Take an image's layers from the cache; whether all were there, and its history is exact."""
    if cache is None:
        return False
    for diff_id in image.diff_ids:
        if diff_id not in files:
            layer = cache.get(diff_id)
            if layer is None:
                return False
            files[diff_id] = layer
    if image.is_exact:
        return True
    flags = cache.flags(image.id)
    if flags:
        reader.learn_flags(image.id, flags)
    return flags is not None
