"""Before and after a command: which layers appeared and vanished, and what that did to the bytes stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsupport.figures.layout import layout
from labsupport.figures.style import Picture, Table, Theme, middle, shorten
from labsupport.layers.compare import compare_stores
from labsupport.layers.identity import short
from labsupport.layers.model import Store
from labsupport.layers.units import plural, size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def changes(before: Store, after: Store, title: str = "") -> Picture:
    """Two stacks of the same engine side by side. New layers carry a +, vanished ones a -; the rest stays
    quiet.
    """
    found = compare_stores(before, after)
    grown = found.bytes_after - found.bytes_before
    sign = "+" if grown >= 0 else "-"
    title = title or f"{plural(len(found.appeared), 'layer')} new, {len(found.vanished)} gone: {sign}{size(abs(grown))}"
    names = {"new": found.new_images, "gone": found.gone_images}
    words = "; ".join(f"{kind}: {', '.join(i.name for i in images)}" for kind, images in names.items() if images)
    alt = f"Layers before and after. {title}. {words or 'No image came or went'}."
    rows = [("+", short(x.chain_id), x.size, shorten(x.command, 60)) for x in found.appeared]
    rows += [("-", short(x.chain_id), x.size, shorten(x.command, 60)) for x in found.vanished]
    table = Table(("", "layer (chain id)", "bytes", "made by"), rows)
    new = {layer.chain_id for layer in found.appeared}
    gone = {layer.chain_id for layer in found.vanished}
    return Picture(lambda theme: _draw(theme, before, after, new, gone, title), alt, table)


def _draw(theme: Theme, before: Store, after: Store, new: set[str], gone: set[str], title: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.4))
    left, right = figure.subplots(1, 2, sharey=True)
    _side(left, theme, before, gone, "-", theme.fourth, "before")
    _side(right, theme, after, new, "+", theme.second, "after")
    left.yaxis.set_major_formatter(lambda value, _: size(value))
    figure.suptitle(title, x=0.09, ha="left", fontsize=12, fontweight="bold")
    figure.subplots_adjust(wspace=0.08, top=0.84)
    return figure


def _side(axes: Axes, theme: Theme, store: Store, marked: set[str], mark: str, hue: str, name: str) -> None:
    from matplotlib.patches import Rectangle

    plan = layout(store, apart=marked)
    count = max(1, len(plan.images))
    tall = plan.height or 1
    for band in plan.bands:
        special = band.layer.chain_id in marked
        axes.add_patch(
            Rectangle(
                (band.first - 0.46, band.bottom), band.users - 0.08, band.height,
                facecolor=theme.tint(hue, 0.35) if special else theme.tint(theme.quiet, 0.22),
                edgecolor=hue if special else theme.quiet, linewidth=1.4 if special else 0.6,
                hatch="//" if special and mark == "-" else "---" if len(band.layers) > 1 else None,
            )
        )  # fmt: skip
        words = f"{mark} {size(band.size)}" if special else size(band.size)
        if band.height / tall > 0.05 and band.users / count > 0.15:
            axes.text(
                (band.first + band.last) / 2, band.bottom + band.height / 2, words, ha="center", va="center",
                fontsize=8, fontweight="bold" if special else "normal",
            )  # fmt: skip
        elif special and count <= 6:  # too low for its words, and what the picture is about
            axes.annotate(
                words, (band.last + 0.46, band.bottom + band.height), xytext=(-3, 2), textcoords="offset points",
                ha="right", va="bottom", fontsize=8, fontweight="bold",
            )  # fmt: skip
    step = max(1, count // 6)
    ticks = [middle(image.name, 18) for image in plan.images[::step]]
    axes.set_xticks(range(0, len(plan.images), step), ticks, rotation=20, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(0, max(plan.height * 1.04, axes.get_ylim()[1], 1))
    counts = f"{plural(len(plan.images), 'image')}, {plural(len(store.users), 'layer')}"
    axes.set_title(f"{name}: {counts}", fontsize=10, fontweight="normal")
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_color(theme.quiet)
