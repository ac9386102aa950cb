"""Sizes of layers that no history tells, from what the engine says of whole images: sums with one unknown part.

A layer's size is the difference of two heights, bytes from the bottom up to it and up to its parent. An image's size
is the height of its last layer, on every image that has this layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def solved(chains: Iterable[tuple[Sequence[str], int | None]], sizes: Mapping[str, int]) -> dict[str, int]:
    """Bytes by chain_id of layers that follow from the others'; those of `sizes` are not repeated.

    chains: each image's chain, bottom first, and its bytes by the engine's word (None where it has none). What would be
    negative contradicts itself, and is left out.
    """
    open_ = [(chain, total) for chain, total in chains if any(chain_id not in sizes for chain_id in chain)]
    if not open_:
        return {}
    found = dict(sizes)
    heights = {chain[-1]: total for chain, total in open_ if total is not None and chain}
    before = -1
    while len(found) + len(heights) != before:
        before = len(found) + len(heights)
        for chain, _ in open_:
            _upwards(chain, found, heights)
            _downwards(chain, found, heights)
    return {chain_id: size for chain_id, size in found.items() if chain_id not in sizes}


def _upwards(chain: Sequence[str], sizes: dict[str, int], heights: dict[str, int]) -> None:
    below: int | None = 0
    for chain_id in chain:
        size, height = sizes.get(chain_id), heights.get(chain_id)
        if below is not None and size is not None and height is None:
            heights[chain_id] = height = below + size
        elif below is not None and height is not None and size is None and height >= below:
            sizes[chain_id] = height - below
        below = height


def _downwards(chain: Sequence[str], sizes: dict[str, int], heights: dict[str, int]) -> None:
    for number in range(len(chain) - 1, 0, -1):
        size, height = sizes.get(chain[number]), heights.get(chain[number])
        if size is not None and height is not None and height >= size:
            heights.setdefault(chain[number - 1], height - size)
