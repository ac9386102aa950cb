"""A few things, compared in several measures of different units: one small panel of bars for each measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme, middle

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: a value for each thing, in their order; number writes a value with its unit."""

    title: str
    values: Sequence[float]
    number: Callable[[float], str] = str


def panels(things: Sequence[str], measures: Sequence[Panel], title: str, *, caption: str = "") -> Picture:
    """A row for each thing, a column for each measure; every bar has its number printed, every panel its own scale."""
    spoken = [thing.replace("\n", ", ") for thing in things]
    words = "; ".join(
        f"{panel.title}: "
        + ", ".join(
            f"{thing.splitlines()[0]} {panel.number(value)}" for thing, value in zip(things, panel.values, strict=True)
        )
        for panel in measures
    )
    rows = [(thing, *(panel.number(panel.values[row]) for panel in measures)) for row, thing in enumerate(spoken)]
    table = Table(("", *(panel.title for panel in measures)), rows)
    alt = f"{title}. {'; '.join(spoken)}. {words}."
    return Picture(lambda theme: _draw(theme, things, measures, title), alt, table, caption)


def _draw(theme: Theme, things: Sequence[str], measures: Sequence[Panel], title: str) -> Figure:
    from matplotlib.figure import Figure

    names = ["\n".join(middle(line, 48) for line in thing.splitlines()) for thing in things]
    longest_name = max((len(line) for name in names for line in name.splitlines()), default=0)
    figure = Figure(figsize=(1.95 * len(measures) + max(1.6, 0.085 * longest_name), 1.1 + 0.62 * len(things)))
    axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for column, (panel, axis) in enumerate(zip(measures, axes, strict=True)):
        longest = max(panel.values, default=0) or 1
        for row, value in enumerate(panel.values):
            last = row == len(things) - 1
            axis.barh(
                row, value, height=0.56, color=theme.second if last else theme.first, hatch="//" if last else None,
                edgecolor=theme.ground, linewidth=0,
            )  # fmt: skip
            axis.annotate(
                panel.number(value), (value, row), xytext=(5, 0), textcoords="offset points", va="center",
                fontweight="bold", fontsize=9.5,
            )  # fmt: skip
        axis.set_ylim(len(things) - 0.5, -0.5)
        axis.set_xlim(0, longest * 1.75)
        axis.set_xticks([])
        axis.set_title(panel.title, fontsize=9.5, loc="left", color=theme.quiet, fontweight="normal")
        axis.set_yticks(range(len(things)), names if column == 0 else [""] * len(things))
        axis.tick_params(axis="y", length=0)
        axis.spines["bottom"].set_visible(False)
        axis.spines["left"].set_color(theme.quiet)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    figure.set_layout_engine("tight")  # when it is drawn: the texts may change until then
    return figure
