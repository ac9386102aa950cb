"""An image layout as the tree its digests make: index, manifests, configs and layers, every blob drawn once.

The names are read from the documents themselves (image specification: image-index.md, manifest.md, config.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.figures.shapes import rounded
from labsupport.figures.style import Picture, Table, Theme
from labsupport.layers.units import size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Read = Callable[[str], bytes]

_WIDE, _HIGH, _GAP_X, _GAP_Y = 24.0, 8.0, 9.0, 3.0


@dataclass(slots=True)
class Blob:
    """One box. column 0 is the index; digest is "" for index.json, which is found by its file name."""

    kind: str
    column: int
    digest: str
    bytes: int | None
    words: str = ""
    names: list[str] = field(default_factory=list)  # the digests it names


def blobs(read: Read) -> list[Blob]:
    """The boxes of a layout, each once, parents before children. read("index.json") gives a file's bytes."""
    index = json.loads(read("index.json"))
    found = {"": Blob("index.json", 0, "", None)}
    for descriptor in index["manifests"]:
        found[""].names.append(descriptor["digest"])
        if descriptor["digest"] in found:
            continue
        manifest = json.loads(read(_path(descriptor["digest"])))
        made = Blob("manifest", 1, descriptor["digest"], descriptor["size"], _platform(descriptor))
        found[made.digest] = made
        for kind, child in (("config", manifest["config"]), *(("layer", layer) for layer in manifest["layers"])):
            made.names.append(child["digest"])
            words = _diff_ids(read, child["digest"]) if kind == "config" else ""
            found.setdefault(child["digest"], Blob(kind, 2, child["digest"], child["size"], words))
    return list(found.values())


def content_tree(layout: str | Path, title: str = "Who names whom in this layout") -> Picture:
    """The tree of a layout folder: an arrow from each document to the blobs it names by their digests."""
    return picture(blobs(lambda name: Path(layout, name).read_bytes()), title)


def picture(found: list[Blob], title: str) -> Picture:
    """The drawing of boxes from `blobs`, with its table."""
    rows = [(blob.kind, _short(blob.digest), blob.bytes, ", ".join(map(_short, blob.names))) for blob in found]
    counts = {kind: sum(blob.kind == kind for blob in found) for kind in ("manifest", "config", "layer")}
    shared = [blob for blob in found if sum(blob.digest in other.names for other in found) > 1]
    alt = (
        f"{title}: index.json names {counts['manifest']} manifest(s); they name {counts['config']} config(s) and "
        f"{counts['layer']} layer(s), {len(shared)} of these blobs named more than once."
    )
    return Picture(
        lambda theme: draw(theme, found, title), alt, Table(("document", "digest begins", "bytes", "names"), rows)
    )


def draw(theme: Theme, found: list[Blob], title: str = "") -> Figure:
    from matplotlib.figure import Figure

    columns: dict[int, list[Blob]] = {0: [], 1: [], 2: []}
    for blob in found:
        columns[blob.column].append(blob)
    most = max(map(len, columns.values()))
    width, height = 3 * _WIDE + 2 * _GAP_X, most * (_HIGH + _GAP_Y) - _GAP_Y
    scale = 9.0 / width
    figure = Figure(figsize=(9.0, (height + (6 if title else 2)) * scale))
    axes = figure.add_axes((0, 0, 1, height / (height + 6) if title else 1))
    axes.set_xlim(-1, width + 1)
    axes.set_ylim(-1, height + 1)
    axes.axis("off")
    if title:
        axes.set_title(title)
    places: dict[str, tuple[float, float]] = {}
    for column, listed in columns.items():
        free = height - len(listed) * (_HIGH + _GAP_Y) + _GAP_Y
        for row, blob in enumerate(listed):
            top = height - free / 2 - row * (_HIGH + _GAP_Y)
            places[blob.digest] = (column * (_WIDE + _GAP_X), top - _HIGH)
            _box(axes, theme, blob, places[blob.digest])
    for blob in found:
        for name in blob.names:
            if name in places:
                (x, y), (to_x, to_y) = places[blob.digest], places[name]
                axes.annotate(
                    "", (to_x, to_y + _HIGH / 2), (x + _WIDE, y + _HIGH / 2),
                    arrowprops={"arrowstyle": "-|>", "color": theme.ink, "linewidth": 1.3, "shrinkA": 1, "shrinkB": 1},
                )  # fmt: skip
    return figure


def _box(axes: Axes, theme: Theme, blob: Blob, place: tuple[float, float]) -> None:
    hue = {"index.json": theme.quiet, "manifest": theme.first, "config": theme.fourth, "layer": theme.third}[blob.kind]
    x, y = place
    rounded(axes, x, y, _WIDE, _HIGH, inset=0.5, pad=0.4, edgecolor=hue, facecolor=theme.tint(hue), linewidth=1.3)
    head = blob.kind if blob.bytes is None else f"{blob.kind}, {size(blob.bytes)}"
    lines = [line for line in (blob.words, f"sha256:{_short(blob.digest)}…" if blob.digest else "") if line]
    axes.text(
        x + _WIDE / 2, y + _HIGH * (0.74 if lines else 0.5), head, ha="center", va="center", fontsize=10.5,
        fontweight="bold", color=theme.ink,
    )  # fmt: skip
    for row, line in enumerate(lines):
        axes.text(
            x + _WIDE / 2, y + _HIGH * (0.46 - 0.23 * row if len(lines) > 1 else 0.36), line, ha="center", va="center",
            fontsize=8.5, color=theme.ink, family="DejaVu Sans Mono",
        )  # fmt: skip


def _short(digest: str) -> str:
    return digest.partition(":")[2][:12]


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/", 1)


def _platform(descriptor: dict[str, Any]) -> str:
    platform = descriptor.get("platform") or {}
    return "/".join(str(platform[key]) for key in ("os", "architecture", "variant") if key in platform)


def _diff_ids(read: Read, digest: str) -> str:
    told = json.loads(read(_path(digest)))["rootfs"]["diff_ids"]
    return f"diff_id {_short(told[0])}…" if len(told) == 1 else f"{len(told)} diff_ids"
