"""Images as paths in a prefix tree of layers. Plain data: nothing here asks an engine or reads a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from labsupport.errors import ImageDataError
from labsupport.layers.identity import short
from labsupport.layers.instruction import readable
from labsupport.layers.names import harmless, printable

EXACT = frozenset({"size", "config", "parent", "only"})
"""Evidence that leaves one possibility only."""
INFERRED = frozenset({"trie", "rule"})
"""Evidence that makes one possibility likely. What is in neither is "unknown": it could not be told."""


class Step(NamedTuple):
    """One row of an image's history, oldest first. empty: True made no layer, False made `layer`, None not
    known.
    """

    number: int
    created_by: str
    size: int | None
    empty: bool | None
    layer: str | None
    evidence: str
    comment: str = ""

    @property
    def command(self) -> str:
        return readable(self.created_by, self.comment)

    @property
    def is_exact(self) -> bool:
        return self.evidence in EXACT


class Layer(NamedTuple):
    """One layer on its parents. size: bytes in the store's accounting, None when it could not be told exactly."""

    chain_id: str
    diff_id: str
    parent: str | None
    size: int | None
    created_by: str = ""
    comment: str = ""
    evidence: str = "unknown"
    blob_digest: str | None = None
    compressed: int | None = None
    depth: int = 0

    @property
    def command(self) -> str:
        """The instruction that made it, "" when it is not known."""
        return readable(self.created_by, self.comment) if self.created_by or self.comment else ""


@dataclass(frozen=True, slots=True)
class Image:
    """One image. Several tags are one image. reported_*: the engine's own figures in bytes, None where it gave
    none.
    """

    id: str
    tags: tuple[str, ...]
    diff_ids: tuple[str, ...]
    chain: tuple[str, ...]
    steps: tuple[Step, ...]
    created: int = 0
    platform: str = ""
    digests: tuple[str, ...] = ()
    reported_size: int | None = None
    reported_shared: int | None = None
    note: str = ""

    @property
    def name(self) -> str:
        return self.tags[0] if self.tags else short(self.id)

    @property
    def is_exact(self) -> bool:
        return all(step.is_exact for step in self.steps)


class Unread(NamedTuple):
    """An image, or what is listed among images, that could not be read, and why: one line each."""

    name: str
    why: str

    @classmethod
    def of(cls, name: str, error: ImageDataError) -> Unread:
        return cls(printable(name), harmless(" ".join(filter(None, (error.message, error.seen)))))


def none_of(unread: Sequence[Unread]) -> ImageDataError:
    """The error that says why none of several images can be read."""
    seen = "; ".join(f"{name}: {why}" for name, why in unread[:5]) + ("; ..." if len(unread) > 5 else "")
    return ImageDataError(f"None of {len(unread)} images can be read.", seen=seen)


@dataclass(frozen=True)
class Store:
    """All images of one place and the layers they are made of.

    accounting: whose bytes the sizes are, never to be compared across: "overlay2" (contents of regular files and
    lengths of symlink targets), "containerd" (blocks and directories of the unpacked snapshot), "archive"
    (contents of the archive's entries), "compressed" (blobs as a registry keeps them).
    unread: images that are there and are not among `images`, each with its reason.
    """

    images: tuple[Image, ...]
    layers: Mapping[str, Layer]
    accounting: str
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    users: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    children: Mapping[str | None, tuple[str, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        users: dict[str, list[str]] = {}
        first: dict[str, str] = {}  # the least name of a layer's users: an order of our own, not the engine's
        below: dict[str, str | None] = {}
        for image in self.images:
            parent: str | None = None
            name = image.name
            for chain_id in image.chain:
                if chain_id not in users:
                    users[chain_id] = []
                    below[chain_id] = parent
                    first[chain_id] = name
                elif name < first[chain_id]:
                    first[chain_id] = name
                users[chain_id].append(image.id)
                parent = chain_id
        children: dict[str | None, list[str]] = {}
        for chain_id in sorted(users, key=lambda one: (-len(users[one]), first[one], one)):
            children.setdefault(below[chain_id], []).append(chain_id)
        object.__setattr__(self, "users", {key: tuple(ids) for key, ids in users.items()})
        object.__setattr__(self, "children", {key: tuple(ids) for key, ids in children.items()})

    @property
    def is_additive(self) -> bool:
        """Whether the engine's size of an image is the sum of its layers' sizes, to the byte: with a graph driver. The
        containerd store adds what it keeps compressed; other places tell no size of their own.
        """
        return self.accounting not in ("containerd", "archive", "compressed")

    def image(self, reference: str) -> Image | None:
        """The image with this tag, id or unambiguous id prefix; a name without a tag means `:latest`."""
        wanted = reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
        for image in self.images:
            if wanted in image.tags or reference in image.tags or reference == image.id or reference in image.digests:
                return image
        found = [image for image in self.images if image.id.rpartition(":")[2].startswith(reference.rpartition(":")[2])]
        return found[0] if len(found) == 1 and len(reference) >= 4 else None

    def path(self, image: Image) -> list[Layer]:
        """The image's layers, bottom first."""
        return [self.layers[chain_id] for chain_id in image.chain]

    def subset(self, images: Iterable[Image]) -> Store:
        """The same place seen through some of its images only."""
        kept = tuple(images)
        used = {chain_id for image in kept for chain_id in image.chain}
        layers = {key: layer for key, layer in self.layers.items() if key in used}
        return Store(kept, layers, self.accounting, self.notes, self.unread)

    def ordered(self) -> tuple[Image, ...]:
        """The images in tree order: images that share layers stand together, the largest family first."""
        ends: dict[str, list[Image]] = {}
        bare: list[Image] = []
        for image in sorted(self.images, key=lambda one: (one.name, one.id)):
            (ends.setdefault(image.chain[-1], []) if image.chain else bare).append(image)
        found = [image for _, layer in self.depth_first() for image in ends.get(layer.chain_id, ())]
        return (*bare, *found)

    def depth_first(self) -> Iterator[tuple[int, Layer]]:
        """Every layer once with its depth (0 at the root), parents before children."""
        stack = [(0, chain_id) for chain_id in reversed(self.children.get(None, ()))]
        while stack:
            depth, chain_id = stack.pop()
            yield depth, self.layers[chain_id]
            stack.extend((depth + 1, child) for child in reversed(self.children.get(chain_id, ())))


def assemble(
    images: Sequence[Image],
    accounting: str,
    *,
    sizes: Mapping[str, int] | None = None,
    blobs: Mapping[str, tuple[str, int]] | None = None,
    notes: Iterable[str] = (),
    unread: Iterable[Unread] = (),
) -> Store:
    """The Store of these images.

    sizes: bytes by chain_id where known apart from the steps; blobs: (digest, compressed bytes) by diff_id.
    A layer for which two images give different sizes keeps the exact one, or none, and a note says so.
    """
    layers: dict[str, Layer] = {}
    remarks = list(notes)
    sizes, blobs = sizes or {}, blobs or {}
    for image in images:
        made_by = {step.layer: step for step in image.steps if step.layer}
        parent: str | None = None
        for depth, (chain_id, diff_id) in enumerate(zip(image.chain, image.diff_ids, strict=True)):
            known = layers.get(chain_id)
            step = made_by.get(chain_id)
            better = step is not None and known is not None and _rank(step.evidence) > _rank(known.evidence)
            if known is None or better:
                layers[chain_id] = _layer(chain_id, diff_id, parent, depth, step, sizes, blobs, known)
            elif step is not None and step.evidence in EXACT and _contradict(step.size, known.size):
                remarks.append(f"layer {short(chain_id)} has two sizes: {known.size} and {step.size} bytes")
                layers[chain_id] = known._replace(size=None, evidence="unknown")
            parent = chain_id
    return Store(tuple(images), layers, accounting, tuple(remarks), tuple(unread))


def _rank(evidence: str) -> int:
    return 2 if evidence in EXACT else 1 if evidence in INFERRED else 0


def _contradict(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _layer(
    chain_id: str,
    diff_id: str,
    parent: str | None,
    depth: int,
    step: Step | None,
    sizes: Mapping[str, int],
    blobs: Mapping[str, tuple[str, int]],
    known: Layer | None,
) -> Layer:
    size = sizes.get(chain_id, step.size if step else None)
    if size is None and known is not None:
        size = known.size
    digest, compressed = blobs.get(diff_id, (None, None))
    if step is None:
        return Layer(chain_id, diff_id, parent, size, "", "", "unknown", digest, compressed, depth)
    made = (step.created_by, step.comment, step.evidence)
    return Layer(chain_id, diff_id, parent, size, *made, digest, compressed, depth)
