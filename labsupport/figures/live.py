"""What the explorer draws, as plain data; and a still picture of it that needs no kernel and no script."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from labsupport.figures.layout import layout
from labsupport.figures.lettering import visible
from labsupport.figures.style import Table, middle
from labsupport.layers.books import books
from labsupport.layers.identity import short
from labsupport.layers.model import Store
from labsupport.layers.units import plural, size

_ROW, _WIDTH, _NAMES = 22, 860, 200  # pixels


def picture_data(store: Store) -> dict[str, Any]:
    """Images (rows, in tree order) and layers (parents first) with indices for references; sizes in bytes or None.

    Short keys, because 300 images have thousands of layers: c and d beginnings of chain_id and diff_id, p parent's
    index (-1 none), s size, x command, e evidence, f and l first and last row that stand on the layer.
    """
    images = store.ordered()
    row = {image.id: number for number, image in enumerate(images)}
    index: dict[str, int] = {}
    layers: list[dict[str, Any]] = []
    for _, layer in store.depth_first():
        index[layer.chain_id] = len(layers)
        rows = [row[image_id] for image_id in store.users[layer.chain_id]]
        layers.append(
            {
                "c": short(layer.chain_id, 20),
                "d": short(layer.diff_id),
                "p": index.get(layer.parent or "", -1),
                "s": layer.size,
                "x": visible(layer.command[:300]),
                "e": layer.evidence,
                "f": min(rows),
                "l": max(rows),
            }
        )
    sums = books(store)
    return {
        "images": [
            {
                "id": image.id,
                "name": image.name,
                "tags": list(image.tags),
                "platform": image.platform,
                "chain": [index[chain_id] for chain_id in image.chain],
                "note": visible(image.note),
                "created": image.created,
            }
            for image in images
        ],
        "layers": layers,
        "accounting": store.accounting,
        "sums": {"pulled": sums.pulled_separately, "stored": sums.stored, "unknown": sums.unknown_layers},
    }


def summary(store: Store) -> str:
    """One sentence: images, layers, bytes stored against bytes with a copy for each."""
    sums = books(store)
    return (
        f"{plural(len(store.images), 'image')}, {plural(len(store.users), 'layer')}: {sums.least}{size(sums.stored)} "
        f"stored, {sums.least}{size(sums.pulled_separately)} if each image had its own copy."
    )


def still(store: Store, identity: str, *, most: int = 40) -> str:
    """HTML with the stacks as inline SVG and the images as a table; `identity` lets a live view hide it.

    most: images drawn, so that a notebook stays small; the table has them all.
    """
    everything = store
    store = store.subset(store.ordered()[:most])
    plan = layout(store, small=0.004)
    scale = (_WIDTH - _NAMES - 90) / (plan.height or 1)
    boxes = []
    for band in plan.bands:
        kind = "s" if len(everything.users[band.layer.chain_id]) > 1 else "o"
        x, y, wide = _NAMES + band.bottom * scale, band.first * _ROW + 2, band.height * scale
        made = band.layer.command or "command not known"
        made = f"{len(band.layers)} small layers" if len(band.layers) > 1 else made
        label = f"<title>{html.escape(visible(f'{made}: {size(band.size)}'))}</title>"
        tall = band.users * _ROW - 4
        boxes.append(f'<rect class="{kind}" x="{x:.2f}" y="{y}" width="{wide:.2f}" height="{tall}">{label}</rect>')
        if len(band.layers) > 1:
            boxes.append(f'<rect class="r" x="{x:.2f}" y="{y}" width="{wide:.2f}" height="{tall}">{label}</rect>')
        # Where a layer begins, and all there is of one too thin to see: a line, which has no length to be read.
        line = "n" if band.size is None else "t" if wide < 2 else "e"
        boxes.append(f'<path class="{line}" d="M{x:.2f} {y - 1}v{tall + 2}">{label}</path>')
    accounts = {account.image.id: account for account in books(everything).accounts}
    names = []
    for number, image in enumerate(plan.images):
        base, end = number * _ROW + 15, _NAMES + plan.tops[number] * scale + 6
        name = html.escape(visible(middle(image.name, 28)))
        names.append(f'<text x="{_NAMES - 8}" y="{base}" text-anchor="end">{name}</text>')
        names.append(f'<text x="{end:.1f}" y="{base}">{size(accounts[image.id].total)}</text>')
    rows = [
        (image.name, len(image.chain), accounts[image.id].total, accounts[image.id].shared, accounts[image.id].unique)
        for image in everything.ordered()
    ]
    words = summary(everything)
    if everything.unread:
        reasons = "; ".join(f"{name}: {why}" for name, why in everything.unread)
        words += f" {len(everything.unread)} could not be read: {reasons}."
    words = html.escape(words)
    if len(everything.images) > most:
        words += f" The first {most} are drawn."
    tall = max(1, len(plan.images)) * _ROW
    return (
        f'<div class="course-still" data-explorer="{identity}"><style>{_CSS}</style><p>{words} '
        f"This is a still picture; run the cell for the live one.</p>"
        f'<div style="max-height:440px;overflow:auto"><svg role="img" aria-label="Layer stacks. {words}" '
        f'width="{_WIDTH}" height="{tall}" viewBox="0 0 {_WIDTH} {tall}">'
        f"{_STRIPES}{''.join(boxes)}{''.join(names)}</svg></div>"
        f"<details><summary>The numbers as a table</summary>"
        f"{Table(('image', 'layers', 'bytes', 'shared', 'its own'), rows).as_html()}</details></div>"
    )


_STRIPES = (
    '<pattern id="course-stripes" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<path d="M1 0v5" stroke="var(--jp-layout-color0,#fff)" stroke-width="2"/></pattern>'
)
_CSS = (
    ".course-still svg text{font:12px var(--jp-ui-font-family,sans-serif);fill:var(--jp-ui-font-color1,currentColor)}"
    ".course-still .s{fill:#0072b2}.course-still .o{fill:#d55e00;fill-opacity:.18;stroke:#d55e00}"
    ".course-still .r{fill:url(#course-stripes)}.course-still .e{stroke:var(--jp-layout-color0,#fff);stroke-width:1}"
    ".course-still .t{stroke:var(--jp-ui-font-color1,#1a1a1a);stroke-width:1}"
    ".course-still .n{stroke:#888;stroke-width:2;stroke-dasharray:2 2}"
    '[data-jp-theme-light="false"] .course-still .s{fill:#56b4e9}'
    '[data-jp-theme-light="false"] .course-still .o{fill:#e69f00;stroke:#e69f00}'
)


def image_details(store: Store, image_id: str) -> dict[str, Any] | None:
    """All of one image: its bytes, its history row by row with the evidence for each. None when it is gone."""
    image = next((one for one in store.images if one.id == image_id), None)
    if image is None:
        return None
    account = next(one for one in books(store).accounts if one.image.id == image_id)
    return {
        "id": image.id,
        "name": " = ".join(image.tags) or image.name,
        "platform": image.platform,
        "total": account.total,
        "shared": account.shared,
        "unique": account.unique,
        "fair": float(account.fair_share),
        "unknown": account.unknown_layers,
        "note": image.note,
        "steps": [
            {
                "command": visible(step.command),
                "size": step.size,
                "layer": short(step.layer) if step.layer else None,
                "empty": step.empty,
                "evidence": EVIDENCE.get(step.evidence, step.evidence),
            }
            for step in image.steps
        ],
    }


EVIDENCE: Mapping[str, str] = {
    "size": "exact: as many rows with bytes as layers",
    "only": "exact: no other arrangement is possible",
    "parent": "exact: the intermediate image told",
    "config": "exact: the image's configuration says so",
    "trie": "inferred from another image with the same beginning",
    "rule": "inferred from the instruction's name",
    "unknown": "not known: several arrangements are possible",
}
"""What each evidence means, in words for a reader."""
