"""The hub: the sandbox's own registry, filled with the course's images, and its file for a room without internet.

fill(sb, report, verify=...)        put the course's images into the registry (at once if they are there)
missing(sb)                         which of them it lacks
catalog(sb)                         what the registry holds
save(sb, file, report, force=...)   write everything into one file
load(sb, file, report)              bring such a file's images into the registry
"""

from __future__ import annotations

from pathlib import Path

from labsupport.hub.stock import Place, Report, Stocked, catalog, damaged, fill, missing

__all__ = ["Stocked", "catalog", "damaged", "fill", "load", "missing", "save"]


def save(sb: Place, file: Path | str, report: Report = print, *, force: bool = False) -> None:
    """Write all that the sandbox's registry holds into a file, see bundle.save."""
    from labsupport.hub import bundle  # the first cell of every notebook fills the hub; only a teacher saves it

    bundle.save(sb, file, report, force=force)


def load(sb: Place, file: Path | str, report: Report = print) -> None:
    """Bring a hub file's images into the sandbox's registry, see bundle.load."""
    from labsupport.hub import bundle

    bundle.load(sb, file, report)
