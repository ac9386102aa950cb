"""Hints from an exercise's hints.md: three steps, the last one the solution.

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
_STEP = re.compile(r"^### +(\d+).*$", re.MULTILINE)


def parse(text: str) -> tuple[str, ...]:
    """Hint 1, hint 2, ... Raises LessonError when the steps are not 1, 2, 3."""
    steps = _STEP.split(text)
    numbers = steps[1::2]
    if numbers != [str(number + 1) for number in range(len(numbers))]:
        raise LessonError(f"the hints are numbered {', '.join(numbers)}, not 1, 2, 3")
    return tuple(hint.strip() for hint in steps[2::2])


def read(exercise: Path) -> tuple[str, ...]:
    """The hints in an exercise's folder; none when it has no hints.md. Raises LessonError."""
    path = exercise / "hints.md"
    try:
        return parse(path.read_text(encoding="utf-8")) if path.is_file() else ()
    except LessonError as error:
        raise LessonError(f"{path}: {error.message}") from None


def hint(hints: tuple[str, ...], number: int, known: Mapping[str, Any]) -> str:
    """One hint with the learner's values in it; numbers past the last give the last."""
    if not hints:
        raise LessonError("there are no hints for this exercise")
    number = min(max(number, 1), len(hints))
    return f"Hint {number} of {len(hints)}\n{fill(hints[number - 1], known)}"
