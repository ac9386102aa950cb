"""What a progress file may hold. A learner can edit the file, and a disk can break it: nothing else gets past `read`.

An entry of another shape (a number that is none, a list for a dict) is left out, and `whole` is then false: whoever
writes the file next keeps the old one aside first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = 1
LARGEST = 20_000_000  # bytes; a whole course takes 100 kB


def _is_number(value: Any) -> bool:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
    return fits and math.isfinite(value) and value >= 0


def _is_count(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_value(value: Any) -> bool:
    return isinstance(value, (str, bool)) or (isinstance(value, (int, float)) and math.isfinite(value))


def _is_letters(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


Fields = dict[str, Callable[[Any], bool]]
_RESULT: Fields = {"at": _is_number, "engine": _is_text, "seed": _is_text, "evidence": _is_text, "earned": _is_number}


def _is_result(value: Any) -> bool:
    return isinstance(value, dict) and all(name in value and test(value[name]) for name, test in _RESULT.items())


_GRADED: Fields = {
    **{"tries": _is_count, "earned": _is_number, "passed": _is_flag, "points": _is_number, "passed_at": _is_number},
    **{"hints": _is_count, "hints_needed": _is_count, "answer": _is_letters, "result": _is_result},
}
# what an entry of each part must have, and what its fields must be when they are there
_PARTS: dict[str, tuple[tuple[str, ...], Fields]] = {
    "exercises": (("tries", "earned", "passed"), _GRADED),
    "quizzes": (("tries", "earned", "passed"), _GRADED),
    "predictions": (("predicted",), {"predicted": _is_value, "at": _is_number}),
    "scenes": (("begun",), {"begun": _is_number}),
}


def _entry(part: str, entry: Any) -> bool:
    if part == "lacking":
        return isinstance(entry, str)
    needed, fields = _PARTS[part]
    return (
        isinstance(entry, dict)
        and all(name in entry for name in needed)
        and all(test(entry[name]) for name, test in fields.items() if name in entry)
    )


def clean(found: Any) -> tuple[dict[str, Any], bool]:
    """The progress in what a file held, and whether that was all of it. What a later version adds stays."""
    whole = isinstance(found, dict)
    source: dict[str, Any] = found if isinstance(found, dict) else {}
    learner = source.get("learner", "")
    if not _is_text(learner):
        learner, whole = "", False
    data = {**source, "version": VERSION, "learner": learner}
    for part in (*_PARTS, "lacking"):
        entries = source.get(part, {})
        if not isinstance(entries, dict):
            entries, whole = {}, False
        data[part] = {name: entry for name, entry in entries.items() if _entry(part, entry)}
        whole = whole and len(data[part]) == len(entries)
    return data, whole


def read(path: Path) -> tuple[dict[str, Any], bool]:
    """The progress in a file, and whether the file is whole; no file is a whole one with nothing in it."""
    try:
        if not path.exists() and not path.is_symlink():
            return clean({})
        if not path.is_file() or path.stat().st_size > LARGEST:
            return clean(None)
        # NaN and Infinity are Python's own: no JSON, and no number of points
        return clean(json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda name: None))
    except (OSError, ValueError, RecursionError):
        return clean(None)
