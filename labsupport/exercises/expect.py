"""Expectations: what a looked-at value should be, in words and as a test.

`equals`, `one_of`, `contains`, `lacks`, `includes`, `starts_with`, `begins_with`, `matches`, `at_most`, `at_least`,
`between`, `absent`, `present`, `true`, `false` and `satisfies`. `{key}` in a wanted text is the learner's seeded value.
Sizes and times may be given with their unit: `at_most("5 MB")`, `between("0 s", "2 s")`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

_UNITS = {
    **{"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "BYTES": 1.0, "BYTE": 1.0},
    **{"KIB": 1024.0, "MIB": 1024.0**2, "GIB": 1024.0**3},
    **{"MS": 1e-3, "S": 1.0, "SEC": 1.0, "SECONDS": 1.0, "SECOND": 1.0, "MIN": 60.0},
}
_QUANTITY = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?)\s*([A-Za-z]*)\s*\Z")
_SECONDS = ("MS", "S", "SEC", "SECONDS", "SECOND", "MIN")


def quantity(text: Any, unit: str = "") -> tuple[float, str]:
    """A number and the family of its unit: ("B" for sizes, "s" for times, else the unit as written).

    A bare number is in `unit`. Raises ValueError on anything else.
    """
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        raise ValueError(f"{text!r} is not a number")
    match = _QUANTITY.match(str(text))
    if not match:
        raise ValueError(f"{text!r} is not a number")
    name = match[2] or unit
    factor = _UNITS.get(name.upper())
    number = float(match[1].replace(",", "."))
    if factor is None:
        return number, name
    return number * factor, "s" if name.upper() in _SECONDS else "B"


def show_quantity(value: float, family: str) -> str:
    """`5.0 MB`, `1.5 s`, `3`: rounded so that it reads the same from run to run of the same thing."""
    if family == "B":
        for factor, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if value >= factor:
                return f"{value / factor:.1f} {name}"
        return f"{value:.0f} B"
    if family == "s":
        return f"{value:.1f} s"
    return f"{value:g}" + (f" {family}" if family else "")


def plain(value: Any, depth: int = 6) -> str:
    """How an observed value reads: one line, at most 160 characters each text; what is deeper than depth as "..."."""
    if depth < 0:
        return "..."
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        rows = sorted(value.items(), key=lambda row: str(row[0]))
        return plain([f"{key}={plain(item, depth - 1)}" for key, item in rows])
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else list(value)
        return ", ".join(plain(item, depth - 1) for item in items) if items else "nothing"
    try:
        text = " ".join(str(value).split())
    except Exception:  # a number of more digits than Python writes out, a class of its own
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 160 else text[:157] + "..."


@dataclass(frozen=True)
class Expect:
    """words: the "expected" line, `{want}` being the wanted value; test(value, want); show(value) for a line."""

    words: str
    test: Callable[[Any, Any], bool]
    want: Any = None
    show: Callable[[Any], str] = plain

    def described(self, want: Any) -> str:
        return self.words.replace("{want}", self.shown(want)) if "{want}" in self.words else self.words

    def shown(self, value: Any) -> str:
        """The value in words; `plain` where the expectation's own way cannot show it."""
        try:
            return self.show(value)
        except Exception:
            return plain(value)


def equals(want: Any) -> Expect:
    return Expect("{want}", lambda value, wanted: bool(value == wanted), want)


def one_of(*want: Any) -> Expect:
    return Expect("one of {want}", lambda value, wanted: value in wanted, want)


def contains(want: str) -> Expect:
    """A text (or list of texts joined by spaces) with this text in it."""
    return Expect('"{want}" in it', lambda value, wanted: wanted in _text(value), want)


def lacks(want: str) -> Expect:
    return Expect('no "{want}" in it', lambda value, wanted: value is not None and wanted not in _text(value), want)


def matches(pattern: str, words: str) -> Expect:
    """A text in which the regular expression is found; words say it in English."""
    return Expect(words, lambda value, want: re.search(want, _text(value)) is not None, pattern)


def includes(*want: Any) -> Expect:
    """A list or dict with each of these in it."""
    return Expect("{want} among them", lambda value, wanted: all(item in (value or ()) for item in wanted), want)


def excludes(*want: Any) -> Expect:
    """A list or dict with none of these in it."""
    words = "{want} not among them"
    return Expect(words, lambda value, wanted: all(item not in (value or ()) for item in wanted), want)


def starts_with(*want: Any) -> Expect:
    def test(value: Any, wanted: Any) -> bool:
        return list(value or ())[: len(wanted)] == list(wanted)

    return Expect("starts with {want}", test, want)


def begins_with(*want: str) -> Expect:
    """A text that begins with one of these."""
    return Expect("begins with {want}", lambda value, wanted: _text(value).startswith(tuple(wanted)), want)


def absent() -> Expect:
    return Expect("nothing", lambda value, _: not value)


def present(words: str = "something") -> Expect:
    return Expect(words, lambda value, _: bool(value))


def true(words: str = "true") -> Expect:
    return Expect(words, lambda value, _: value is True)


def false(words: str = "false") -> Expect:
    return Expect(words, lambda value, _: value is False)


def satisfies(words: str, test: Callable[[Any], bool], show: Callable[[Any], str] = plain) -> Expect:
    """Any test of your own; words say what it wants. A test that raises counts as failed."""
    return Expect(words, lambda value, _: bool(test(value)), None, show)


def at_most(limit: float | str) -> Expect:
    number, family = quantity(limit)
    return _ordered("at most {want}", number, family, lambda value, want: value <= want)


def at_least(limit: float | str) -> Expect:
    number, family = quantity(limit)
    return _ordered("at least {want}", number, family, lambda value, want: value >= want)


def between(low: float | str, high: float | str) -> Expect:
    (least, family), (most, _) = quantity(low), quantity(high)
    words = f"between {show_quantity(least, family)} and {show_quantity(most, family)}"
    return _ordered(words, (least, most), family, lambda value, want: want[0] <= value <= want[1])


def _ordered(words: str, want: Any, family: str, test: Callable[[Any, Any], bool]) -> Expect:
    def show(value: Any) -> str:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return show_quantity(value, family) if number else plain(value)

    def safe(value: Any, wanted: Any) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and test(value, wanted)

    return Expect(words, safe, want, show)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return " ".join(str(item) for item in value)
    return str(value)
