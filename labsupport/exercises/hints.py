"""Hints from a lesson's hints.md: three steps per exercise, the last one the solution.

## 01.2
### 1
Where does the web server listen?
### 2
`docker run --help` has an option that publishes a port.
### 3
`docker run -d --name {name} -p {port}:80 web`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises.seeds import fill

STEPS = 3
_EXERCISE = re.compile(r"^## +(\S+)", re.MULTILINE)
_STEP = re.compile(r"^### +(\d+).*$", re.MULTILINE)


def parse(text: str) -> dict[str, tuple[str, ...]]:
    """{exercise id: (hint 1, hint 2, ...)}. Raises LessonError when the steps of one are not 1, 2, 3."""
    found: dict[str, tuple[str, ...]] = {}
    parts = _EXERCISE.split(text)
    for exercise, body in zip(parts[1::2], parts[2::2], strict=True):
        steps = _STEP.split(body)
        numbers, hints = steps[1::2], [hint.strip() for hint in steps[2::2]]
        if numbers != [str(number + 1) for number in range(len(numbers))]:
            raise LessonError(f"hints.md: the hints of {exercise} are numbered {', '.join(numbers)}, not 1, 2, 3")
        found[exercise] = tuple(hints)
    return found


def read(lesson: Path) -> dict[str, tuple[str, ...]]:
    """The hints of a lesson folder; none when it has no hints.md."""
    path = lesson / "hints.md"
    return parse(path.read_text(encoding="utf-8")) if path.is_file() else {}


def hint(hints: tuple[str, ...], number: int, known: Mapping[str, Any]) -> str:
    """One hint with the learner's values in it; numbers past the last give the last."""
    if not hints:
        raise LessonError("there are no hints for this exercise")
    number = min(max(number, 1), len(hints))
    return f"Hint {number} of {len(hints)}\n{fill(hints[number - 1], known)}"
