"""Container images as layers: who shares what, which step made it, and what it costs.

Pure: sources are handed in (an engine's API, an archive's bytes, a registry's answers), and what comes out is
data.
"""
