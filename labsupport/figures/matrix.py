"""The sharing matrix: for each pair of images, bytes in common above the diagonal, layers in common below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme, middle
from labsupport.layers.books import books, shared_between
from labsupport.layers.model import Image, Store
from labsupport.layers.units import plural, size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PRINTED = 14  # images; beyond, the numbers do not fit and the shade is read with the scale


def matrix(store: Store, title: str = "What each pair of images shares") -> Picture:
    """The matrix, images in tree order, so that families show as blocks."""
    images = store.ordered()
    pairs = [[shared_between(store, one, other) for other in images] for one in images]
    totals = {account.image.id: account.total for account in books(store).accounts}
    best = max(
        ((pairs[i][j][1] or 0, i, j) for i in range(len(images)) for j in range(i)),
        default=(0, 0, 0),
        key=lambda item: item[0],
    )
    alt = f"Matrix of {len(images)} images. "
    if best[0]:
        one, other = images[best[2]].name, images[best[1]].name
        alt += f"Most in common: {one} and {other}, {size(best[0])} in {plural(pairs[best[1]][best[2]][0], 'layer')}."
    else:
        alt += "No two of them share a byte."
    rows = [
        (images[i].name, images[j].name, pairs[i][j][0], pairs[i][j][1])
        for i in range(len(images))
        for j in range(i + 1, len(images))
        if pairs[i][j][0]
    ]
    rows.sort(key=lambda row: (-(row[3] or 0), row[0], row[1]))
    table = Table.most(("image", "and", "layers in common", "bytes in common"), rows)
    caption = (
        "Above the diagonal: bytes in common. Below: layers in common. On it: the image's size."
        if len(images) <= _PRINTED
        else "Shade: bytes in common, the same above and below the diagonal. On it: the image's size."
    )
    values = [
        [totals[images[i].id] if i == j else pairs[i][j][1] for j in range(len(images))] for i in range(len(images))
    ]
    counts = [[pairs[i][j][0] for j in range(len(images))] for i in range(len(images))]
    return Picture(lambda theme: _draw(theme, images, values, counts, title), alt, table, caption)


def _draw(
    theme: Theme, images: tuple[Image, ...], known: list[list[int | None]], counts: list[list[int]], title: str
) -> Figure:
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm
    from matplotlib.figure import Figure

    values = [[value or 0 for value in row] for row in known]
    count = max(1, len(images))
    printed = count <= _PRINTED
    side = max(2.4, min(8.0, 0.82 * count)) if printed else 7.0
    figure = Figure(figsize=(side + 1.6, side * (0.62 if printed else 1) + 1.0))
    axes = figure.add_subplot()
    scale = LinearSegmentedColormap.from_list("shared", [theme.ground, theme.first])
    largest = max((value for row in values for value in row), default=1) or 1
    # Among many images most pairs share little: a root scale keeps the families visible.
    norm = PowerNorm(1.0 if printed else 0.5, vmin=0, vmax=largest)
    drawn = axes.imshow(values, cmap=scale, norm=norm, aspect="auto", interpolation="nearest")
    names = [middle(image.name, 22) for image in images]
    if printed:
        for i in range(len(images)):
            for j in range(len(images)):
                part = values[i][j] / largest
                text = size(known[i][j]) if i <= j else plural(counts[i][j], "layer")
                axes.text(
                    j, i, text, ha="center", va="center", fontsize=8,
                    color=theme.on_hue if part > 0.55 else theme.ink, fontweight="bold" if i == j else "normal",
                )  # fmt: skip
        axes.set_xticks(range(count), names, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(count), names)
        axes.set_xticks([edge - 0.5 for edge in range(1, count)], minor=True)
        axes.set_yticks([edge - 0.5 for edge in range(1, count)], minor=True)
        axes.grid(which="minor", color=theme.line, linewidth=0.8)
    else:
        step = max(1, count // 30)
        axes.set_yticks(range(0, count, step), names[::step], fontsize=7)
        axes.set_xticks([])
        bar = figure.colorbar(drawn, ax=axes, shrink=0.6, format=lambda value, _: size(value))
        bar.outline.set_visible(False)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    return figure
