"""Build cache hits and misses, read from what a builder prints. Pure: lines in, steps out.

Three forms: the classic builder's text, BuildKit's `--progress=plain` text, and BuildKit's `--progress=rawjson`
(client.SolveStatus, one JSON object a line). Only Dockerfile steps count; internal ones (`[internal] ...`) do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One Dockerfile step of one build. cached: taken from the cache; seconds: time it ran, None when not told."""

    number: int
    instruction: str
    cached: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """One build. first_miss: index of the first step that ran, None when all came from the cache."""

    name: str
    steps: tuple[BuildStep, ...]

    @property
    def hits(self) -> int:
        return sum(step.cached for step in self.steps)

    @property
    def first_miss(self) -> int | None:
        return next((index for index, step in enumerate(self.steps) if not step.cached), None)


_CLASSIC = re.compile(r"^Step (\d+)/(\d+) : (.*)$")
_CLASSIC_CACHED = re.compile(r"^ ---> Using cache\b")
_PLAIN = re.compile(r"^#(\d+) \[(?:\S+ )?\s*(\d+)/(\d+)\] (.*)$")
_PLAIN_END = re.compile(r"^#(\d+) (?:(CACHED)|DONE ([\d.]+)s)")
_VERTEX = re.compile(r"^\[(?:\S+ )?\s*(\d+)/(\d+)\] (.*)$")


def read_build(output: str | Iterable[str], name: str = "build") -> Build:
    """The build behind a builder's output. A build with no known step has none; nothing is guessed."""
    lines = output.splitlines() if isinstance(output, str) else list(output)
    steps = _raw_json(lines) or _plain(lines) or _classic(lines)
    return Build(name, tuple(sorted(steps, key=lambda step: step.number)))


def _classic(lines: Iterable[str]) -> list[BuildStep]:
    """FROM prints no "Using cache": it runs nothing and counts as cached."""
    steps: list[BuildStep] = []
    for line in lines:
        if match := _CLASSIC.match(line):
            instruction = match.group(3)
            steps.append(BuildStep(int(match.group(1)), instruction, instruction.upper().startswith("FROM")))
        elif steps and _CLASSIC_CACHED.match(line):
            steps[-1] = BuildStep(steps[-1].number, steps[-1].instruction, True, 0.0)
    return steps


def _plain(lines: Iterable[str]) -> list[BuildStep]:
    named: dict[str, tuple[int, str]] = {}
    ended: dict[str, tuple[bool, float]] = {}
    for line in lines:
        if match := _PLAIN.match(line):
            named[match.group(1)] = (int(match.group(2)), match.group(4))
        elif (match := _PLAIN_END.match(line)) and match.group(1) in named:
            cached = bool(match.group(2)) or ended.get(match.group(1), (False, 0.0))[0]
            ended[match.group(1)] = (cached, 0.0 if cached else float(match.group(3)))
    return [
        BuildStep(number, text, _is_from(text) or ended[key][0], ended[key][1])
        for key, (number, text) in named.items()
        if key in ended
    ]


def _raw_json(lines: Iterable[str]) -> list[BuildStep]:
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if not line.startswith("{"):
            continue
        try:
            status = json.loads(line)
        except ValueError:
            continue
        for vertex in status.get("vertexes") or ():
            found.setdefault(str(vertex.get("digest")), {}).update(vertex)
    steps = []
    for vertex in found.values():
        match = _VERTEX.match(str(vertex.get("name", "")))
        if match and vertex.get("completed"):
            cached = bool(vertex.get("cached")) or _is_from(match.group(3))
            steps.append(BuildStep(int(match.group(1)), match.group(3), cached, 0.0 if cached else _seconds(vertex)))
    return steps


def _is_from(instruction: str) -> bool:
    return instruction.upper().startswith("FROM ")


def _seconds(vertex: dict[str, Any]) -> float | None:
    try:
        start, end = (_time(str(vertex[key])) for key in ("started", "completed"))
    except (KeyError, ValueError):
        return None
    return max(0.0, (end - start).total_seconds())


def _time(text: str) -> datetime:
    # Go writes nanoseconds; Python 3.10 reads microseconds, exactly three or six digits.
    match = re.fullmatch(r"(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(text)
    fraction = (match.group(2) or "0")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{match.group(1)}.{fraction}{match.group(3).replace('Z', '+00:00')}")
