"""Names that others chose, on one line and harmless: a file's name may hold anything but NUL and `/`.

Linux takes file names as bytes. What is no UTF-8 is kept as Python keeps it (PEP 383, surrogateescape) until it is
shown. Not shown as they are: control and format characters (escape codes, newlines, directions of writing), blanks
other than the space, lone surrogates, private and unassigned characters: what `str.isprintable` says no to.
"""

from __future__ import annotations

_SHORT = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\x1b": r"\e"}


def printable(name: str) -> str:
    r"""A name with every character that a terminal might obey, or not show, as an escape: `\n`, `\xff`, `\u202e`, `\\`.

    A byte that is no UTF-8 is `\xNN`. Two different names never look the same by it.
    """
    return harmless(name.replace("\\", r"\\"))


def harmless(text: str) -> str:
    """The same for commands and sentences, whose own backslashes stay as they are written."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
