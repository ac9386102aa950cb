"""Fill the sandbox's registry with the course's images, and list what it holds."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from labsupport.errors import CourseError, HubError
from labsupport.hub import damage, images
from labsupport.hub.build import Image
from labsupport.hub.images import Source
from labsupport.hub.registry import Registry, descriptors, reference

Report = Callable[[str], None]


class Place(Protocol):
    """What the hub needs of a sandbox: its folder, and the registry's address as seen from here."""

    @property
    def directory(self) -> Path: ...
    @property
    def registry_url(self) -> str: ...


@dataclass(frozen=True)
class Stocked:
    """One tag of the registry; size is what a pull downloads, in bytes, for all its platforms."""

    name: str
    tag: str
    digest: str
    size: int

    @property
    def reference(self) -> str:
        """What to type after `docker pull` (`library/` is what Docker Hub puts before official images)."""
        return f"{self.name.removeprefix('library/')}:{self.tag}"


def fill(sb: Place, report: Report = print, *, verify: bool = False) -> None:
    """Put the course's images into the sandbox's registry; at once when they are there already.

    With verify every byte of theirs is compared with its digest, and what is damaged is made again.

    They are built from Debian's packages; where those cannot be had, the base comes from Docker Hub, and images that
    need packages are left as a hub file brought them, or out. An interrupted fill completes the next time. Raises
    HubError when the registry does not answer, the disk is full, or no image at all can be had.
    """
    wanted = images.sources()
    key = images.key(wanted)
    from filelock import FileLock

    with Registry(sb.registry_url) as registry:
        registry.wait()
        wrong = _damaged(sb, registry) if verify else set()
        if not wrong and read_stamp(sb, registry).get("key") == key:
            return
        # two notebooks open at once: the second waits, and finds the work done
        lock = _stamp(sb).with_name("fill.lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if wrong:
                report(f"mending the hub: {len(wrong)} of its files are not what their digests say")
                damage.remove(sb.directory, wrong)
            if wrong or read_stamp(sb, registry).get("key") != key:
                _fill(sb, registry, wanted, key, report)


def _fill(sb: Place, registry: Registry, wanted: list[Source], key: str, report: Report) -> None:
    started = time.monotonic()
    report("filling the hub with the course's images")
    root = _packages(wanted, report)
    made: dict[str, Image] = {}
    for source in wanted:
        image = _image(source, root, made, registry)
        if image is not None:
            name, tag = reference(source.reference)
            registry.push(f"library/{name}", tag, image)
            made[source.reference] = image
    if not made:
        raise HubError(
            "the hub is empty: neither Debian's packages nor Docker Hub can be reached",
            next_command="python3 -m labsupport start, once there is a network   "
            "(or without one: python3 -m labsupport hub load FILE, a hub file made on another machine)",
        )
    missing = [source.reference for source in wanted if source.reference not in made]
    if missing:
        report(
            f"left out: {', '.join(missing)} (they need Debian's packages; a hub file made elsewhere brings them:"
            " python3 -m labsupport hub load FILE)"
        )
    else:
        write_stamp(sb, key, {name: image.digest for name, image in made.items()})
    report(f"the hub holds {len(made)} images of the course ({time.monotonic() - started:.1f} s)")


def damaged(sb: Place) -> set[str]:
    """The digests of the course's images of which the hub has other bytes. Raises HubError as missing does."""
    with Registry(sb.registry_url) as registry:
        registry.wait()
        return _damaged(sb, registry)


def _damaged(sb: Place, registry: Registry) -> set[str]:
    recorded = _recorded(sb).get("images", {}).items()
    return damage.find(registry, ((f"library/{reference(image)[0]}", digest) for image, digest in recorded))


def missing(sb: Place) -> list[str]:
    """The course's images that the hub does not have. Raises HubError when the registry does not answer."""
    with Registry(sb.registry_url) as registry:
        registry.wait()
        found = []
        for source in images.sources():
            name, tag = reference(source.reference)
            if registry.manifest_digest(f"library/{name}", tag) is None:
                found.append(source.reference)
        return found


def catalog(sb: Place) -> list[Stocked]:
    """Return every tag the sandbox's registry holds, sorted by name."""
    rows = []
    with Registry(sb.registry_url) as registry:
        for name in registry.names():
            for tag in registry.tags(name):
                digest = registry.manifest_digest(name, tag)
                if digest:
                    rows.append(Stocked(name, tag, digest, _size(registry, name, digest)))
    return rows


def _size(registry: Registry, name: str, digest: str) -> int:
    document: dict[str, Any] = json.loads(registry.manifest(name, digest)[0])
    inner = [entry["digest"] for entry in document.get("manifests", [])]
    if inner:
        return sum(_size(registry, name, digest) for digest in inner)
    return sum(int(entry["size"]) for entry in descriptors(document))


def read_stamp(sb: Place, registry: Registry) -> dict[str, Any]:
    """Return what the last complete fill or load wrote ("key", "images"), or {} if the registry no longer has it."""
    stamp = _recorded(sb)
    for image, digest in stamp.get("images", {}).items():
        name, tag = reference(image)
        try:
            if registry.manifest_digest(f"library/{name}", tag) != digest:
                return {}
        except HubError:  # it refuses to serve a manifest that is damaged
            return {}
    return stamp


def _recorded(sb: Place) -> dict[str, Any]:
    """The stamp as it was written, {} when there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, AttributeError, TypeError):
        stamp: dict[str, Any] = json.loads(_stamp(sb).read_text())
        if all(isinstance(part, str) for pair in stamp["images"].items() for part in pair):
            return stamp
    return {}


def write_stamp(sb: Place, key: str, digests: dict[str, str]) -> None:
    """Record that the registry holds the images of a checkout (key: images.key), by reference and digest."""
    path = _stamp(sb)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps({"key": key, "images": digests}, indent=1))
    partial.replace(path)


def _stamp(sb: Place) -> Path:
    return sb.directory / "hub" / "course.json"


def _packages(wanted: list[Source], report: Report) -> Path | None:
    from labsupport.sandbox import packages

    if not packages.available():
        return None
    try:
        return packages.fetch([name for source in wanted for name in source.packages], report, label="images")
    except CourseError as error:
        report(f"{error.message}: {error.seen}" if error.seen else error.message)
        return None


def _image(source: Source, root: Path | None, made: dict[str, Image], registry: Registry) -> Image | None:
    """Build an image; else take what the registry has under this name; else, for a base, Docker Hub's; else None."""
    if root is not None or not source.packages:
        if source.base == "scratch" or source.base in made:
            return images.make(source, root, made.get(source.base))
        return None
    name, tag = reference(source.reference)
    with contextlib.suppress(HubError):  # a damaged one is as good as none
        if registry.manifest_digest(f"library/{name}", tag):
            return registry.pull(f"library/{name}", tag)
    if source.base != "scratch":
        return None
    from labsupport.hub import upstream  # TLS and all that: only where it is needed

    try:
        return upstream.fetch(f"library/{name}", tag, images.architecture())
    except HubError:
        return None
