"""What was predicted against what happened, as a table of cells: a word, a sign and a pattern, never colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport.figures.style import Picture, Table, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a label, and what happened in each column ("alive", "dead", or other words); note at the right."""

    key: str
    label: str
    happened: tuple[str, ...]
    note: str = ""


_LABEL, _CELL, _NOTE, _HIGH = 31.0, 19.0, 17.0, 5.6


def killmatrix(
    lines: Sequence[Line],
    predicted: Mapping[str, str] | None = None,
    columns: Sequence[str] = ("while it is gone", "started again"),
    title: str = "Is the container's process alive?",
) -> Picture:
    """A cell for each line and column with what happened, and below it what was predicted.

    predicted: for a line's key, its words by column, separated by commas ("alive, dead"); anything else, such as "?",
    counts as no prediction.
    """
    guesses = {line.key: _words((predicted or {}).get(line.key, ""), line) for line in lines}
    rows: list[tuple[str, ...]] = []
    right = asked = 0
    for line in lines:
        told = []
        for happened, guess in zip(line.happened, guesses[line.key], strict=True):
            told += [happened, guess or "not predicted"]
            asked += bool(guess)
            right += guess == happened
        rows.append((line.label, *told, line.note))
    words = "; ".join(f"{line.label}: {', '.join(line.happened)}{_noted(line)}" for line in lines)
    header = ("", *(part for column in columns for part in (column, "predicted")), "State")
    score = f" {right} of {asked} predictions were right." if asked else " Nothing was predicted."
    alt = f"{title} Columns: {', '.join(columns)}. {words}.{score}"
    return Picture(lambda theme: _draw(theme, lines, guesses, columns, title), alt, Table(header, rows), score.strip())


def _noted(line: Line) -> str:
    return f" ({line.note})" if line.note else ""


def _words(text: str, line: Line) -> list[str]:
    """The predicted words of a line, "" for each that is none of those that can happen."""
    words = [word.strip().lower() for word in text.split(",")] + [""] * len(line.happened)
    return [word if word in ("alive", "dead") else "" for word in words[: len(line.happened)]]


def _draw(
    theme: Theme, lines: Sequence[Line], guesses: Mapping[str, list[str]], columns: Sequence[str], title: str
) -> Figure:
    from matplotlib.figure import Figure

    wide = _LABEL + _CELL * len(columns) + _NOTE
    high = 4.5 + _HIGH * len(lines)
    figure = Figure(figsize=(wide / 9.6, high / 9.6 + 0.4))
    axes = figure.add_axes((0, 0, 1, 1 - 0.4 / figure.get_figheight()))
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    axes.axis("off")
    axes.set_title(title, loc="left", x=0.01)
    middles = [_LABEL + _CELL * (column + 0.5) for column in range(len(columns))] + [wide - _NOTE / 2]
    for x, words in zip(middles, (*columns, "State says"), strict=True):
        axes.text(x, 2.2, words, ha="center", va="center", color=theme.quiet, fontsize=9.5)
    for row, line in enumerate(lines):
        y = 4.0 + _HIGH * row
        axes.text(1, y + _HIGH / 2, line.label, va="center", fontsize=10)
        for column, (happened, guess) in enumerate(zip(line.happened, guesses[line.key], strict=True)):
            _cell(axes, theme, (_LABEL + _CELL * column, y), happened, guess)
        axes.text(middles[-1], y + _HIGH / 2, line.note, ha="center", va="center", fontsize=9.5)
    return figure


def _cell(axes: Axes, theme: Theme, corner: tuple[float, float], happened: str, guess: str) -> None:
    from matplotlib.patches import Rectangle

    alive = happened == "alive"
    hue = theme.third if alive else theme.second
    axes.add_patch(
        Rectangle(
            (corner[0] + 0.4, corner[1] + 0.3), _CELL - 0.8, _HIGH - 0.6, facecolor=theme.tint(hue), edgecolor=hue,
            linewidth=1.4, linestyle="-" if alive else "--",
        )
    )  # fmt: skip
    x = corner[0] + _CELL / 2
    axes.text(x, corner[1] + 2.0, f"{'●' if alive else '✕'} {happened}", ha="center", va="center", fontweight="bold")
    words = "not predicted" if not guess else "as predicted" if guess == happened else f"predicted: {guess}"
    axes.text(
        x, corner[1] + 3.9, words, ha="center", va="center", fontsize=8.5,
        color=theme.ink if guess and guess != happened else theme.quiet,
        fontweight="bold" if guess and guess != happened else "normal",
    )  # fmt: skip
