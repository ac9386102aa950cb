"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """OK: nothing to do. WARN: the course works, with limits. FAIL: the course does not work like this."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was seen, and the command that mends it ("" when there is nothing to mend)."""

    level: Level
    subject: str
    seen: str
    mend: str = ""


def ok(subject: str, seen: str) -> Finding:
    return Finding(Level.OK, subject, seen)


def warn(subject: str, seen: str, mend: str = "") -> Finding:
    return Finding(Level.WARN, subject, seen, mend)


def fail(subject: str, seen: str, mend: str = "") -> Finding:
    return Finding(Level.FAIL, subject, seen, mend)
