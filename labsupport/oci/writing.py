"""Write container images from plain data: the same input gives the same bytes, and so the same digests.

The archive is an OCI image layout (image specification, image-layout.md) that also carries `manifest.json`,
because engines before 25 load nothing else; so `docker load` takes it on every engine, and podman too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class File:
    """One entry of a layer. kind: "file", "dir", "symlink", "link" (hard, to a path in the same layer)."""

    path: str
    contents: bytes = b""
    mode: int = 0o644
    kind: str = "file"
    target: str = ""
    uid: int = 0
    gid: int = 0
    mtime: int = 0


def whiteout(path: str) -> File:
    """The entry that removes `path` of the layers below (image specification, layer.md, "Whiteouts")."""
    folder, slash, name = path.rpartition("/")
    return File(f"{folder}{slash}.wh.{name}")


def opaque(folder: str) -> File:
    """The entry that removes everything the layers below have in `folder`."""
    return File(f"{folder}/.wh..wh..opq" if folder else ".wh..wh..opq")


_KINDS = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "link": tarfile.LNKTYPE}


def layer(files: Iterable[File]) -> bytes:
    """The layer's uncompressed archive, entries in the order given."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            info = tarfile.TarInfo(file.path)
            info.type, info.mode, info.mtime = _KINDS[file.kind], file.mode, file.mtime
            info.uid, info.gid, info.linkname = file.uid, file.gid, file.target
            info.size = len(file.contents) if file.kind == "file" else 0
            archive.addfile(info, io.BytesIO(file.contents))
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image to write. layers: uncompressed archives, bottom first.

    history: (created_by, empty_layer) oldest first; one row a layer when left out. config: the part a container
    runs by ("Cmd", "Env", "Labels" ...; image specification, config.md, "config").
    """

    tag: str
    layers: Sequence[bytes]
    history: Sequence[tuple[str, bool]] = ()
    config: dict[str, Any] | None = None
    architecture: str = "amd64"


def digest(blob: bytes) -> str:
    """`sha256:...` of these bytes."""
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def archive(recipes: Iterable[Recipe], *, compressed: bool = False) -> bytes:
    """An archive of these images, for `docker load`. compressed: layers as gzip, as registries keep them."""
    blobs: dict[str, bytes] = {}
    index: list[dict[str, Any]] = []
    listing: list[dict[str, Any]] = []
    for recipe in recipes:
        stored = [gzip.compress(blob, mtime=0) if compressed else blob for blob in recipe.layers]
        config = _json(_configuration(recipe))
        descriptors = [_descriptor(LAYER + "+gzip" * compressed, blob) for blob in stored]
        manifest = _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": _descriptor(CONFIG, config),
                "layers": descriptors,
            }
        )
        for blob in (*stored, config, manifest):
            blobs[_path(digest(blob))] = blob
        index.append(_descriptor(MANIFEST, manifest) | {"annotations": _names(recipe.tag)})
        listing.append(
            {
                "Config": _path(digest(config)),
                "RepoTags": [recipe.tag],
                "Layers": [_path(entry["digest"]) for entry in descriptors],
            }
        )
    members = [File(path, blobs[path]) for path in sorted(blobs)]
    members.append(File("oci-layout", _json({"imageLayoutVersion": "1.0.0"})))
    members.append(File("index.json", _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": index})))
    members.append(File("manifest.json", _json(listing)))
    return layer(members)


def _configuration(recipe: Recipe) -> dict[str, Any]:
    rows = recipe.history or [(f"layer {number}", False) for number, _ in enumerate(recipe.layers, 1)]
    history = []
    for created_by, empty in rows:
        row: dict[str, Any] = {"created": "1970-01-01T00:00:00Z", "created_by": created_by}
        history.append(row | {"empty_layer": True} if empty else row)
    return {
        "architecture": recipe.architecture,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": recipe.config or {},
        "rootfs": {"type": "layers", "diff_ids": [digest(blob) for blob in recipe.layers]},
        "history": history,
    }


def _names(tag: str) -> dict[str, str]:
    # The containerd store knows an image by its full name only: a first part with a dot or a port is a registry.
    first, slash, _ = tag.partition("/")
    at_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
    full = tag if at_registry else f"docker.io/{tag}" if slash else f"docker.io/library/{tag}"
    return {"io.containerd.image.name": full, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]}


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob)}


def _path(blob_digest: str) -> str:
    return "blobs/" + blob_digest.replace(":", "/", 1)


def _json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
