"""Bytes for people, in the units `docker images` prints: decimal, three significant digits."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def size(count: int | float | None) -> str:
    """`1984162` -> `1.98 MB`; None (not known) -> `?`."""
    if count is None:
        return "?"
    value, sign = abs(float(count)), "-" if count < 0 else ""
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    if unit == "B":
        return f"{sign}{value:.0f} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{sign}{value:.{digits}f} {unit}"


def exact(count: int | None) -> str:
    """`1984162` -> `1,984,162`; None -> `?`."""
    return "?" if count is None else f"{count:,}"


def percent(part: float, whole: float) -> str:
    """`part` of `whole` in percent, `-` when there is no whole."""
    return "-" if not whole else f"{100 * part / whole:.1f} %"


def plural(count: int, noun: str) -> str:
    """`1, "layer"` -> `1 layer`; `2, "layer"` -> `2 layers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
