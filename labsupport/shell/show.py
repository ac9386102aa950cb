"""Show a running command's two streams in a notebook, in the order in which they come.

A notebook puts standard error on a red ground. Docker reports there how a build or a pull gets on: those lines are
shown as plain output, so that what is red is worth a look. (The command's Result keeps the streams as they were.)
"""

from __future__ import annotations

import itertools
import re
import sys
import time
from typing import TextIO

from labsupport.shell.progress import Tidy, reports

SHOWN = 256 * 1024
"""Characters shown of one command: a browser grows slow long before a notebook's file does."""

_QUESTION_AFTER = 0.2
_PASSING_AFTER = 1.0


class Show:
    """Writes to sys.stdout and sys.stderr, looked up at each write (a kernel replaces them)."""

    def __init__(self) -> None:
        self._tidy = {"stdout": Tidy(), "stderr": Tidy()}
        self._last = ""
        self._reporting = False
        self._left = SHOWN
        self.written_at = time.monotonic()  # when something was last shown

    def write(self, stream: str, text: str) -> None:
        self._put(stream, self._tidy[stream].feed(text))

    def idle(self) -> None:
        """Nothing came for a moment: show an unfinished line soon, a progress line after a while."""
        quiet = time.monotonic() - self.written_at
        for stream, tidy in self._tidy.items():
            if quiet >= (_QUESTION_AFTER if tidy.unfinished() else _PASSING_AFTER):
                self._put(stream, tidy.passing())

    def end(self) -> None:
        for stream, tidy in self._tidy.items():
            self._put(stream, tidy.end())

    def _put(self, stream: str, text: str) -> None:
        if stream == "stdout":
            self._write(stream, text)
            return
        plain: list[tuple[bool, str]] = []
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            # BuildKit's steps have empty lines between them.
            self._reporting = reports(line) or (self._reporting and not line.strip())
            plain.append((self._reporting, line))
        for is_report, lines in itertools.groupby(plain, key=lambda each: each[0]):
            self._write("stdout" if is_report else "stderr", "".join(line for _, line in lines))

    def _write(self, stream: str, text: str) -> None:
        if not text or self._left <= 0:
            return
        if self._last and self._last != stream:
            # Two streams of a kernel are sent on separately: what was written first must leave first.
            _file(self._last).flush()
        if len(text) > self._left:
            text = text[: self._left] + f"\n[only the first {SHOWN // 1024} KiB are shown]\n"
        self._left -= len(text)
        _file(stream).write(text)
        _file(stream).flush()
        self._last = stream
        self.written_at = time.monotonic()


def _file(stream: str) -> TextIO:
    return sys.stdout if stream == "stdout" else sys.stderr
