"""Outputs that stay the same from build to build.

A second build must not change a file because a clock or an id moved. So a fresh output replaces the committed
one only when the two differ *after* the volatile parts are masked: by nbval's sanitize file for compared cells,
by a much coarser mask for cells tagged `nbval-ignore-output`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from labsupport import transcript
from labsupport.lessons.source import Cell, Notebook, tags

Rules = Sequence[tuple["re.Pattern[str]", str]]

IGNORE = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"
PAIR = re.compile(r"^regex: *(.*)\nreplace: *(.*)$", re.MULTILINE)
# drawings, steps of a build, made-up names of containers, then every number with its unit: the words are left
COARSE: Rules = [
    (re.compile(r"base64,[\w+/=]+"), "base64,"),
    (re.compile(r"(?m)^#\d+ |<duration> (?=done)"), ""),
    (re.compile(r"\b[a-z]+_[a-z]+\b"), "NAME"),
    (re.compile(r"\d+(\.\d+)*( ?[kMGT]?i?B| ?m?s)?\b"), "N"),
    (re.compile(r"[ \t]+"), " "),
]


def rules_of(path: Path) -> Rules:
    """The `regex:` / `replace:` pairs of an nbval sanitize file."""
    return [(re.compile(regex), new) for regex, new in PAIR.findall(path.read_text(encoding="utf-8"))]


def mask(text: str, rules: Rules) -> str:
    for pattern, new in rules:
        text = pattern.sub(new, text)
    return text


def tidy(outputs: list[Any]) -> list[Any]:
    """Outputs fit to commit: neighbouring writes to one stream joined, widget views (dead without kernel) gone."""
    kept: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
            continue
        if "data" in output:
            output.data.pop(WIDGET, None)
            if not output.data:
                continue
        kept.append(output)
    return kept


def settle(cell: Cell, old: Cell | None, rules: Rules) -> None:
    """Give `cell` the old cell's outputs where they say the same."""
    if old is not None and cell.source == old.source and alike(cell, old, rules):
        cell.outputs = old.outputs


def alike(cell: Cell, old: Cell, rules: Rules) -> bool:
    """Whether two runs of one cell printed the same, the volatile parts aside."""
    if IGNORE not in tags(cell):
        return _words(cell.outputs, rules) == _words(old.outputs, rules)
    # the order of lines of a tagged cell is volatile too (layers are pulled at the same time)
    coarse = [*rules, *COARSE]
    cell, old = _masked(cell), _masked(old)
    return set(_words(cell.outputs, coarse)) == set(_words(old.outputs, coarse))


def _masked(cell: Cell) -> Cell:
    """The cell with ids, times, durations and sizes in its streams named (labsupport.transcript)."""
    made = deepcopy(cell)
    for output in made.outputs:
        if output.output_type == "stream":
            output.text = transcript.masked(output.text)
    return made


def _words(outputs: list[Any], rules: Rules) -> list[tuple[str, str]]:
    lines = []
    for output in outputs:
        kind = output.get("name", output.output_type)
        for mime, text in _texts(output):
            lines += [(f"{kind} {mime}", line) for line in mask(text, rules).splitlines()]
    return lines


def _texts(output: Any) -> list[tuple[str, str]]:
    if output.output_type == "stream":
        return [("text", output.text)]
    if output.output_type == "error":
        return [("error", f"{output.ename}: {output.evalue}")]
    # a picture's bytes depend on the matplotlib release: its presence counts, its alt text is beside it
    return [(mime, "" if mime.startswith("image/png") else str(data)) for mime, data in output.data.items()]


def texts(outputs: list[Any]) -> list[str]:
    """What a reader without widgets and pictures sees of these outputs."""
    plain = []
    for output in outputs:
        found = dict(_texts(output))
        words = found.get("text") or found.get("error") or found.get("text/plain") or found.get("text/html") or ""
        plain.append(words.rstrip())
    return plain


def by_id(notebook: Notebook | None) -> dict[str, Cell]:
    return {cell.id: cell for cell in notebook.cells} if notebook else {}
