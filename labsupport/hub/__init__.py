"""The hub: the sandbox's own registry, filled with the course's images, and its file for a room without internet.

fill(sb, report)            put the course's images into the registry (at once if they are there)
catalog(sb)                 what the registry holds
save(sb, file, report)      write everything into one file
load(sb, file, report)      bring such a file's images into the registry
"""

from labsupport.hub.bundle import load, save
from labsupport.hub.stock import Stocked, catalog, fill

__all__ = ["Stocked", "catalog", "fill", "load", "save"]
