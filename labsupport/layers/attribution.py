"""Which history row made which layer: exact, or refused.

The Engine API lists an image's history without saying which rows made a layer (`empty_layer` in the image's
configuration; image specification, config.md, "history"). A row with bytes did. A row of 0 bytes may be a `CMD`,
or a layer that only deleted files. Taking every 0 for "no layer" gives most layers the wrong command.

So the rows are a path: after each row the number of layers laid down stays or grows by one; it must grow at a row
with bytes, and end at the number of layers. What holds on every such path is exact; the rest is open. Then, in
turn:

  config     the image's configuration says `empty_layer` (registry, archive)
  only/size  one path is left
  parent     an intermediate image tells how many layers it has
  trie       an exact image has the same first rows and the same chain_id: an inference. Two builds of one second,
             or with one SOURCE_DATE_EPOCH, can have equal rows of which different ones made the layer
  rule       by the instruction's name, if the count fits: an inference, too
  unknown    refused
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from labsupport.layers.instruction import is_metadata
from labsupport.layers.model import EXACT, Step


class Row(NamedTuple):
    """One history row, oldest first. empty: the configuration's own word, None when the source does not carry
    it.
    """

    created_by: str
    size: int | None
    created: int | str = 0
    comment: str = ""
    id: str = ""
    empty: bool | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The steps, and each layer's size in bytes, bottom first: what every possible path agrees on, else None.

    Where an inference decided, the sizes are its own; the steps say "trie" or "rule".
    """

    steps: tuple[Step, ...]
    sizes: tuple[int | None, ...]

    @property
    def is_exact(self) -> bool:
        return all(step.evidence in EXACT for step in self.steps)


@dataclass
class Resolved:
    """What exact attributions taught: (first rows, chain_id) -> layers laid down so far. The ladder's trie rung."""

    known: dict[tuple[int, str], int] = field(default_factory=dict)

    def learn(self, rows: Sequence[Row], chain: Sequence[str], steps: Sequence[Step]) -> None:
        """Remember an exact attribution."""
        position = {chain_id: number for number, chain_id in enumerate(chain, 1)}
        for step, mark in zip(steps, _marks(rows), strict=True):
            if step.layer:
                self.known[mark, step.layer] = position[step.layer]

    def pins(self, rows: Sequence[Row], chain: Sequence[str]) -> dict[int, int]:
        """Rows of this image whose count of layers is known from another image."""
        if not self.known:
            return {}
        pins, number = {}, 0
        for row, mark in enumerate(_marks(rows)):
            if number < len(chain) and (mark, chain[number]) in self.known:
                number += 1
                pins[row] = number
        return pins


def _marks(rows: Iterable[Row]) -> list[int]:
    marks, mark = [], 0
    for row in rows:
        mark = hash((mark, row.created, row.created_by, row.size))
        marks.append(mark)
    return marks


Bounds = list[tuple[int, int]]


def _bounds(rows: Sequence[Row], layers: int, pins: Mapping[int, int]) -> Bounds | None:
    """For each point between rows the least and most layers laid down by then; None when no path fits."""
    if not pins:
        # The same as below, in closed form: nearly every image comes this way.
        forced = list(accumulate(map(_forced, rows), initial=0))
        rest = layers - len(rows)
        spare = layers - forced[-1]
        bounds: Bounds = [(max(before, rest + at), min(at, layers, spare + before)) for at, before in enumerate(forced)]
        return bounds if all(low <= high for low, high in bounds) else None
    bounds = [(0, 0)]
    for number, row in enumerate(rows):
        low, high = bounds[-1]
        low, high = low + _forced(row), min(layers, high + 1)
        if number in pins:
            low, high = max(low, pins[number]), min(high, pins[number])
        bounds.append((low, high))
    bounds[-1] = (max(bounds[-1][0], layers), min(bounds[-1][1], layers))
    for number in range(len(rows) - 1, -1, -1):
        low, high = bounds[number + 1]
        here = bounds[number]
        bounds[number] = (max(here[0], low - 1), min(here[1], high - _forced(rows[number])))
    return bounds if all(low <= high for low, high in bounds) else None


def _forced(row: Row) -> int:
    return 1 if row.size else 0


def attribute(
    rows: Sequence[Row],
    chain: Sequence[str],
    *,
    resolved: Resolved | None = None,
    parents: Mapping[int, int] | None = None,
    infer: bool = True,
    total: int | None = None,
) -> Attribution:
    """Join history rows (oldest first) to layers (bottom first).

    resolved: what other images taught, read and added to. parents: row number -> number of layers of the
    intermediate image that row made. infer: let the instruction's name decide what evidence left open. total: bytes of
    all layers together by the engine's own word: a history whose rows do not add up to it leaves layers out, or lies,
    and is refused.
    """
    if rows and all(row.empty is not None for row in rows):
        flags = [bool(row.empty) for row in rows]
        if flags.count(False) != len(chain) or (total is not None and bytes_of_rows(rows) != total):
            return _refuse(rows, chain)
        return _learned(rows, chain, _zip(rows, chain, flags, ["config"] * len(rows)), resolved)
    if any(row.size is None for row in rows) or not rows:
        return _refuse(rows, chain)
    if total is not None and bytes_of_rows(rows) != total:
        return _refuse(rows, chain)
    if sum(map(_forced, rows)) == len(chain):
        flags = [not row.size for row in rows]
        return _learned(rows, chain, _zip(rows, chain, flags, ["size"] * len(rows)), resolved)
    evidence: list[str] = ["unknown"] * len(rows)
    certain: Bounds = []
    for name, known in (("only", {}), ("parent", parents)):
        if known is not None:
            bounds = _bounds(rows, len(chain), known)
            if bounds is None:
                return _refuse(rows, chain)
            certain = bounds
            _mark(evidence, bounds, name)
    if "unknown" not in evidence:
        return _learned(rows, chain, _zip(rows, chain, _flags(certain), evidence), resolved)
    likely = certain
    if resolved is not None and (pins := resolved.pins(rows, chain)):
        # another image's rows that do not fit here were not the same rows: nothing is inferred from them
        likely = _bounds(rows, len(chain), {**pins, **(parents or {})}) or certain
        _mark(evidence, likely, "trie")
        if "unknown" not in evidence:
            return _zip(rows, chain, _flags(likely), evidence)
    if infer and (guessed := _by_rule(rows, len(chain), likely)):
        return _zip(rows, chain, guessed, ["rule" if name == "unknown" else name for name in evidence])
    return Attribution(tuple(_open_steps(rows, chain, likely, evidence)), _agreed_sizes(rows, len(chain), certain))


def bytes_of_rows(rows: Sequence[Row]) -> int:
    """Bytes of the rows that make layers."""
    return sum(row.size or 0 for row in rows if not row.empty)


def _mark(evidence: list[str], bounds: Bounds, name: str) -> None:
    """Name the evidence of the rows that it settles and none before it did."""
    for number, (before, after) in enumerate(pairwise(bounds)):
        if evidence[number] == "unknown" and before[0] == before[1] and after[0] == after[1]:
            evidence[number] = name


def _flags(settled: Bounds) -> list[bool]:
    return [before[0] == after[0] for before, after in pairwise(settled)]


def _by_rule(rows: Sequence[Row], layers: int, bounds: Bounds) -> list[bool] | None:
    flags = [not row.size and is_metadata(row.created_by) for row in rows]
    laid = 0
    for number, empty in enumerate(flags):
        laid += not empty
        if not bounds[number + 1][0] <= laid <= bounds[number + 1][1]:
            return None
    return flags if laid == layers else None


def _agreed_sizes(rows: Sequence[Row], layers: int, bounds: Bounds) -> tuple[int | None, ...]:
    possible: list[set[int | None]] = [set() for _ in range(layers)]
    for number, row in enumerate(rows):
        (low, high), (low_after, high_after) = bounds[number], bounds[number + 1]
        for layer in range(max(low, low_after - 1), min(high, high_after - 1) + 1):
            possible[layer].add(row.size)
    return tuple(sizes.pop() if len(sizes) == 1 else None for sizes in possible)


def _open_steps(rows: Sequence[Row], chain: Sequence[str], bounds: Bounds, evidence: Sequence[str]) -> Iterable[Step]:
    for number, row in enumerate(rows):
        empty: bool | None = None
        layer = None
        if evidence[number] != "unknown":
            before, after = bounds[number][0], bounds[number + 1][0]
            empty = before == after
            layer = None if empty else chain[before]
        yield Step(number, row.created_by, row.size, empty, layer, evidence[number], row.comment)


def _zip(rows: Sequence[Row], chain: Sequence[str], empty: Sequence[bool], evidence: Sequence[str]) -> Attribution:
    steps: list[Step] = []
    sizes: list[int | None] = []
    for number, row in enumerate(rows):
        layer = None
        if not empty[number]:
            layer = chain[len(sizes)]
            sizes.append(row.size)
        steps.append(Step(number, row.created_by, row.size, empty[number], layer, evidence[number], row.comment))
    return Attribution(tuple(steps), tuple(sizes))


def _learned(rows: Sequence[Row], chain: Sequence[str], found: Attribution, resolved: Resolved | None) -> Attribution:
    if resolved is not None:
        resolved.learn(rows, chain, found.steps)
    return found


def _refuse(rows: Sequence[Row], chain: Sequence[str]) -> Attribution:
    """Nothing can be told. An image without history (`docker import`, hand-made) still has its layers.

    A row of 0 bytes may stand for a layer the engine did not look at: its size is not known.
    """
    steps = tuple(
        Step(number, row.created_by, row.size or None, None, None, "unknown", row.comment)
        for number, row in enumerate(rows)
    )
    return Attribution(steps, (None,) * len(chain))
