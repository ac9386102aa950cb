"""Lesson 05: what several of its exercises share."""

from labsupport.exercises.author import *


def whole_file(name: str, text: str) -> str:
    """A command that writes a file of these lines."""
    return f"cat > {name} <<'END'\n{text}\nEND"


def printed(want: str) -> expect.Expect:
    """What a container printed, with this in it; and no word of ours about another build that did not."""
    return expect.Expect(
        '"{want}" in it', lambda value, wanted: str(value).startswith("exit 0: ") and wanted in str(value), want
    )
