"""Values that differ per learner and stay the same for one learner: names, ports, tokens, planted faults.

Everything follows from one text, the learner's seed, through SHA-256, so that a grader who knows the seed knows
the values. A seed is no secret: it keeps neighbours from copying, not attackers from computing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

_ANIMALS = (
    "adder", "badger", "beaver", "bison", "bittern", "bobcat", "condor", "coyote", "crane", "curlew", "dingo",
    "dolphin", "egret", "ermine", "falcon", "ferret", "gannet", "gecko", "gopher", "heron", "hornet", "ibex",
    "iguana", "jackal", "jaguar", "kestrel", "lemming", "linnet", "lizard", "lynx", "magpie", "marmot", "marten",
    "mole", "newt", "ocelot", "osprey", "otter", "panther", "pelican", "plover", "puffin", "quail", "rabbit",
    "raven", "robin", "salmon", "seal", "shrike", "skink", "sparrow", "stoat", "swift", "tapir", "tern", "toad",
    "trout", "turtle", "viper", "vole", "walrus", "weasel", "wombat", "wren",
)  # fmt: skip

_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def _number(seed: str, key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:8], "big")


@dataclass(frozen=True)
class Name:
    """A name for a container, image, network or volume: the stem and an animal, such as `shop-otter`."""

    stem: str

    def value(self, number: int) -> str:
        return f"{self.stem}-{_ANIMALS[number % len(_ANIMALS)]}"


@dataclass(frozen=True)
class Port:
    """A TCP port of the learner's machine between 8100 and 8149: every driver of the sandbox can publish those."""

    def value(self, number: int) -> int:
        return 8100 + number % 50


@dataclass(frozen=True)
class Token:
    """A short text of letters and digits that nobody types by chance, such as `k7f03a9c`."""

    length: int = 8

    def value(self, number: int) -> str:
        return "k" + hashlib.sha256(str(number).encode()).hexdigest()[: self.length - 1]


@dataclass(frozen=True)
class Pick:
    """One of several values: a planted fault, an order, a size."""

    options: tuple[Any, ...]

    def value(self, number: int) -> Any:
        return self.options[number % len(self.options)]


Seeded = Name | Port | Token | Pick


def values(seed: str, scope: str, seeds: Mapping[str, Seeded], taken: Collection[Any] = frozenset()) -> dict[str, Any]:
    """The values of one exercise (its id is the scope) for one learner's seed.

    A port or name that repeats within it, or that another exercise has taken, becomes the next free one; an exercise
    that meets none keeps what its own id gives. There are 50 ports and 64 names with a stem: raises ValueError when
    they do not suffice.
    """
    found: dict[str, Any] = {}
    for key, kind in seeds.items():
        number = _number(seed, f"{scope}/{key}")
        free = (kind.value(number + step) for step in range(len(_ANIMALS)))
        if isinstance(kind, (Name, Port)):
            free = (value for value in free if value not in taken and value not in found.values())
        value = next(free, None)
        if value is None:
            raise ValueError(f"no {type(kind).__name__.lower()} is left for {scope}/{key}")
        found[key] = value
    return found


def shared(seeds: Mapping[str, Seeded], values: Mapping[str, Any]) -> set[Any]:
    """The names and ports among an exercise's values: what no other exercise may have."""
    return {values[key] for key, kind in seeds.items() if isinstance(kind, (Name, Port))}


def fill(text: str, known: Mapping[str, Any]) -> str:
    """Put the values in place of `{key}`; any other brace stays as it is (Go templates, shell, JSON)."""
    return _FIELD.sub(lambda match: str(known[match[1]]) if match[1] in known else match[0], text)


def fill_all(value: Any, known: Mapping[str, Any]) -> Any:
    """`fill`, through lists, tuples and dicts."""
    if isinstance(value, str):
        return fill(value, known)
    if isinstance(value, (list, tuple)):
        return type(value)(fill_all(item, known) for item in value)
    if isinstance(value, dict):
        return {key: fill_all(item, known) for key, item in value.items()}
    return value
