"""The Open Container Initiative's image format, written from plain data."""
