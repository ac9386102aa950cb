"""Images read from an engine with the fewest calls that tell the truth: one list, then inspect and history per
image.

Images never change under one id, so a Reader keeps what it has read and asks for new ids only. Nothing is taken
from `GraphDriver`, and no image is exported; `exact_configuration` is the last, costly rung and is asked for by
name.
"""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from labsupport.errors import ImageDataError
from labsupport.layers.answers import Known, byte_count, called, find, known_image, unpacked_sizes, with_listing
from labsupport.layers.attribution import Resolved, attribute, bytes_of_rows
from labsupport.layers.connection import EngineApi, NotFound, Refused
from labsupport.layers.model import INFERRED, Store, Unread, assemble
from labsupport.layers.solve import solved

if TYPE_CHECKING:  # an engine's list needs no archive: that is imported when one is read
    from labsupport.layers.archive import Progress
    from labsupport.layers.imagefile import ImageArchive

_THREADS = 2
_FEW = 12  # images that one thread has asked for before there is a second one


class Reader:
    """Reads one engine's images, again and again, asking only for what is new."""

    def __init__(self, api: EngineApi) -> None:
        self.api = api
        self._known: dict[str, Known] = {}
        self._resolved = Resolved()
        self._accounting: str | None = None
        self._is_podman = False

    @property
    def accounting(self) -> str:
        """ "containerd" for the containerd image store, else the graph driver's name (see Store)."""
        if self._accounting is None:
            info = self.api.get("/info")
            status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
            snapshotter = "containerd" in str(status.get("driver-type", ""))
            self._accounting = "containerd" if snapshotter else str(info.get("Driver", "unknown"))
            self._is_podman = "BuildahVersion" in info
        return self._accounting

    def read(self, names: Iterable[str] | None = None, *, exact: bool = False, intermediate: bool = False) -> Store:
        """The Store of all images, or of the named ones.

        exact: ask intermediate images (`attribution`, rung "parent") for inferred rows too, not only open ones.
        intermediate: also the classic builder's nameless intermediate images.
        Raises ImageDataError when a name is not there, or the engine contradicts itself.
        """
        listed = self.api.get("/images/json" + ("?all=1" if intermediate else ""))
        # engines give images of the same time in another order every time
        listed.sort(key=lambda entry: (-int(entry.get("Created") or 0), str(entry["Id"])))
        if names is not None:
            listed = [find(listed, name) for name in names]
        by_id = {entry["Id"]: entry for entry in listed}
        unread = self._fetch([image_id for image_id in by_id if image_id not in self._known])
        if names is None and not intermediate:
            self._known = {key: known for key, known in self._known.items() if key in by_id}
        here = [image_id for image_id in by_id if image_id in self._known]
        self._settle(here, by_id, exact)
        images = [with_listing(self._known[image_id].image, by_id[image_id]) for image_id in here]
        reasons = [Unread.of(called(by_id[image_id]), error) for image_id, error in unread.items()]
        return assemble(images, self.accounting, sizes=self._sizes(here), unread=reasons)

    def _sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """Sizes that no row tells of its own: which row made a layer may be open and its size still be certain."""
        known = [self._known[image_id] for image_id in ids]
        if not any(None in one.sizes or any(step.empty is None for step in one.image.steps) for one in known):
            return {}
        certain: dict[str, int] = {}
        for one in known:
            if not any(step.evidence in INFERRED for step in one.image.steps):
                told = zip(one.image.chain, one.sizes, strict=True)
                certain.update({key: size for key, size in told if size is not None})
        return certain | solved([(one.image.chain, one.total) for one in known], certain)

    def learn(self, store: Store) -> int:
        """Take over what a Store read from an archive or a registry knows exactly (rung "config" of
        `attribution`).

        Returns the number of images that became exact by it. Sizes stay the engine's own.
        """
        told = {image.chain: image for image in store.images if image.steps and image.is_exact}
        count = 0
        for image_id, known in self._known.items():
            other = told.get(known.image.chain)
            if other is None or len(other.steps) != len(known.rows):
                continue
            if all(row.created_by == step.created_by for row, step in zip(known.rows, other.steps, strict=True)):
                count += self.learn_flags(image_id, [bool(step.empty) for step in other.steps])
        return count

    def learn_flags(self, image_id: str, flags: Sequence[bool]) -> bool:
        """Take over which rows of an image's history made no layer; whether the image became exact by it."""
        known = self._known.get(image_id)
        if known is None or known.image.is_exact or len(flags) != len(known.rows):
            return False
        rows = tuple(row._replace(empty=flag) for row, flag in zip(known.rows, flags, strict=True))
        found = attribute(rows, known.image.chain, resolved=self._resolved, total=known.total)
        image = replace(known.image, steps=found.steps, note="" if found.is_exact else known.image.note)
        self._known[image_id] = Known(image, rows, found.sizes, known.total, found.is_exact)
        return image.is_exact

    def _fetch(self, new: list[str]) -> dict[str, ImageDataError]:
        """Ask for these images; returns why some could not be read. Those that are gone since are in neither."""
        if len(new) <= _FEW:
            answers = self._ask_all(new)
        else:
            from concurrent.futures import ThreadPoolExecutor  # with all of logging: longer than few images take

            parts = [new[start::_THREADS] for start in range(_THREADS)]
            with ThreadPoolExecutor(_THREADS) as pool:
                answers = {key: answer for part in pool.map(self._ask_all, parts) for key, answer in part.items()}
        self._known.update({key: answer for key, answer in answers.items() if isinstance(answer, Known)})
        return {key: answers[key] for key in new if isinstance(answers.get(key), ImageDataError)}  # type: ignore[misc]

    def _ask_all(self, image_ids: list[str]) -> dict[str, Known | ImageDataError]:
        found: dict[str, Known | ImageDataError] = {}
        for image_id in image_ids:
            with contextlib.suppress(NotFound):  # removed since it was listed
                found[image_id] = self._ask(image_id)
        return found

    def _ask(self, image_id: str) -> Known | ImageDataError:
        quoted = urllib.parse.quote(image_id, safe=":")
        note = ""
        try:
            details = self.api.get(f"/images/{quoted}/json")
            try:
                history = self.api.get(f"/images/{quoted}/history")
            except Refused as error:
                # The containerd store has no sizes for an image that is not unpacked.
                history, note = [], error.seen or error.message
            return known_image(image_id, details, history, note)
        except NotFound:
            raise
        except Refused as error:
            return error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return ImageDataError("The engine's answer is not of the shape it should have.", seen=str(error))

    def _settle(self, ids: list[str], listing: Mapping[str, Any], exact: bool) -> None:
        """Join rows to layers. Exact images teach others (rung "trie"): newest first, as engines list them."""
        unpacked: dict[str, int] | None = None
        for image_id in ids:
            known = self._known[image_id]
            if known.is_settled:
                continue
            total: int | None = None
            if self.accounting != "containerd":
                total = None if self._is_podman else byte_count(listing[image_id].get("Size"))
            elif known.rows and sum(bool(row.size) for row in known.rows) != len(known.image.chain):
                # Rows leave layers out, or there are layers without a byte (no block on some file systems).
                unpacked = unpacked_sizes(self.api) if unpacked is None else unpacked
                total = unpacked.get(image_id, -1)
            ladder = partial(attribute, known.rows, known.image.chain, resolved=self._resolved, total=total)
            found = ladder()
            is_settled = not known.rows or (total is not None and bytes_of_rows(known.rows) != total)
            if not is_settled and any(step.empty is None or (exact and not step.is_exact) for step in found.steps):
                found = ladder(parents=self._parents(known))
            note = known.image.note
            if is_settled and known.rows:
                note = "its history does not add up to its size: which row made which layer cannot be told"
            self._known[image_id] = replace(
                known,
                image=replace(known.image, steps=found.steps, note=note),
                sizes=found.sizes,
                # unpacked bytes may be more than the layers': see balance.py
                total=total if self.accounting != "containerd" else None,
                is_settled=is_settled or found.is_exact,
            )

    def _parents(self, known: Known) -> dict[int, int]:
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

    This costs what `docker save` costs; a layer of several of the images comes once. progress: called with the bytes
    read so far; when it raises, the export ends. An image that the engine cannot export, or that cannot be read, takes
    no other along: it stands in the store's `unread`. Raises ImageDataError when none can be read.
    """
    from labsupport.layers.imagefile import together

    done = 0  # bytes of exports that were broken off
    latest = 0
    stopped = False

    def told(count: int) -> None:
        nonlocal latest, stopped
        latest = count
        try:
            if progress is not None:
                progress(done + count)
        except BaseException:
            stopped = True
            raise

    def read(part: Sequence[str]) -> list[ImageArchive | Unread]:
        nonlocal done
        try:
            return [_exported(api, part, told)]
        except ImageDataError as error:
            if stopped or (len(names) == 1 and len(part) == 1):
                raise
            done += latest
            if len(part) == 1:
                return [Unread.of(part[0], error)]
            middle = len(part) // 2
            return [*read(part[:middle]), *read(part[middle:])]

    return together(read(names))


def _exported(api: EngineApi, names: Sequence[str], progress: Progress) -> ImageArchive:
    from labsupport.layers.imagefile import read_archive

    query = "&".join("names=" + urllib.parse.quote(name, safe=":/@") for name in names)
    stream = api.stream(f"/images/get?{query}")
    try:
        return read_archive(stream, progress=progress)
    finally:
        stream.close()
