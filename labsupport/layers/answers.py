"""What an engine answers about images, as data: its list, an image's details and history, unpacked sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.layers.attribution import Row
from labsupport.layers.connection import EngineApi, Refused
from labsupport.layers.identity import chain_ids, is_digest, short
from labsupport.layers.model import Image


@dataclass(frozen=True, slots=True)
class Known:
    """One image as far as it is known. sizes: of its layers, bottom first, None where they cannot be told."""

    image: Image
    rows: tuple[Row, ...]
    sizes: tuple[int | None, ...]
    total: int | None = None  # bytes of all its layers by the engine's word
    is_settled: bool = False  # exact, or its history contradicts the engine's own size: no other image can help


def known_image(image_id: str, details: Mapping[str, Any], history: list[Mapping[str, Any]], note: str) -> Known:
    diff_ids = tuple((details.get("RootFS") or {}).get("Layers") or ())
    if not all(is_digest(diff_id) for diff_id in diff_ids):
        raise Refused("The engine names a layer by something that is no digest.", seen=str(diff_ids)[:120])
    rows = tuple(
        Row(
            created_by=str(entry.get("CreatedBy") or ""),
            size=byte_count(entry.get("Size")),
            created=entry.get("Created") or 0,
            comment=str(entry.get("Comment") or ""),
            id=str(entry.get("Id") or ""),
        )
        for entry in reversed(history or [])
    )
    platform = "/".join(filter(None, (details.get("Os"), details.get("Architecture"), details.get("Variant"))))
    chain = chain_ids(diff_ids)
    image = Image(image_id, (), diff_ids, chain, (), platform=platform, note=note)
    return Known(image, rows, (None,) * len(chain))


def unpacked_sizes(api: EngineApi) -> dict[str, int]:
    """Unpacked bytes by image id, where the engine tells them (API 1.47 and later) for exactly one platform."""
    found: dict[str, int] = {}
    for entry in api.get("/images/json?manifests=1"):
        sizes = [
            manifest["ImageData"]["Size"]["Unpacked"]
            for manifest in entry.get("Manifests") or []
            if manifest.get("Kind") == "image" and manifest.get("Available")
        ]
        if len(sizes) == 1:
            found[entry["Id"]] = int(sizes[0])
    return found


def byte_count(told: Any) -> int | None:
    """A size as the engine gives it; None for none, and for the -1 that says so."""
    return told if isinstance(told, int) and told >= 0 else None


def called(entry: Mapping[str, Any]) -> str:
    tags = [tag for tag in entry.get("RepoTags") or () if tag != "<none>:<none>"]
    return str(tags[0]) if tags else short(str(entry["Id"]))


def with_listing(image: Image, entry: Mapping[str, Any]) -> Image:
    return replace(
        image,
        tags=tuple(sorted(tag for tag in entry.get("RepoTags") or () if tag != "<none>:<none>")),
        digests=tuple(sorted(d for d in entry.get("RepoDigests") or () if not d.startswith("<none>"))),
        created=int(entry.get("Created") or 0),
        reported_size=entry.get("Size"),
        reported_shared=byte_count(entry.get("SharedSize")),
    )


def find(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    for entry in listed:
        if tagged in (entry.get("RepoTags") or ()) or name in (entry.get("RepoDigests") or ()) or name == entry["Id"]:
            return entry
    hexadecimal = name.rpartition(":")[2]
    matches = [entry for entry in listed if entry["Id"].rpartition(":")[2].startswith(hexadecimal)]
    if len(matches) == 1 and len(hexadecimal) >= 4:
        return matches[0]
    raise ImageDataError(f"The engine has no image {name}.", seen=f"{len(listed)} images", next_command="docker images")
