"""Layer stacks: each image a stack to scale, each shared layer one box across all the images that stand on it.

The area drawn is the bytes stored. Few images stand upright with their commands written in; many lie on their
side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsupport.figures.boxes import KEYS, Look, boxes
from labsupport.figures.layout import Band, Layout, layout
from labsupport.figures.style import Picture, Table, Theme, middle, shorten
from labsupport.layers.books import books
from labsupport.layers.identity import short
from labsupport.layers.model import Store
from labsupport.layers.units import plural, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UPRIGHT = 8  # images; more do not fit beside one another with readable names


def stacks(store: Store, title: str = "What the images share") -> Picture:
    """The stacks of all images of the store. Made for 3 images and for 300."""
    upright = len(store.images) <= _UPRIGHT
    plan = layout(store, small=0.02 if upright else 0.006)
    ledger = books(store)
    shared = sum(len(users) > 1 for users in store.users.values())
    names = ", ".join(image.name for image in plan.images[:4]) + (" and others" if len(plan.images) > 4 else "")
    alt = (
        f"{title}: layer stacks of {plural(len(plan.images), 'image')} ({names}). {plural(len(store.users), 'layer')}, "
        f"{shared} of them shared. "
        f"{size(ledger.pulled_separately)} if each image had its own copy, {size(ledger.stored)} stored."
    )
    if ledger.unknown_layers:
        alt += f" The size of {plural(ledger.unknown_layers, 'layer')} could not be told; no box stands for it."
    rows = [
        (short(layer.chain_id), layer.size, band.users, layer.depth + 1, shorten(layer.command, 60))
        for band in plan.bands
        for layer in band.layers
    ]
    table = Table.most(("layer (chain id)", "bytes", "images", "position", "made by"), rows)
    caption = f"{'Heights' if upright else 'Lengths'} are bytes ({store.accounting} accounting)."
    draw = _upright if upright else _lying
    return Picture(lambda theme: draw(theme, plan, title), alt, table, caption)


def _upright(theme: Theme, plan: Layout, title: str) -> Figure:
    from matplotlib.figure import Figure

    count = max(1, len(plan.images))
    width = min(9.0, max(4.2, 1.9 * count + 0.8))
    figure = Figure(figsize=(width, 4.8))
    axes = figure.add_subplot()
    column = width / count * 0.8  # inches, about
    inch = (plan.height or 1) / 3.6  # bytes an inch
    drawn = boxes(axes, theme, plan, Look(upright=True, thin=False, least=0.03 * inch))
    for band in plan.bands:
        inches = band.height / inch
        room = int(column * band.users * 12.5)
        if inches >= 0.16 and room >= 8:
            axes.text(
                (band.first + band.last) / 2, band.bottom + band.height / 2,
                label(band, room, 2 if inches >= 0.34 else 1), ha="center", va="center", fontsize=8,
                color=theme.on_hue if band.users > 1 else theme.ink, linespacing=1.25, bbox=_behind(theme, band),
            )  # fmt: skip
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(0, (plan.height or 1) * 1.08)
    axes.set_xticks(range(count), [middle(image.name, int(column * 12)) for image in plan.images], fontweight="bold")
    axes.tick_params(axis="x", length=0)
    for number in range(len(plan.images)):
        axes.annotate(
            total(plan, number), (number, plan.tops[number]), xytext=(0, 4), textcoords="offset points", ha="center",
            fontweight="bold",
        )  # fmt: skip
    axes.set_yticks([])
    axes.set_ylabel("base layer at the bottom", color=theme.quiet)
    _finish(axes, theme, drawn, title, columns=1 if width < 6 else 2)
    return figure


def _lying(theme: Theme, plan: Layout, title: str) -> Figure:
    from matplotlib.figure import Figure

    count = len(plan.images)
    row = max(0.022, min(0.26, 13 / count))  # inches a row
    figure = Figure(figsize=(9.0, 1.1 + row * count))
    axes = figure.add_subplot()
    inch = (plan.height or 1) / 6.4  # bytes an inch
    drawn = boxes(axes, theme, plan, Look(upright=False, thin=row < 0.08, least=0.02 * inch))
    for band in plan.bands:
        length = band.height / inch
        if band.users * row >= 0.3 and length >= 0.9:
            axes.text(
                band.bottom + band.height / 2, (band.first + band.last) / 2, label(band, int(length * 12.5), 2),
                ha="center", va="center", fontsize=8, color=theme.on_hue if band.users > 1 else theme.ink,
                linespacing=1.25, bbox=_behind(theme, band),
            )  # fmt: skip
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_xlim(0, (plan.height or 1) * (1.12 if row >= 0.14 else 1.01))
    step = max(1, round(0.15 / row))
    axes.set_yticks(
        range(0, count, step), [middle(image.name, 26) for image in plan.images[::step]],
        fontsize=8 if row > 0.14 else 7,
    )  # fmt: skip
    axes.tick_params(axis="y", length=0 if step == 1 else 2)
    axes.xaxis.set_major_formatter(lambda value, _: size(value))
    if row >= 0.14:
        for number in range(count):
            axes.annotate(
                total(plan, number), (plan.tops[number], number), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=8,
            )  # fmt: skip
    words = "bytes, base layer at the left" + (f"; one image in {step} is named" if step > 1 else "")
    axes.set_xlabel(words, color=theme.quiet)
    _finish(axes, theme, drawn, title, thin=row < 0.08)
    return figure


def total(plan: Layout, column: int) -> str:
    """An image's bytes; `at least ...` where a layer's are not known."""
    unknown = any(band.size is None and band.first <= column <= band.last for band in plan.bands)
    return ("at least " if unknown else "") + size(plan.tops[column])


def _finish(axes: Axes, theme: Theme, drawn: set[str], title: str, *, thin: bool = False, columns: int = 2) -> None:
    """Title, frame and the key, of the kinds of boxes that there are."""
    keys = [make(theme, thin) for kind, make in KEYS.items() if kind in drawn or kind in ("shared", "own")]
    axes.set_title(title, pad=13 + 13 * -(-len(keys) // columns))
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns,
        frameon=False, fontsize=8, handlelength=1.4, columnspacing=1.6, borderaxespad=0.2,
    )  # fmt: skip
    axes.spines[["left", "bottom"]].set_color(theme.quiet)


def _behind(theme: Theme, band: Band) -> dict[str, object] | None:
    """A ground for words that stand on stripes."""
    if len(band.layers) == 1:
        return None
    return {"facecolor": theme.first if band.users > 1 else theme.ground, "edgecolor": "none", "pad": 1.0}


def label(band: Band, room: int, lines: int) -> str:
    """What made the band and its bytes, in at most `room` letters a line."""
    weight = size(band.size) + (f" in {band.users} images" if band.users > 1 else "")
    weight = weight if len(weight) <= room else size(band.size)
    command = band.layer.command or "(command not known)"
    if len(band.layers) > 1:
        command = f"{len(band.layers)} small layers"
    if lines == 2:
        return f"{shorten(command, room)}\n{weight}"
    left = room - len(weight) - 2
    return f"{shorten(command, left)}  {weight}" if left >= 8 else weight
