"""Layer stacks: each image a stack to scale, each shared layer one box across all the images that stand on it.

The area drawn is the bytes stored. Few images stand upright with their commands written in; many lie on their
side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labsupport.figures.layout import Band, Layout, layout
from labsupport.figures.style import Picture, Table, Theme, shorten
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
    # Beside few others even a layer of 0 bytes should be seen; among hundreds it is a line.
    plan = layout(store, visible=0.012 if len(store.images) <= _UPRIGHT else 0.001)
    ledger = books(store)
    totals = {account.image.id: account.total for account in ledger.accounts}
    shared = sum(len(users) > 1 for users in store.users.values())
    names = ", ".join(image.name for image in plan.images[:4]) + (" and others" if len(plan.images) > 4 else "")
    alt = (
        f"{title}: layer stacks of {plural(len(plan.images), 'image')} ({names}). {plural(len(store.users), 'layer')}, "
        f"{shared} of them shared. "
        f"{size(ledger.pulled_separately)} if each image had its own copy, {size(ledger.stored)} stored."
    )
    if ledger.unknown_layers:
        alt += f" The size of {ledger.unknown_layers} layers could not be told exactly; they are hatched."
    rows = [
        (short(b.layer.chain_id), b.layer.size, b.users, b.layer.depth + 1, shorten(b.layer.command, 60))
        for b in plan.bands[:400]
    ]
    table = Table(("layer (chain id)", "bytes", "images", "position", "made by"), rows)
    caption = (
        f"Heights are bytes ({store.accounting} accounting); a layer under {size(plan.least)} is drawn that high."
        if len(plan.images) <= _UPRIGHT
        else f"Lengths are bytes ({store.accounting} accounting)."
    )
    draw = _upright if len(plan.images) <= _UPRIGHT else _lying
    return Picture(lambda theme: draw(theme, plan, totals, title), alt, table, caption)


def _upright(theme: Theme, plan: Layout, totals: Mapping[str, int], title: str) -> Figure:
    from matplotlib.figure import Figure

    count = max(1, len(plan.images))
    width = min(9.0, max(4.2, 1.9 * count + 0.8))
    figure = Figure(figsize=(width, 4.8))
    axes = figure.add_subplot()
    column = width / count * 0.8  # inches, about
    _boxes(axes, theme, plan, upright=True, thin=False)
    for band in plan.bands:
        inches = band.height / plan.height * 3.7
        room = int(column * band.users * 12.5)
        if inches >= 0.16 and room >= 8:
            lines = 2 if inches >= 0.34 else 1
            axes.text(
                (band.first + band.last) / 2,
                band.bottom + band.height / 2,
                _label(band, room, lines),
                ha="center",
                va="center",
                fontsize=8,
                color=theme.on_hue if band.users > 1 else theme.ink,
                linespacing=1.25,
            )
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(0, (plan.height or 1) * 1.08)
    axes.set_xticks(range(count), [shorten(image.name, int(column * 12)) for image in plan.images], fontweight="bold")
    axes.tick_params(axis="x", length=0)
    for number, image in enumerate(plan.images):
        top = max((b.bottom + b.height for b in plan.bands if b.first <= number <= b.last), default=0)
        axes.annotate(
            size(totals[image.id]),
            (number, top),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontweight="bold",
        )
    axes.set_yticks([])
    axes.set_ylabel("base layer at the bottom", color=theme.quiet)
    _finish(axes, theme, plan, title)
    return figure


def _lying(theme: Theme, plan: Layout, totals: Mapping[str, int], title: str) -> Figure:
    from matplotlib.figure import Figure

    count = len(plan.images)
    row = max(0.022, min(0.26, 13 / count))  # inches a row
    figure = Figure(figsize=(9.0, 1.1 + row * count))
    axes = figure.add_subplot()
    _boxes(axes, theme, plan, upright=False, thin=row < 0.08)
    for band in plan.bands:
        length = band.height / plan.height * 6.6
        if band.users * row >= 0.3 and length >= 0.9:
            room = int(length * 12.5)
            axes.text(
                band.bottom + band.height / 2,
                (band.first + band.last) / 2,
                _label(band, room, 2),
                ha="center",
                va="center",
                fontsize=8,
                color=theme.on_hue if band.users > 1 else theme.ink,
                linespacing=1.25,
            )
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_xlim(0, plan.height * 1.01)
    step = max(1, round(0.15 / row))
    axes.set_yticks(
        range(0, count, step),
        [shorten(image.name, 26) for image in plan.images[::step]],
        fontsize=8 if row > 0.14 else 7,
    )
    axes.tick_params(axis="y", length=0 if step == 1 else 2)
    axes.xaxis.set_major_formatter(lambda value, _: size(value))
    if row >= 0.14:
        for number, image in enumerate(plan.images):
            end = max((b.bottom + b.height for b in plan.bands if b.first <= number <= b.last), default=0)
            axes.annotate(
                size(totals[image.id]),
                (end, number),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        axes.set_xlim(0, plan.height * 1.12)
    label = "bytes, base layer at the left" + (f"; one image in {step} is named" if step > 1 else "")
    axes.set_xlabel(label, color=theme.quiet)
    _finish(axes, theme, plan, title, thin=row < 0.08)
    return figure


def _finish(axes: Axes, theme: Theme, plan: Layout, title: str, *, thin: bool = False) -> None:
    from matplotlib.patches import Patch

    axes.set_title(title, pad=26)
    keys = [
        Patch(facecolor=theme.first, label="shared: stored once for all the images it spans"),
        Patch(
            facecolor=theme.second if thin else theme.tint(theme.second),
            edgecolor=theme.second,
            label="one image's own",
        ),
    ]
    if any(band.layer.size is None for band in plan.bands):
        keys.append(Patch(facecolor=theme.line, hatch="xx", edgecolor=theme.quiet, label="size not known"))
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(keys), frameon=False, fontsize=8,
        handlelength=1.4, columnspacing=1.6, borderaxespad=0.2,
    )  # fmt: skip
    axes.spines[["left", "bottom"]].set_color(theme.quiet)


def _boxes(axes: Axes, theme: Theme, plan: Layout, *, upright: bool, thin: bool) -> None:
    """All boxes, one collection for each look: hundreds of images have thousands of layers."""
    from matplotlib.collections import PolyCollection

    groups: dict[str, list[list[tuple[float, float]]]] = {"shared": [], "own": [], "unknown": []}
    margin = 0.0 if thin else 0.04
    for band in plan.bands:
        low, high = band.first - 0.5 + margin, band.last + 0.5 - margin
        start, end = band.bottom, band.bottom + band.height
        corners = [(low, start), (high, start), (high, end), (low, end)]
        kind = "unknown" if band.layer.size is None else "shared" if band.users > 1 else "own"
        groups[kind].append(corners if upright else [(y, x) for x, y in corners])
    # Full against hollow tells shared from own in black and white too.
    looks = {
        "shared": (theme.first, theme.ground, None),
        "own": (theme.second if thin else theme.tint(theme.second), theme.second, None),
        "unknown": (theme.tint(theme.quiet), theme.quiet, "xx"),
    }
    for kind, shapes in groups.items():
        face, edge, hatch = looks[kind]
        axes.add_collection(
            PolyCollection(
                shapes, facecolors=face, edgecolors=theme.ground if thin else edge, linewidths=0.3 if thin else
                0.9,
                hatch=hatch,
            )
        )  # fmt: skip


def _label(band: Band, room: int, lines: int) -> str:
    weight = size(band.layer.size) + (f" in {band.users} images" if band.users > 1 else "")
    command = band.layer.command or "(command not known)"
    if lines == 2:
        return f"{shorten(command, room)}\n{weight}"
    left = room - len(weight) - 2
    return (
        f"{shorten(command, left)}  {weight}" if left >= 8 else weight if len(weight) <= room else size(band.layer.size)
    )
