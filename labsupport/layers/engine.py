"""Images read from an engine with the fewest calls that tell the truth: one list, then inspect and history per
image.

Images never change under one id, so a Reader keeps what it has read and asks for new ids only. Nothing is taken
from `GraphDriver`, and no image is exported; `exact_configuration` is the last, costly rung and is asked for by
name.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.layers.archive import Progress
from labsupport.layers.attribution import Resolved, Row, attribute
from labsupport.layers.connection import EngineApi, NotFound
from labsupport.layers.identity import chain_ids, is_digest
from labsupport.layers.imagefile import ImageArchive, read_archive
from labsupport.layers.model import Image, Store, assemble

_THREADS = 2


@dataclass(frozen=True, slots=True)
class _Known:
    image: Image
    rows: tuple[Row, ...]
    sizes: tuple[int | None, ...]


class Reader:
    """Reads one engine's images, again and again, asking only for what is new."""

    def __init__(self, api: EngineApi) -> None:
        self.api = api
        self._known: dict[str, _Known] = {}
        self._resolved = Resolved()
        self._accounting: str | None = None

    @property
    def accounting(self) -> str:
        """ "containerd" for the containerd image store, else the graph driver's name (see Store)."""
        if self._accounting is None:
            info = self.api.get("/info")
            status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
            snapshotter = "containerd" in str(status.get("driver-type", ""))
            self._accounting = "containerd" if snapshotter else str(info.get("Driver", "unknown"))
        return self._accounting

    def read(self, names: Iterable[str] | None = None, *, exact: bool = False, intermediate: bool = False) -> Store:
        """The Store of all images, or of the named ones.

        exact: ask intermediate images (`attribution`, rung "parent") for inferred rows too, not only open ones.
        intermediate: also the classic builder's nameless intermediate images.
        Raises ImageDataError when a name is not there, or the engine contradicts itself.
        """
        listed = self.api.get("/images/json" + ("?all=1" if intermediate else ""))
        if names is not None:
            listed = [_find(listed, name) for name in names]
        by_id = {entry["Id"]: entry for entry in listed}
        new = [image_id for image_id in by_id if image_id not in self._known]
        self._fetch(new)
        if names is None and not intermediate:
            self._known = {key: known for key, known in self._known.items() if key in by_id}
        # Exact images first: what they teach settles others (rung "trie").
        self._settle([image_id for image_id in by_id if image_id in self._known], exact)
        images, sizes = [], {}
        for image_id, entry in by_id.items():
            known = self._known.get(image_id)
            if known is None:
                continue
            images.append(_with_listing(known.image, entry))
            if any(step.empty is None for step in known.image.steps):
                # Which row made a layer may be open and its size still be certain.
                told = zip(known.image.chain, known.sizes, strict=True)
                sizes.update({key: size for key, size in told if size is not None})
        return assemble(images, self.accounting, sizes=sizes)

    def learn(self, store: Store) -> int:
        """Take over what a Store read from an archive or a registry knows exactly (rung "config" of
        `attribution`).

        Returns the number of images that became exact by it. Sizes stay the engine's own.
        """
        told = {image.chain: image for image in store.images if image.steps and image.is_exact}
        count = 0
        for image_id, known in self._known.items():
            other = told.get(known.image.chain)
            if other is None or known.image.is_exact or len(other.steps) != len(known.rows):
                continue
            if any(row.created_by != step.created_by for row, step in zip(known.rows, other.steps, strict=True)):
                continue
            rows = tuple(row._replace(empty=step.empty) for row, step in zip(known.rows, other.steps, strict=True))
            found = attribute(rows, known.image.chain, resolved=self._resolved)
            image = replace(known.image, steps=found.steps)
            self._known[image_id] = _Known(image, rows, found.sizes)
            count += image.is_exact
        return count

    def _fetch(self, new: list[str]) -> None:
        if len(new) <= 2:
            answers = self._ask_all(new)
        else:
            parts = [new[start::_THREADS] for start in range(_THREADS)]
            with ThreadPoolExecutor(_THREADS) as pool:
                answers = [answer for part in pool.map(self._ask_all, parts) for answer in part]
        for answer in answers:
            if answer is not None:
                self._known[answer.image.id] = answer

    def _ask_all(self, image_ids: list[str]) -> list[_Known | None]:
        return [self._ask(image_id) for image_id in image_ids]

    def _ask(self, image_id: str) -> _Known | None:
        quoted = urllib.parse.quote(image_id, safe=":")
        try:
            details = self.api.get(f"/images/{quoted}/json")
        except NotFound:
            return None  # removed since it was listed
        note = ""
        try:
            history = self.api.get(f"/images/{quoted}/history")
        except ImageDataError as error:
            # The containerd store has no sizes for an image that is not unpacked.
            history, note = [], error.seen or error.message
        return _known(image_id, details, history, note)

    def _settle(self, ids: list[str], exact: bool) -> None:
        for image_id in ids:
            known = self._known[image_id]
            if known.image.steps and known.image.is_exact:
                continue
            found = attribute(known.rows, known.image.chain, resolved=self._resolved)
            if any(step.empty is None or (exact and not step.is_exact) for step in found.steps):
                parents = self._parents(known)
                found = attribute(known.rows, known.image.chain, resolved=self._resolved, parents=parents)
            self._known[image_id] = replace(known, image=replace(known.image, steps=found.steps), sizes=found.sizes)

    def _parents(self, known: _Known) -> dict[int, int]:
        counts: dict[int, int] = {}
        for number, row in enumerate(known.rows):
            if row.id and row.id != "<missing>" and row.id != known.image.id:
                try:
                    parent = self.api.get(f"/images/{urllib.parse.quote(row.id, safe=':')}/json")
                except ImageDataError:
                    continue
                below = tuple(parent.get("RootFS", {}).get("Layers") or ())
                if known.image.diff_ids[: len(below)] == below:
                    counts[number] = len(below)
        return counts


def read_store(api: EngineApi, names: Iterable[str] | None = None, *, exact: bool = False) -> Store:
    """Read an engine once. For repeated reading keep a Reader."""
    return Reader(api).read(names, exact=exact)


def read_files(api: EngineApi, names: Sequence[str], *, progress: Progress | None = None) -> ImageArchive:
    """The files of these images: one export for all, read as it comes, nothing written.

    This costs what `docker save` costs; a layer of several of the images comes once. progress: called with the
    bytes
    read so far; when it raises, the export ends. Raises ImageDataError.
    """
    query = "&".join("names=" + urllib.parse.quote(name, safe=":/@") for name in names)
    stream = api.stream(f"/images/get?{query}")
    try:
        return read_archive(stream, progress=progress)
    finally:
        stream.close()


def _known(image_id: str, details: Mapping[str, Any], history: list[Mapping[str, Any]], note: str) -> _Known:
    diff_ids = tuple((details.get("RootFS") or {}).get("Layers") or ())
    if not all(is_digest(diff_id) for diff_id in diff_ids):
        raise ImageDataError(
            f"The engine names a layer of {image_id} by something that is no digest.", seen=str(diff_ids)
        )
    rows = tuple(
        Row(
            created_by=str(entry.get("CreatedBy") or ""),
            size=int(entry.get("Size") or 0),
            created=entry.get("Created") or 0,
            comment=str(entry.get("Comment") or ""),
            id=str(entry.get("Id") or ""),
        )
        for entry in reversed(history or [])
    )
    platform = "/".join(filter(None, (details.get("Os"), details.get("Architecture"), details.get("Variant"))))
    chain = chain_ids(diff_ids)
    image = Image(image_id, (), diff_ids, chain, (), platform=platform, note=note)
    return _Known(image, rows, (None,) * len(chain))


def _with_listing(image: Image, entry: Mapping[str, Any]) -> Image:
    shared = entry.get("SharedSize", -1)
    return replace(
        image,
        tags=tuple(sorted(tag for tag in entry.get("RepoTags") or () if tag != "<none>:<none>")),
        digests=tuple(sorted(d for d in entry.get("RepoDigests") or () if not d.startswith("<none>"))),
        created=int(entry.get("Created") or 0),
        reported_size=entry.get("Size"),
        reported_shared=shared if isinstance(shared, int) and shared >= 0 else None,
    )


def _find(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    for entry in listed:
        if tagged in (entry.get("RepoTags") or ()) or name in (entry.get("RepoDigests") or ()) or name == entry["Id"]:
            return entry
    hexadecimal = name.rpartition(":")[2]
    matches = [entry for entry in listed if entry["Id"].rpartition(":")[2].startswith(hexadecimal)]
    if len(matches) == 1 and len(hexadecimal) >= 4:
        return matches[0]
    raise ImageDataError(f"The engine has no image {name}.", seen=f"{len(listed)} images", next_command="docker images")
