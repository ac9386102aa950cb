"""What a terminal's screen shows after everything a program wrote to it, scrolled-off lines included.

pyte interprets the control sequences (ECMA-48, xterm's common ones); colours survive as SGR sequences.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyte
from pyte.screens import Char

_SCROLLBACK = 100_000
_COLOURS = {"black": 0, "red": 1, "green": 2, "brown": 3, "blue": 4, "magenta": 5, "cyan": 6, "white": 7}


class Screen(pyte.HistoryScreen):
    """A terminal of `columns` x `rows` fed with bytes; `replies` collects what it answers the program."""

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows, history=_SCROLLBACK, ratio=0.5)
        self.replies = b""
        self._stream = pyte.ByteStream(self)

    def write_process_input(self, data: str) -> None:
        # "Where is the cursor?" (BusyBox's shell asks before each prompt) wants an answer, as it would get.
        self.replies += data.encode()

    def show(self, data: bytes) -> None:
        self._stream.feed(data)

    @property
    def row(self) -> int:
        """The cursor's line, counted from the first line ever shown."""
        return len(self.history.top) + int(self.cursor.y)

    @property
    def before_cursor(self) -> str:
        """The plain text of the cursor's line, up to the cursor."""
        line = self.buffer[self.cursor.y]
        return "".join(line[x].data for x in range(self.cursor.x))

    def text_lines(self) -> list[str]:
        """Every line from the first to the last that is not empty, with SGR sequences, without trailing spaces."""
        rows = [*self.history.top, *(self.buffer[y] for y in range(self.lines))]
        text = [_with_colours(row, self.columns) for row in rows]
        while text and not text[-1]:
            text.pop()
        return text


def _with_colours(row: Mapping[int, Char], columns: int) -> str:
    cells = [row[x] for x in range(columns)]
    while cells and cells[-1].data in ("", " ") and cells[-1].bg == "default" and not cells[-1].reverse:
        cells.pop()
    text, style = "", ""
    for cell in cells:
        wanted = _style(cell)
        if wanted != style:
            text += f"\x1b[0;{wanted}m" if wanted else "\x1b[0m"
            style = wanted
        text += cell.data
    return text + ("\x1b[0m" if style else "")


def _style(cell: Char) -> str:
    """The SGR parameters of one cell (ECMA-48 8.3.117), "" for plain text."""
    flags = ((cell.bold, "1"), (cell.italics, "3"), (cell.underscore, "4"), (cell.reverse, "7"))
    parameters = [code for on, code in flags if on]
    for colour, base in ((cell.fg, 30), (cell.bg, 40)):
        name = colour.removeprefix("bright")
        if name in _COLOURS:
            parameters.append(str(base + _COLOURS[name] + (60 if name != colour else 0)))
        elif len(colour) == 6 and colour != "default":
            red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
            parameters.append(f"{base + 8};2;{red};{green};{blue}")
    return ";".join(parameters)
