"""What an engine refused, read from its own words or its runtime's. Standard library only, and light: cells load it."""

from __future__ import annotations

import re

_PORT = re.compile(r":(\d+)(?: failed: port is already allocated|.*address already in use)")
_OPTION = re.compile(r'exec: "(-[^"]*)"|executable file `(-[^`]*)` not found')


def taken_port(said: str) -> str:
    """The port that could not be published because somebody has it; "" when it was not that."""
    found = _PORT.search(said)
    return found[1] if found else ""


def misplaced(said: str) -> str:
    """In words, what is wrong when an option of `docker run` was taken for the program; "" when it was not."""
    if not (found := _OPTION.search(said)):
        return ""
    taken = f"{found[1] or found[2]} stands behind the image's name, so it was taken for the program to run"
    return f"{taken}: options come before the image"
