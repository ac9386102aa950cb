"""The commands of `python3 -m labsupport`. Thin: each calls the package that does the work."""
