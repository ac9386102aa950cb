"""Show a result in a cell: plain text always, and beside it HTML or Markdown for front ends that draw it."""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(`[^`\n]+`)")
_SPECIAL = re.compile(r"([\\*_\[\]#|~])")


def show(text: str, html: str = "") -> None:
    """Display text (and its HTML) as an output of the running cell; without IPython, print the text."""
    _show(text, {"text/html": html} if html else {})


def show_words(text: str) -> None:
    """The same for prose with `code` in it: front ends that can, set it as Markdown, which breaks lines at words."""
    _show(text, {"text/markdown": markdown(text)})


def as_output(text: str) -> dict[str, Any]:
    """The same as an output of a notebook (nbformat, "display_data")."""
    return {
        "output_type": "display_data",
        "data": {"text/plain": text, "text/markdown": markdown(text)},
        "metadata": {},
    }


def markdown(text: str) -> str:
    """Text as Markdown that reads the same: each line a line, indented ones a list, `code` as code, no HTML."""
    lines: list[str] = []
    for line in text.splitlines():
        parts = _CODE.split(line.strip())
        parts[::2] = [_SPECIAL.sub(r"\\\1", part).replace("<", "&lt;") for part in parts[::2]]
        indented = line.startswith("  ")
        if indented and lines and not lines[-1].startswith("- "):
            lines.append("")
        lines.append(("- " if indented else "") + "".join(parts) + ("" if indented else "  "))
        if not indented and len(lines) > 1 and lines[-2].startswith("- "):
            lines.insert(-1, "")
    return "\n".join(lines)


def _show(text: str, other: dict[str, str]) -> None:
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(text)
        return
    if get_ipython() is None or not other:
        print(text)
    else:
        bundle: dict[str, Any] = {"text/plain": text, **other}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]
