"""Text that others wrote, in a figure: never markup, never obeyed, and told where the font has no letter for it.

matplotlib reads what stands between two `$` as mathematics unless it is told not to (`style.themed` does); a terminal
obeys escape codes, and every page obeys marks that turn the direction of writing (Unicode, annex 9).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labsupport.layers.names import harmless

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

LACKING = "▯"
"""Drawn for a letter that the figure's font does not have."""


def visible(text: str) -> str:
    """Control characters, marks of direction and bytes that are no text as escapes; lines stay lines."""
    return text if text.isprintable() else "\n".join(map(harmless, text.split("\n")))


def legible(figure: Figure) -> set[str]:
    """Put `LACKING` for every letter that a text's font lacks, in all texts of the figure.

    Returns those letters; labels of ticks are written while it is drawn, so the set is whole after that.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import FuncFormatter

    lacking: set[str] = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, FuncFormatter):  # what `set_xticks` makes of a list of labels, too
            formatter.func = _formatting(formatter.func, axis.label.get_fontproperties(), lacking)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        words = text.get_text()
        if not (words.isascii() and words.isprintable()):
            text.set_text(_in_font(words, text.get_fontproperties(), lacking))
    return lacking


def _formatting(func: Callable[..., str], font: FontProperties, lacking: set[str]) -> Callable[..., str]:
    return lambda value, position=None: _in_font(str(func(value, position)), font, lacking)


def _in_font(text: str, font: FontProperties, lacking: set[str]) -> str:
    from matplotlib.font_manager import findfont, get_font

    text = visible(text)
    if text.isascii():
        return text
    letters = get_font(findfont(font))
    there = [each == "\n" or letters.get_char_index(ord(each)) for each in text]
    lacking.update(each for each, found in zip(text, there, strict=True) if not found)
    return "".join(each if found else LACKING for each, found in zip(text, there, strict=True))
