"""Fetch a base image from Docker Hub, where Debian's packages cannot be had (macOS, other Linux systems).

An anonymous token, then the distribution specification's pull, choosing this machine's platform from the index.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from labsupport.errors import HubError
from labsupport.hub.build import MANIFEST, Image, digest_of
from labsupport.hub.registry import MANIFEST_LIMIT, MANIFESTS

REGISTRY = "https://registry-1.docker.io"
TOKENS = "https://auth.docker.io/token?service=registry.docker.io"
BLOB_LIMIT = 512 << 20  # bytes: a base image for the course is a few MB


def fetch(name: str, tag: str, architecture: str, *, registry: str = REGISTRY, tokens: str = TOKENS) -> Image:
    """Return NAME:TAG for linux/architecture, digests verified; raise HubError when it cannot be had."""
    try:
        token = json.loads(_get(f"{tokens}&scope=repository:{name}:pull", "", MANIFEST_LIMIT)[0])["token"]
        base = f"{registry}/v2/{name}"
        body, media_type = _get(f"{base}/manifests/{tag}", token, MANIFEST_LIMIT)
        document: dict[str, Any] = json.loads(body)
        if "manifests" in document:
            digest = _platform(document, architecture)
            body, media_type = _get(f"{base}/manifests/{digest}", token, MANIFEST_LIMIT)
            _verify(body, digest)
            document = json.loads(body)
        blobs = {}
        for descriptor in (document["config"], *document["layers"]):
            digest = descriptor["digest"]
            blobs[digest] = _get(f"{base}/blobs/{digest}", token, BLOB_LIMIT)[0]
            _verify(blobs[digest], digest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HubError(
            f"the image {name}:{tag} could not be fetched from {registry}",
            seen=repr(error),
            next_command="check the network, then: python3 -m labsupport start",
        ) from error
    return Image(body, blobs, media_type or MANIFEST)


def _get(url: str, token: str, limit: int) -> tuple[bytes, str]:
    request = urllib.request.Request(url, headers={"Accept": ", ".join(MANIFESTS)})
    if token:
        # unredirected: blobs are served by a content network that refuses a second kind of credentials
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            body: bytes = response.read(limit + 1)
            media_type = response.headers.get_content_type()
    except urllib.error.HTTPError as error:
        error.close()
        raise
    if len(body) > limit:
        raise ValueError(f"{url}: more than {limit} bytes")
    return body, media_type


def _platform(index: dict[str, Any], architecture: str) -> str:
    for entry in index["manifests"]:
        platform = entry.get("platform", {})
        if platform.get("os") == "linux" and platform.get("architecture") == architecture:
            return str(entry["digest"])
    raise ValueError(f"no image for linux/{architecture}")


def _verify(data: bytes, digest: str) -> None:
    if digest_of(data) != digest:
        raise ValueError(f"not what its digest says: {digest}")
