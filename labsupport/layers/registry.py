"""Images as a registry keeps them: exact history, compressed sizes, and blobs shared by digest alone.

Two answers per image, both verified against their digest: the manifest and the configuration (distribution
specification, "Pulling manifests", "Pulling blobs"; image specification, manifest.md, image-index.md, config.md).
"""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.layers.attribution import Row, attribute
from labsupport.layers.identity import chain_ids, is_digest
from labsupport.layers.model import Image, Store, assemble

Fetch = Callable[[str, str], bytes]
"""(path below /v2/, Accept header) -> the answer's bytes. Raises ImageDataError."""

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
CONFIGURATIONS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")  # beginnings of media types
_LARGEST_DOCUMENT = 4 << 20  # bytes; registries refuse larger manifests (distribution specification, 4 MiB)


def fetch_from(registry_url: str, *, timeout: float = 30) -> Fetch:
    """A Fetch for a registry that asks for no login, such as the sandbox's hub. timeout in seconds."""
    import urllib.error
    import urllib.request

    base = registry_url.rstrip("/")
    # Never through a proxy: the sandbox's registry is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fetch(path: str, accept: str) -> bytes:
        request = urllib.request.Request(f"{base}/v2/{path}", headers={"Accept": accept})
        try:
            with opener.open(request, timeout=timeout) as answer:
                body: bytes = answer.read(_LARGEST_DOCUMENT + 1)
        except urllib.error.HTTPError as error:
            raise ImageDataError(f"The registry refused {path}.", seen=f"HTTP {error.code}") from None
        except OSError as error:
            raise ImageDataError(f"No answer from the registry at {base}.", seen=str(error)) from None
        return body

    return fetch


def read_registry(fetch: Fetch, references: Iterable[str], *, architecture: str | None = None) -> Store:
    """The Store of these `repository:tag` or `repository@sha256:...`, sizes compressed.

    architecture: which image of an index, in Go's names ("amd64", "arm64"); this machine's by default.
    Raises ImageDataError for a missing image, a wrong digest, or a manifest that contradicts its configuration.
    """
    images: list[Image] = []
    blobs: dict[str, tuple[str, int]] = {}
    sizes: dict[str, int] = {}
    for reference in references:
        image, layers = _read_one(fetch, reference, architecture or _go_architecture())
        images.append(image)
        for diff_id, chain_id, (digest, compressed) in zip(image.diff_ids, image.chain, layers, strict=True):
            blobs[diff_id] = (digest, compressed)
            sizes[chain_id] = compressed
    return assemble(images, "compressed", sizes=sizes, blobs=blobs)


def _read_one(fetch: Fetch, reference: str, architecture: str) -> tuple[Image, list[tuple[str, int]]]:
    repository, wanted = _split(reference)
    accept = ", ".join(MANIFESTS + INDEXES)
    body, digest = _document(fetch, f"{repository}/manifests/{wanted}", accept, wanted if is_digest(wanted) else None)
    if body.get("mediaType") in INDEXES or "manifests" in body:
        chosen = _choose(body, architecture, reference)
        body, digest = _document(fetch, f"{repository}/manifests/{chosen}", accept, chosen)
    try:
        config_digest = body["config"]["digest"]
        layers = [(str(layer["digest"]), int(layer["size"])) for layer in body["layers"]]
    except (KeyError, TypeError, ValueError):
        raise ImageDataError(f"{reference} is not an image manifest.", seen=str(body)[:120]) from None
    config, _ = _document(fetch, f"{repository}/blobs/{config_digest}", "*/*", config_digest)
    image = image_from_config(config, image_id=digest, tags=(reference,))
    if len(image.diff_ids) != len(layers):
        raise ImageDataError(
            f"{reference}: manifest and configuration disagree.",
            seen=f"{len(layers)} blobs, {len(image.diff_ids)} diff_ids",
        )
    return image, layers


def no_image(manifest: Mapping[str, Any]) -> str:
    """What a manifest is when it is not an image's: an artifact's or its parts' media type, "" for an image.

    Signatures, SBOMs, charts and the like are kept as manifests, too (image specification, manifest.md, "Guidelines
    for Artifact Usage").
    """
    artifact = str(manifest.get("artifactType") or "")
    config = str((manifest.get("config") or {}).get("mediaType") or CONFIGURATIONS[0])
    if config not in CONFIGURATIONS:
        return artifact or config
    layers = [str(layer.get("mediaType") or "") for layer in manifest.get("layers") or ()]
    odd = next((kind for kind in layers if kind and not kind.startswith(LAYERS)), "")
    return (artifact or odd) if odd else ""


def image_from_config(config: Mapping[str, Any], *, image_id: str, tags: tuple[str, ...]) -> Image:
    """The Image an image configuration describes; its history pairs with its layers exactly. Sizes are not in
    it.
    """
    diff_ids = tuple((config.get("rootfs") or {}).get("diff_ids") or ())
    if not all(is_digest(diff_id) for diff_id in diff_ids):
        raise ImageDataError(
            "An image configuration names a layer by something that is no digest.", seen=str(diff_ids)[:120]
        )
    rows = [
        Row(
            created_by=str(entry.get("created_by") or ""),
            size=None,
            created=str(entry.get("created") or ""),
            comment=str(entry.get("comment") or ""),
            empty=bool(entry.get("empty_layer", False)),
        )
        for entry in config.get("history") or ()
    ]
    chain = chain_ids(diff_ids)
    steps = attribute(rows, chain).steps
    platform = "/".join(filter(None, (config.get("os"), config.get("architecture"), config.get("variant"))))
    return Image(image_id, tags, diff_ids, chain, steps, platform=platform)


def _document(fetch: Fetch, path: str, accept: str, digest: str | None) -> tuple[dict[str, Any], str]:
    body = fetch(path, accept)
    if len(body) > _LARGEST_DOCUMENT:
        raise ImageDataError(f"The registry's answer to {path} is too large.", seen=f"over {_LARGEST_DOCUMENT} bytes")
    found = "sha256:" + hashlib.sha256(body).hexdigest()
    if digest is not None and digest.startswith("sha256:") and found != digest:
        raise ImageDataError(f"{path} does not have the digest it is named by.", seen=found)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ImageDataError(f"The registry's answer to {path} is not a JSON object.", seen=repr(body[:80]))
    return document, digest or found


def _choose(index: Mapping[str, Any], architecture: str, reference: str) -> str:
    offered = []
    for entry in index.get("manifests") or ():
        platform = entry.get("platform") or {}
        if platform.get("os") == "linux" and platform.get("architecture") == architecture:
            return str(entry["digest"])
        offered.append(f"{platform.get('os')}/{platform.get('architecture')}")
    raise ImageDataError(f"{reference} has no image for linux/{architecture}.", seen=", ".join(offered))


def _split(reference: str) -> tuple[str, str]:
    if "@" in reference:
        repository, _, digest = reference.partition("@")
        return repository, digest
    repository, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = reference, "latest"
    return urllib.parse.quote(repository), urllib.parse.quote(tag)


def _go_architecture() -> str:
    import platform

    name = platform.machine().lower()
    return {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(name, name)
