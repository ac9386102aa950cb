"""Images as paths in a prefix tree of layers. Plain data: nothing here asks an engine or reads a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labsupport.layers.identity import short
from labsupport.layers.instruction import readable

EXACT = frozenset({"size", "config", "parent", "trie", "only"})
"""Evidence that leaves one possibility only. "rule" is an inference; "unknown" says that it could not be told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of an image's history, oldest first. empty: True made no layer, False made `layer`, None not
    known.
    """

    index: int
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


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer on its parents. size: bytes in the store's accounting, None when it could not be told exactly."""

    chain_id: str
    diff_id: str
    parent: str | None
    size: int | None
    command: str = ""
    evidence: str = "unknown"
    blob_digest: str | None = None
    compressed: int | None = None
    depth: int = 0


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


@dataclass(frozen=True)
class Store:
    """All images of one place and the layers they are made of.

    accounting: whose bytes the sizes are, never to be compared across: "overlay2" (contents of regular files and
    lengths of symlink targets), "containerd" (blocks and directories of the unpacked snapshot), "archive"
    (contents of the archive's entries), "compressed" (blobs as a registry keeps them).
    """

    images: tuple[Image, ...]
    layers: Mapping[str, Layer]
    accounting: str
    notes: tuple[str, ...] = ()
    users: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    children: Mapping[str | None, tuple[str, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        users: dict[str, list[str]] = {}
        children: dict[str | None, list[str]] = {}
        for image in self.images:
            parent: str | None = None
            for chain_id in image.chain:
                if chain_id not in users:
                    users[chain_id] = []
                    children.setdefault(parent, []).append(chain_id)
                users[chain_id].append(image.id)
                parent = chain_id
        object.__setattr__(self, "users", {key: tuple(ids) for key, ids in users.items()})
        object.__setattr__(self, "children", {key: tuple(ids) for key, ids in children.items()})

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
        return Store(
            kept, {key: layer for key, layer in self.layers.items() if key in used}, self.accounting, self.notes
        )

    def ordered(self) -> tuple[Image, ...]:
        """The images in tree order: images that share layers stand together, the largest family first."""
        weight: dict[str, int] = {key: len(ids) for key, ids in self.users.items()}
        position = {key: number for number, key in enumerate(self.layers)}

        def key(image: Image) -> tuple[tuple[int, int], ...]:
            return tuple((-weight[chain_id], position[chain_id]) for chain_id in image.chain)

        return tuple(sorted(self.images, key=lambda image: (key(image), image.name)))

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
) -> Store:
    """The Store of these images.

    sizes: bytes by chain_id where known apart from the steps; blobs: (digest, compressed bytes) by diff_id.
    A layer for which two images give different sizes keeps the exact one, or none, and a note says so.
    """
    layers: dict[str, Layer] = {}
    remarks = list(notes)
    for image in images:
        by_layer = {step.layer: step for step in image.steps if step.layer}
        parent: str | None = None
        for depth, (chain_id, diff_id) in enumerate(zip(image.chain, image.diff_ids, strict=True)):
            step = by_layer.get(chain_id)
            size = step.size if step else None
            if sizes is not None and chain_id in sizes:
                size = sizes[chain_id]
            digest, compressed = (blobs or {}).get(diff_id, (None, None))
            command, evidence = (step.command, step.evidence) if step else ("", "unknown")
            known = layers.get(chain_id)
            if known is None or (evidence in EXACT and known.evidence not in EXACT) or known.evidence == "unknown":
                if known is not None and size is None:
                    size = known.size
                layers[chain_id] = Layer(chain_id, diff_id, parent, size, command, evidence, digest, compressed, depth)
            elif size is not None and known.size is not None and size != known.size and evidence in EXACT:
                remarks.append(f"layer {short(chain_id)} has two sizes: {known.size} and {size} bytes")
                layers[chain_id] = Layer(
                    chain_id, diff_id, parent, None, known.command, "unknown", digest, compressed, depth
                )
            parent = chain_id
    return Store(tuple(images), layers, accounting, tuple(remarks))
