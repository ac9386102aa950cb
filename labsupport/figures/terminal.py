"""Terminal pictures: a real transcript drawn as an SVG; the same transcript makes the same bytes.

The picture carries its own dark ground, so it reads on a light and on a dark page; its colours keep a contrast
of at least 4.5:1 (WCAG 2.2, 1.4.3). Its text is text: it can be selected, and a screen reader gets a title and
all of it. No font is fetched.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from labsupport.errors import CourseError
from labsupport.transcript import Transcript, plain

if TYPE_CHECKING:
    from rich.text import Text

BACKGROUND = (27, 31, 36)
FOREGROUND = (230, 237, 243)
COLOURS = (
    *((139, 148, 158), (255, 123, 114), (86, 211, 100), (227, 179, 65)),
    *((121, 192, 255), (210, 168, 255), (86, 212, 221), (230, 237, 243)),
)
BRIGHT = (
    *((173, 186, 199), (255, 161, 152), (126, 231, 135), (242, 204, 96)),
    *((165, 214, 255), (226, 197, 255), (179, 240, 255), (255, 255, 255)),
)

_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_ASPECT = 0.61  # a monospaced letter's width over its height; textLength makes any font keep to it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")
_NOT_XML = re.compile("[^\\t\\n\\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2

# The variables are rich's (console.CONSOLE_SVG_FORMAT); its own template fetches a font from the internet.
_FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}" role="img" \
aria-labelledby="{{unique_id}}-t {{unique_id}}-d">
<title id="{{unique_id}}-t">{title}</title>
<desc id="{{unique_id}}-d">{description}</desc>
<style>
.{{unique_id}}-matrix {{{{ font-family: {fonts}; font-size: {{char_height}}px; white-space: pre; }}}}
.{{unique_id}}-title {{{{ font-family: {fonts}; font-size: 16px; }}}}
{{styles}}
</style>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""


def svg(
    transcripts: Transcript | Sequence[Transcript],
    *,
    title: str = "Terminal",
    alt: str = "",
    columns: int = 100,
    lines: int = 60,
) -> str:
    """The picture of one transcript, or of several below each other, as the text of an SVG 1.1 file.

    title stands in the window's bar; alt says what is to be seen (default: the commands and how they ended).
    A longer text than `lines` loses its middle, and says so.
    """
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    shown = [transcripts] if isinstance(transcripts, Transcript) else list(transcripts)
    text = _shortened([line for each in shown for line in _lines(each)], lines)
    if not text:
        raise CourseError("a terminal picture needs at least one transcript")
    console = Console(
        record=True,
        width=columns,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    for line in text:
        for piece in _folded(Text.from_ansi(line), columns):
            console.print(piece, no_wrap=True, overflow="ignore", crop=False, highlight=False, markup=False)
    name = "t" + hashlib.sha256("\n".join([title, alt, str(columns), *text]).encode()).hexdigest()[:8]
    template = _FORMAT.format(title=_for_format(title), description=_for_format(_description(alt, shown)), fonts=_FONTS)
    drawn = console.export_svg(
        title=title,
        theme=TerminalTheme(BACKGROUND, FOREGROUND, list(COLOURS), list(BRIGHT)),
        code_format=template,
        font_aspect_ratio=_ASPECT,
        unique_id=name,
    )
    # Lines are folded before; rich's clip path of the last one points nowhere, and it draws each line's end.
    drawn = re.sub(rf' clip-path="url\(#{name}-line-\d+\)"|<text [^>]*>\n</text>', "", drawn)
    drawn = _NOT_XML.sub("", drawn)
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


def save(
    path: Path,
    transcripts: Transcript | Sequence[Transcript],
    *,
    title: str = "Terminal",
    alt: str = "",
    columns: int = 100,
    lines: int = 60,
) -> None:
    """Write the picture as a file, whole or not at all. The arguments are those of `svg`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(svg(transcripts, title=title, alt=alt, columns=columns, lines=lines), encoding="utf-8")
    partial.replace(path)


def _lines(transcript: Transcript) -> Iterable[str]:
    first, *more = _CONTROL.sub("", plain(transcript.command)).strip().splitlines() or [""]
    yield f"\x1b[1;32m$\x1b[0m \x1b[1m{first}\x1b[0m"
    for line in more:
        yield f"\x1b[1;32m>\x1b[0m \x1b[1m{line}\x1b[0m"
    for line in transcript.output.rstrip("\n").split("\n") if transcript.output.strip() else []:
        yield _CONTROL.sub("", line).expandtabs(8)


def _shortened(text: list[str], lines: int) -> list[str]:
    if len(text) <= lines:
        return text
    tail = lines // 3
    head = lines - tail - 1
    return [*text[:head], f"[... {len(text) - head - tail} lines not shown ...]", *text[-tail:]]


def _folded(line: Text, columns: int) -> Iterable[Text]:
    """The line cut where a terminal of that width goes on in the next row."""
    from rich.cells import chop_cells

    at, cuts = 0, []
    for piece in chop_cells(line.plain, columns)[:-1]:
        at += len(piece)
        cuts.append(at)
    return line.divide(cuts)


def _description(alt: str, shown: Sequence[Transcript]) -> str:
    told = [] if not alt else [alt]
    for each in shown:
        ended = "" if each.exit_code is None else f" (exit status {each.exit_code})"
        told.append(f"$ {each.command}{ended}\n{plain(each.output).rstrip()}".rstrip())
    return _CONTROL.sub("", "\n".join(told))


def _for_format(text: str) -> str:
    return escape(text).replace("{", "{{").replace("}", "}}")
