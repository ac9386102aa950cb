"""Build an image from a Dockerfile and its context, in memory: the same input gives the same digests everywhere.

What comes out is an image of the OCI image specification 1.0: a manifest, a configuration and gzip'd layers.
Times are EDITION, owners are root, names are sorted, so nothing depends on the checkout, the clock or the order of
a directory. A test builds the same Dockerfiles on a real engine and compares.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Any

from labsupport.errors import HubError
from labsupport.hub.dockerfile import Instruction

# the date the images say they were created; raise it when their content is meant to be a new edition
EDITION = datetime(2026, 11, 1, tzinfo=timezone.utc)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Entry:
    """What lies at one path of a build context: a file, a symbolic link (link: its target) or an empty folder."""

    content: bytes = b""
    mode: int = 0o644
    link: str = ""
    folder: bool = False


Context = Mapping[str, Entry]  # the path below the context's root -> the file


@dataclass(frozen=True)
class Image:
    """A built or fetched image: the manifest and everything it refers to, by digest."""

    manifest: bytes
    blobs: Mapping[str, bytes] = field(repr=False)
    media_type: str = MANIFEST

    @property
    def digest(self) -> str:
        """The digest the image is pulled by."""
        return digest_of(self.manifest)

    @property
    def config(self) -> dict[str, Any]:
        """The image's configuration (OCI image specification, config.md)."""
        document: dict[str, Any] = json.loads(self.blobs[json.loads(self.manifest)["config"]["digest"]])
        return document

    @property
    def layers(self) -> list[bytes]:
        """The layers as they are stored, the base's first."""
        return [self.blobs[layer["digest"]] for layer in json.loads(self.manifest)["layers"]]


def digest_of(data: bytes) -> str:
    """Return the OCI digest of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def build(instructions: list[Instruction], context: Context, base: Image | None, architecture: str) -> Image:
    """Carry out the instructions on a base (None: scratch) and return the image; raise HubError if one cannot be."""
    config: dict[str, Any] = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    layers: list[bytes] = []
    diff_ids: list[str] = []
    history: list[dict[str, Any]] = []
    if base:
        config = json.loads(json.dumps(base.config["config"]))
        layers, diff_ids = list(base.layers), list(base.config["rootfs"]["diff_ids"])
        history = list(base.config.get("history") or [])
        architecture = base.config["architecture"]
    folders: set[str] = set().union(*map(_folders, layers))
    for instruction in instructions[1:]:
        if instruction.name == "COPY":
            tree = _copied(instruction, context, str(config.get("WorkingDir") or "/"))
            layer = _layer(tree, folders)
            folders |= {parent for path in tree for parent in _parents(path)}
            layers.append(_compress(layer))
            diff_ids.append(digest_of(layer))
        else:
            _configure(config, instruction)
        history.append(_record(instruction))
    created = EDITION.strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    }
    blob = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, blob),
        "layers": [_descriptor(LAYER, layer) for layer in layers],
    }
    blobs = {digest_of(data): data for data in (blob, *layers)}
    return Image(json.dumps(manifest, indent=2).encode(), blobs)


def _descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(blob), "size": len(blob)}


def _record(instruction: Instruction) -> dict[str, Any]:
    """The history row of an instruction; most make no layer and say so (empty_layer)."""
    row: dict[str, Any] = {
        "created": EDITION.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_by": f"{instruction.name} {instruction.text}",
    }
    return row if instruction.name == "COPY" else {**row, "empty_layer": True}


def _configure(config: dict[str, Any], instruction: Instruction) -> None:
    name = instruction.name
    if name == "ENV":
        kept = dict(item.split("=", 1) for item in config.get("Env") or [])
        config["Env"] = [f"{key}={value}" for key, value in {**kept, **instruction.pairs()}.items()]
    elif name == "LABEL":
        config["Labels"] = {**(config.get("Labels") or {}), **instruction.pairs()}
    elif name == "EXPOSE":
        ports = [port if "/" in port else f"{port}/tcp" for port in instruction.words()]
        config["ExposedPorts"] = {**(config.get("ExposedPorts") or {}), **{port: {} for port in ports}}
    elif name in ("CMD", "ENTRYPOINT"):
        config["Cmd" if name == "CMD" else "Entrypoint"] = instruction.argv()
        if name == "ENTRYPOINT":
            config.pop("Cmd", None)  # a new ENTRYPOINT forgets the base image's CMD (Dockerfile reference)
    elif name == "WORKDIR":
        config["WorkingDir"] = str(PurePosixPath(config.get("WorkingDir") or "/") / instruction.text)
    else:
        config[{"USER": "User", "STOPSIGNAL": "StopSignal"}[name]] = instruction.text


def _copied(instruction: Instruction, context: Context, workdir: str) -> dict[str, Entry]:
    """What COPY puts where: path below the image's root -> file. A folder's content is copied, not the folder."""
    *sources, destination = instruction.words()
    into_folder = destination.endswith("/") or len(sources) > 1 or destination in (".", "..")
    target = PurePosixPath(workdir) / destination
    tree: dict[str, Entry] = {}
    for source in sources:
        root = str(PurePosixPath(source.strip("/") or "."))
        inside = {path: entry for path, entry in context.items() if root == "." or path.startswith(f"{root}/")}
        if root in context:
            path = target / PurePosixPath(root).name if into_folder else target
            tree[str(path).lstrip("/")] = context[root]
        elif inside:
            for path_, entry in inside.items():
                tree[str(target / PurePosixPath(path_).relative_to(root)).lstrip("/")] = entry
        else:
            raise HubError(f"COPY {instruction.text}: no such file in the build context", seen=source)
    return tree


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(path).parents][-2::-1]


def _layer(tree: Mapping[str, Entry], existing: set[str]) -> bytes:
    """Return the tar of a layer: the files, and the folders above them that no layer below has."""
    folders = {parent for path in tree for parent in _parents(path)} - existing
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folders | set(tree)):
            member = tarfile.TarInfo(path)
            member.mtime = int(EDITION.timestamp())
            entry = tree.get(path, Entry(mode=0o755, folder=True))
            member.mode, member.size, member.linkname = entry.mode, len(entry.content), entry.link
            member.type = tarfile.SYMTYPE if entry.link else tarfile.DIRTYPE if entry.folder else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(entry.content))
    return buffer.getvalue()


def _folders(layer: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(layer), mode="r:*") as archive:
        return {member.name.removeprefix("./").rstrip("/") for member in archive if member.isdir()}


def _compress(data: bytes) -> bytes:
    # GzipFile and not gzip.compress: the latter's header is not the same in every Python
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()
