"""What each layer holds, and how much of it no container ever sees, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labsupport.figures.style import Cell, Picture, Table, Theme, shorten
from labsupport.layers.files import FileHistory
from labsupport.layers.units import percent, plural, size
from labsupport.layers.versions import CAUSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ADVICE = {
    "deleted": "deleted later: delete in the step that creates, or copy the result from another stage",
    "overwritten": "overwritten later: write the final contents once",
    "same bytes": "copied again for other attributes: use COPY --chmod or --chown",
}
_HATCH = {"deleted": "////", "overwritten": "....", "same bytes": "xxxx"}


def waste(history: FileHistory, commands: Sequence[str], title: str = "", *, most: int = 30) -> Picture:
    """One row a layer, base first: visible bytes full, hidden bytes hatched by reason.

    commands: the instruction of each layer, bottom first. most: rows drawn; the smallest others go to the table
    only.
    """
    lost = history.waste()
    total = sum(lost.values())
    title = title or f"{size(total)} of {size(history.stored)} stored are never seen ({percent(total, history.stored)})"
    words = "; ".join(f"{size(lost[cause])} {_ADVICE[cause]}" for cause in CAUSES if lost[cause])
    rows: list[tuple[Cell, ...]] = []
    for number, (summary, command) in enumerate(zip(history.summaries, commands, strict=True)):
        hidden = [summary.hidden.get(cause, 0) for cause in CAUSES]
        rows.append((number + 1, shorten(command, 60), summary.stored, summary.stored - sum(hidden), *hidden))
    table = Table(("layer", "made by", "bytes", "visible", *CAUSES), rows)
    alt = f"Bytes of {len(rows)} layers, base first. {title}. {words or 'Nothing is wasted'}."
    order = sorted(range(len(rows)), key=lambda number: -history.summaries[number].stored)[:most]
    shown = [number for number in range(len(rows)) if number in set(order)]
    rest = [summary.stored for number, summary in enumerate(history.summaries) if number not in shown]
    caption = (words[:1].upper() + words[1:] + "." if words else "") + (
        f" {plural(len(rest), 'layer')} of at most {size(max(rest))} are in the table only." if rest else ""
    )
    return Picture(lambda theme: _draw(theme, history, commands, shown, title), alt, table, caption)


def _draw(theme: Theme, history: FileHistory, commands: Sequence[str], shown: Sequence[int], title: str) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(8.6, 1.2 + 0.36 * max(1, len(shown))))
    axes = figure.add_subplot()
    longest = max((history.summaries[number].stored for number in shown), default=0) or 1
    colors = {"deleted": theme.second, "overwritten": theme.fourth, "same bytes": theme.third}
    for row, number in enumerate(shown):
        summary = history.summaries[number]
        start = summary.stored - summary.hidden_bytes
        axes.barh(row, start, height=0.66, color=theme.first)
        for cause in CAUSES:
            lost = summary.hidden.get(cause, 0)
            if lost:
                axes.barh(
                    row, lost, left=start, height=0.66, facecolor=theme.tint(colors[cause], 0.3),
                    edgecolor=colors[cause], hatch=_HATCH[cause], linewidth=0.8,
                )  # fmt: skip
                start += lost
        notes = [size(summary.stored)]
        if summary.whiteouts:
            notes.append(f"hides {plural(summary.removed, 'file')} below")
        axes.annotate(
            "   ".join(notes), (summary.stored, row), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_yticks(range(len(shown)), [f"{shorten(commands[n], 40)}  {n + 1}" for n in shown], fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, longest * 1.22)
    axes.xaxis.set_major_formatter(lambda value, _: size(value))
    axes.tick_params(axis="y", length=0)
    axes.set_title(title, pad=26)
    keys = [Patch(facecolor=theme.first, label="visible")]
    keys += [
        Patch(facecolor=theme.tint(colors[cause], 0.3), edgecolor=colors[cause], hatch=_HATCH[cause], label=cause)
        for cause in CAUSES
        if history.waste()[cause]
    ]
    axes.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, fontsize=8,
        handlelength=2, borderaxespad=0.2,
    )  # fmt: skip
    axes.spines["left"].set_color(theme.quiet)
    axes.spines["bottom"].set_visible(False)
    return figure
