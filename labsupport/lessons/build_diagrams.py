"""Diagrams of recorded builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labsupport.figures.cache import cache
from labsupport.layers.builds import read_build

if TYPE_CHECKING:
    from labsupport.figures.style import Draw
    from labsupport.transcript import Transcript


def rebuilt(builds: Mapping[str, Sequence[Transcript]]) -> Draw:
    """Builds side by side, name -> transcripts of which the last is the build: what came from the cache, what ran."""
    return cache([read_build(kept[-1].output, name) for name, kept in builds.items()]).draw
