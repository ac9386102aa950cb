"""What a learner gives as an answer, made plain: numbers, texts, true and false, lists and dicts of them.

A cell may hand over anything: a generator, bytes, an object whose repr raises, a list that holds itself. From here on
there is only what JSON can hold, so no check, report or progress file has to reckon with more; what can't be made
plain is refused in words that name it.
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

LONGEST = 100_000  # characters of a text; no exercise asks for a longer one
MOST = 10_000  # items of a list or dict
DEEPEST = 20  # lists in lists
_LARGEST = 10**30  # a larger number is no count, size or time that an engine gives
WANTED = "a number, a text, or a list or dict of them"


class Unusable(ValueError):
    """This value can't be an answer; the text says what it is."""


def kind(value: Any) -> str:
    """The name of the value's type, whatever its class does."""
    try:
        return str(type.__getattribute__(type(value), "__name__"))
    except Exception:
        return "something"


def words(value: Any) -> str:
    """`repr`, at most 60 characters, for a message; the type's name where repr raises."""
    try:
        text = " ".join(repr(value).split()).encode("utf-8", "backslashreplace").decode()
    except Exception:
        return f"a value of type {kind(value)}"
    return text if len(text) <= 60 else text[:57] + "..."


def plain_value(given: Any) -> Any:
    """The value as plain JSON. Raises Unusable.

    Whole numbers and fractions of any type (NumPy's, Decimal) become int and float; bytes their text; tuples, sets
    and ranges lists; paths texts.
    """
    try:
        return _plain(given, 0)
    except Unusable:
        raise
    except Exception as error:  # its class has methods of its own, and one of them raised
        raise Unusable(f"a value of type {kind(given)} that can't be read ({kind(error)})") from None


def _plain(given: Any, depth: int) -> Any:
    if given is None or given is True or given is False:
        return given
    if isinstance(given, (bytes, bytearray)):
        given = bytes(given).decode("utf-8", "replace")  # what a command printed, read as the Docker SDK gives it
    if isinstance(given, os.PathLike):
        given = os.fspath(given)
    if isinstance(given, str):
        if len(given) > LONGEST:
            raise Unusable(f"a text of {len(given):,} characters")
        # a surrogate has no UTF-8: neither a notebook nor the progress file could hold it
        return str.__str__(given).encode("utf-8", "replace").decode()
    if isinstance(given, (numbers.Real, Decimal)):
        return _number(given)
    if depth == DEEPEST:
        raise Unusable(f"a {kind(given)} with more than {DEEPEST} others in one another, or that holds itself")
    if isinstance(given, Mapping):
        _count(given)
        return {_key(key): _plain(item, depth + 1) for key, item in given.items()}
    if isinstance(given, (list, tuple, set, frozenset, range, type({}.keys()), type({}.values()))):
        _count(given)
        return [_plain(item, depth + 1) for item in given]
    if hasattr(given, "__next__"):
        raise Unusable(f"a {kind(given)}, which has no values until it is run: write list(...)")
    if callable(given):
        raise Unusable(f"a {kind(given)} itself: call it, with () after its name")
    if type(given).__module__ == "numpy" and hasattr(given, "tolist"):
        return _plain(given.tolist(), depth + 1)
    raise Unusable(f"a value of type {kind(given)}")


def _number(given: Any) -> int | float:
    if isinstance(given, numbers.Integral):
        whole = int(given)
        if abs(whole) > _LARGEST:
            # never as text: Python refuses to write out more than 4300 digits
            raise Unusable(f"a number of about {int(abs(whole).bit_length() * math.log10(2)) + 1:,} digits")
        return whole
    fraction = float(given)
    if not math.isfinite(fraction):
        raise Unusable("not a number (NaN)" if math.isnan(fraction) else "an infinite number")
    return fraction


def _key(key: Any) -> str:
    return str(_plain(key, DEEPEST))


def _count(given: Any) -> None:
    if len(given) > MOST:
        raise Unusable(f"a {kind(given)} of {len(given):,} items")


def read(given: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What `check(..., answer)` was given: the plain answers by key, and what is refused, in words, by key.

    `check(..., 3)` means {"answer": 3}; a dict gives several answers by key. What stands for an answer that is still
    to come, None or `...`, is none.
    """
    if given is None or given is ...:
        return {}, {}
    found: dict[str, Any] = {}
    refused: dict[str, str] = {}
    items: dict[str, Any] = {"answer": given}
    if isinstance(given, dict):
        items = {}
        for key, item in dict.items(given):
            try:
                items[_key(key)] = item
            except Exception:  # a name that is none
                refused["answer"] = f"a dict with a key of type {kind(key)}"
    for name, item in items.items():
        if item is ...:
            continue
        try:
            found[name] = plain_value(item)
        except Unusable as error:
            refused[name] = str(error)
    return found, refused
