"""Text that others wrote, in a figure: never markup, never obeyed, and told where the font has no letter for it.

matplotlib reads what stands between two `$` as mathematics unless it is told not to (`style.themed` does); a terminal
obeys escape codes, and every page obeys marks that turn the direction of writing (Unicode, annex 9).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

LACKING = "▯"
"""Drawn for a letter that the figure's font does not have."""

_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Control characters and marks of direction as escapes (`\x1b`), a byte that is no text as `\xff`."""
    return _OBEYED.sub(_escape, text) if _OBEYED.search(text) else text


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # what "surrogateescape" makes of a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


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
        if not words.isascii() or _OBEYED.search(words):
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
