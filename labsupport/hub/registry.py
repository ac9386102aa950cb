"""Talk to a registry over HTTP: the part of the OCI distribution specification 1.0 that the hub needs.

Pull (end-2, end-3), push (end-4a, end-6, end-7, end-11), content discovery (end-8a, and `_catalog`, which is older
than the specification). Not through the engine: what `docker pull` and `docker build` leave behind would be in the
learner's `docker images`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote, urlsplit

from labsupport import pace
from labsupport.errors import HubError
from labsupport.hub.build import MANIFEST, Image, digest_of

INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFESTS = (MANIFEST, DOCKER_MANIFEST, INDEX, DOCKER_INDEX)
MANIFEST_LIMIT = 4 << 20  # bytes; the specification asks registries to take at least this much

# distribution-spec, "Pulling manifests"
NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

RETRY = "python3 -m labsupport start"


class Registry:
    """A registry at a URL such as http://127.0.0.1:5000; one connection, open until the with block ends.

    Whatever goes wrong is a HubError.
    """

    def __init__(self, url: str, *, timeout: float = 60) -> None:
        if not url:
            raise HubError("the sandbox has no registry that answers", next_command=RETRY)
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
        self._owners: dict[str, str] = {}  # blob -> a repository that has it

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def wait(self, seconds: float = 10) -> None:
        """Return when the registry answers; raise HubError if it has not after some seconds."""

        def answers() -> bool:
            with contextlib.suppress(HubError):
                self.request("GET", "/v2/")
                return True
            return False

        if not pace.until(answers, seconds, every=0.05):
            self.request("GET", "/v2/")

    def names(self) -> list[str]:
        """Return the names of all repositories."""
        return sorted(self._listed("/v2/_catalog?n=1000", "repositories"))

    def tags(self, name: str) -> list[str]:
        """Return a repository's tags; none when it has been emptied."""
        return sorted(self._listed(f"/v2/{name}/tags/list", "tags"))

    def manifest_digest(self, name: str, reference: str) -> str | None:
        """Return the digest a tag stands for now, or None when there is no such tag."""
        path = f"/v2/{name}/manifests/{reference}"
        status, headers, _ = self.request("HEAD", path, {"Accept": _ACCEPT}, ok=(200, 404))
        return headers.get("docker-content-digest") if status == 200 else None

    def manifest(self, name: str, reference: str) -> tuple[bytes, str]:
        """Return a manifest (or an index) as stored, and its media type."""
        _, headers, body = self.request("GET", f"/v2/{name}/manifests/{reference}", {"Accept": _ACCEPT})
        return body, headers.get("content-type", MANIFEST).split(";")[0]

    def manifest_bytes(self, name: str, reference: str) -> bytes:
        """Return a manifest (or an index) as stored."""
        return self.manifest(name, reference)[0]

    def serves_other_manifest(self, name: str, digest: str) -> bool:
        """Whether a manifest is there by this digest and has other bytes, or cannot be served for what it has."""
        path = f"/v2/{name}/manifests/{digest}"
        status, _, body = self.request("GET", path, {"Accept": _ACCEPT}, ok=(200, 404, 500))
        return status == 500 or (status == 200 and digest_of(body) != digest)

    def has_blob(self, name: str, digest: str) -> bool:
        """Whether a repository has a blob."""
        return self.request("HEAD", f"/v2/{name}/blobs/{digest}", ok=(200, 404))[0] == 200

    def read_blob(self, name: str, digest: str) -> Iterator[bytes]:
        """Yield a blob piece by piece."""
        response = self._send("GET", f"/v2/{name}/blobs/{digest}", {}, None)
        if response.status != 200:
            raise self._refused("GET", f"{name}@{digest}", response.status, response.read())
        try:
            while piece := response.read(1 << 20):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            raise self._silent("GET", f"{name}@{digest}", error) from error

    def push_blob(self, name: str, digest: str, body: bytes | IO[bytes], size: int) -> bool:
        """Store a blob unless the registry has it already; return whether it was sent."""
        owner = self._owners.setdefault(digest, name)
        if self.has_blob(name, digest):
            return False
        mount = f"?mount={quote(digest)}&from={quote(owner)}" if owner != name else ""
        path = f"/v2/{name}/blobs/uploads/{mount}"
        status, headers, _ = self.request("POST", path, {"Content-Length": "0"}, ok=(202, 201))
        if status == 201:
            return False
        location = urlsplit(headers["location"])
        target = f"{location.path}?{location.query + '&' if location.query else ''}digest={quote(digest)}"
        sent = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self.request("PUT", target, sent, body, ok=(201,))
        return True

    def push_manifest(self, name: str, reference: str, body: bytes, media_type: str) -> None:
        """Store a manifest under a tag or its digest. What it refers to must be there already."""
        self.request("PUT", f"/v2/{name}/manifests/{reference}", {"Content-Type": media_type}, body, ok=(201,))

    def push(self, name: str, tag: str, image: Image) -> None:
        """Store an image: blobs first, the tag last, so that an interrupted push leaves no broken image."""
        for digest, blob in image.blobs.items():
            self.push_blob(name, digest, blob, len(blob))
        self.push_manifest(name, tag, image.manifest, image.media_type)

    def pull(self, name: str, reference: str) -> Image:
        """Return a single-platform image with all its blobs, digests verified."""
        manifest, media_type = self.manifest(name, reference)
        document = json.loads(manifest)
        blobs = {}
        for descriptor in (document["config"], *document["layers"]):
            blob = b"".join(self.read_blob(name, descriptor["digest"]))
            if digest_of(blob) != descriptor["digest"]:
                raise HubError(f"{name}: a blob is not what its digest says", seen=descriptor["digest"])
            blobs[descriptor["digest"]] = blob
        return Image(manifest, blobs, media_type)

    def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | IO[bytes] | None = None,
        ok: tuple[int, ...] = (200,),
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request; return status, headers (lower case) and body. Another status than ok is a HubError."""
        response = self._send(method, path, headers or {}, body)
        answer = response.read()
        if response.status not in ok:
            raise self._refused(method, path, response.status, answer)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, answer

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | IO[bytes] | None
    ) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._silent(method, path, error) from error

    def _silent(self, method: str, path: str, error: Exception) -> HubError:
        return HubError(
            f"the registry at {self.url} does not answer", seen=f"{method} {path}: {error!r}", next_command=RETRY
        )

    def _refused(self, method: str, path: str, status: int, answer: bytes) -> HubError:
        text = answer.decode(errors="replace").strip()
        if "no space left" in text:
            return HubError(
                "the disk the sandbox lies on is full", seen=text[:300], next_command=f"free some space, then: {RETRY}"
            )
        return HubError(f"the registry at {self.url} refused a request", seen=f"{method} {path}: {status} {text[:300]}")

    def _listed(self, path: str, field: str) -> list[str]:
        items: list[str] = []
        while path:
            status, headers, body = self.request("GET", path, ok=(200, 404))
            items += (json.loads(body).get(field) or []) if status == 200 else []
            path = _next_page(headers.get("link", ""))
        return items


def reference(text: str) -> tuple[str, str]:
    """Split NAME or NAME:TAG; the tag is `latest` when none is given."""
    name, _, tag = text.partition(":")
    return name, tag or "latest"


def descriptors(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a manifest or an index refers to: its configuration and layers, or its manifests."""
    config = [document["config"]] if "config" in document else []
    return [*config, *document.get("layers", []), *document.get("manifests", [])]


_ACCEPT = ", ".join(MANIFESTS)


def _next_page(link: str) -> str:
    found = re.match(r'<([^>]+)>;\s*rel="?next"?', link)
    if not found:
        return ""
    parts = urlsplit(found[1])
    return f"{parts.path}?{parts.query}"
