"""Our books against the engine's own: every figure the engine also has, side by side, to the byte.

Where an engine counts something else under the same name, the line says what, instead of a tolerance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labsupport.layers.answers import unpacked_sizes
from labsupport.layers.books import bytes_of
from labsupport.layers.engine import Reader
from labsupport.layers.files import FileHistory
from labsupport.layers.model import Image, Store


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. agrees: None when the two are not the same quantity; remark says why."""

    what: str
    ours: int | None
    engines: int | None
    agrees: bool | None
    remark: str = ""


def balance(reader: Reader, only: Collection[str] = ()) -> list[Line]:
    """Compare the layers' sum, each image's size and each image's shared bytes with the engine's figures.

    Calls `/system/df`, and `/images/json` with all details; slower than reading images. Quiet engines only:
    an image that comes or goes meanwhile shows as a difference. only: ids of images; all when it is empty.
    """
    api = reader.api
    usage = api.get("/system/df?type=image")
    store = reader.read()
    everything = reader.read(intermediate=True)
    reported = {entry["Id"]: entry for entry in usage.get("Images") or []}
    lines = [] if only else [_layers_line(store, everything, int(usage.get("LayersSize") or 0))]
    unpacked = unpacked_sizes(api) if store.accounting == "containerd" else {}
    for image in sorted(store.images, key=lambda image: image.name):
        entry = reported.get(image.id)
        if entry is None or (only and image.id not in only):
            continue
        lines.append(_size_line(store, image, entry, unpacked))
        lines.append(_shared_line(store, everything, image, entry))
    return lines


def archive_balance(images: Iterable[tuple[Image, FileHistory]]) -> list[Line]:
    """An archive's images against the archive: digests of the layers, and the bytes of their files.

    An archive's image with a layer of another digest is not read at all, so these lines say what was checked.
    """
    lines = []
    for image, history in images:
        names, sums = len(image.diff_ids), history.visible + sum(history.waste().values())
        lines.append(Line(f"{image.name}: layers with the digest that is asked for", names, names, True))
        stored = history.stored
        lines.append(Line(f"{image.name}: bytes of files, visible and hidden", sums, stored, sums == stored))
    return lines


def _layers_line(store: Store, everything: Store, engines: int) -> Line:
    what = "all layers, each once"
    for seen in (store, everything):
        if any(seen.layers[key].size is None for key in seen.users):
            return Line(what, None, engines, None, "some layers' sizes could not be told exactly")
        ours = bytes_of(seen, seen.users)
        if ours == engines:
            return Line(what, ours, engines, True)
    if store.accounting == "containerd":
        remark = "the engine adds the compressed blobs and the build cache's snapshots"
        return Line(what, bytes_of(store, store.users), engines, None, remark)
    return Line(what, bytes_of(store, store.users), engines, False)


def _size_line(store: Store, image: Image, entry: Mapping[str, Any], unpacked: Mapping[str, int]) -> Line:
    what = f"{image.name}: size"
    sizes = [store.layers[key].size for key in image.chain]
    if None in sizes:
        return Line(what, None, entry.get("Size"), None, "some layers' sizes could not be told exactly")
    ours = sum(size or 0 for size in sizes)
    if store.accounting == "containerd":
        if image.id not in unpacked:
            return Line(what, ours, entry.get("Size"), None, "the engine's figure includes the compressed blobs")
        engines = unpacked[image.id]
        if ours < engines and entry.get("ParentId"):
            # Seen on 28.5: the snapshots of `docker commit` and of the classic builder have the -init snapshots of
            # the containers they were made in as parents; those are no layers, and no call tells their size.
            remark = "the engine adds the -init snapshots of the containers this image was built in"
            return Line(what, ours, engines, None, remark)
        return Line(what, ours, engines, ours == engines, "unpacked; the engine's Size adds the compressed blobs")
    return Line(what, ours, entry.get("Size"), ours == entry.get("Size"))


def _shared_line(store: Store, everything: Store, image: Image, entry: Mapping[str, Any]) -> Line:
    what, engines = f"{image.name}: shared", entry.get("SharedSize")
    if engines is None or engines < 0:
        return Line(what, None, None, None, "the engine did not say")
    figures = []
    for seen in (store, everything):
        shared = [seen.layers[key].size for key in image.chain if len(seen.users[key]) > 1]
        if None in shared:
            return Line(what, None, engines, None, "some layers' sizes could not be told exactly")
        figures.append(sum(size or 0 for size in shared))
    if figures[0] == engines:
        return Line(what, figures[0], engines, True)
    if figures[1] == engines:
        return Line(what, figures[1], engines, True, "counting the classic builder's intermediate images as users")
    return Line(what, figures[0], engines, False)
