"""A shell script taken apart into its simple commands (POSIX shell grammar, XCU 2.3, 2.9.1): pure, and cautious.

Only what stands in the script itself: a quoted string is one word, whatever it says, and a here-document's text is
no command. A script that cannot be taken apart yields nothing; the shell will say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_SEPARATORS = frozenset("\n;|&()`")
_BLANKS = frozenset(" \t\r")
_RESERVED = frozenset({"if", "then", "elif", "else", "fi", "do", "done", "while", "until", "!", "{", "}", "time"})
_PREFIXES = frozenset({"sudo", "exec", "command", "env", "nohup", "nice", "timeout", "builtin", "stdbuf"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_PREFIX_ARGUMENT = re.compile(r"-.*|\d+(?:\.\d+)?[smhd]?")
_HERE = re.compile(r"<<(-?)[ \t]*(\\?['\"]?)([^\s;|&()<>'\"`]+)['\"]?")


@dataclass
class Simple:
    """One simple command: its words without quotes, and its text as it stands in the script."""

    words: list[str] = field(default_factory=list)
    text: str = ""

    def arguments(self) -> list[str]:
        """The words from the command's name on: reserved words, assignments, `sudo`, `timeout 5` ... left out."""
        words = self.words
        while words:
            if words[0] in _RESERVED or _ASSIGNMENT.match(words[0]):
                words = words[1:]
            elif words[0] == "command" and words[1:2] in (["-v"], ["-V"]):
                return words  # only asks where a program is
            elif words[0].rpartition("/")[2] in _PREFIXES:
                words = words[1:]
                while words and (_PREFIX_ARGUMENT.fullmatch(words[0]) or _ASSIGNMENT.match(words[0])):
                    words = words[1:]
            else:
                return words
        return []


def simple_commands(script: str) -> Iterator[Simple]:
    """The simple commands of a script in their order; nothing at all when a quote or here-document stays open."""
    try:
        yield from _Scan(script).commands()
    except ValueError:
        return


class _Scan:
    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._here: list[tuple[str, bool]] = []

    def commands(self) -> list[Simple]:
        found: list[Simple] = []
        simple, start = Simple(), 0
        while self._at < len(self._script):
            character = self._script[self._at]
            if character in _SEPARATORS or self._script.startswith("$(", self._at):
                if simple.words:
                    simple.text = self._script[start : self._at].strip()
                    found.append(simple)
                simple = Simple()
                self._at += 1 if character != "$" else 2
                if character == "\n":
                    self._skip_here_documents()
            elif character in _BLANKS:
                self._at += 1
            elif self._script.startswith("\\\n", self._at):
                self._at += 2
            elif character == "#":
                end = self._script.find("\n", self._at)
                self._at = len(self._script) if end < 0 else end
            elif character in "<>":
                self._redirection()
            else:
                if not simple.words:
                    start = self._at
                word = self._word()
                if not (word.isdigit() and self._script[self._at : self._at + 1] in ("<", ">")):
                    simple.words.append(word)  # not the 2 of 2>&1
        if self._here:
            raise ValueError("a here-document without its end")
        if simple.words:
            simple.text = self._script[start:].strip()
            found.append(simple)
        return found

    def _redirection(self) -> None:
        here = _HERE.match(self._script, self._at)
        if here and not self._script.startswith("<<<", self._at):
            self._here.append((here[3], here[1] == "-"))
            self._at = here.end()
            return
        while self._at < len(self._script) and self._script[self._at] in "<>&|":
            self._at += 1
        while self._at < len(self._script) and self._script[self._at] in _BLANKS:
            self._at += 1
        if self._at < len(self._script) and self._script[self._at] not in _SEPARATORS:
            self._word()  # the file: no argument

    def _skip_here_documents(self) -> None:
        for delimiter, strip_tabs in self._here:
            while True:
                if self._at >= len(self._script):
                    raise ValueError("a here-document without its end")
                line, _, _ = self._script[self._at :].partition("\n")
                self._at += len(line) + 1
                if (line.lstrip("\t") if strip_tabs else line) == delimiter:
                    break
        self._here.clear()

    def _word(self) -> str:
        word = ""
        while self._at < len(self._script):
            character = self._script[self._at]
            if character in _SEPARATORS or character in _BLANKS or character in "<>":
                break
            if self._script.startswith("$(", self._at) and word == "":
                break
            if character == "'":
                end = self._script.index("'", self._at + 1)
                word += self._script[self._at + 1 : end]
                self._at = end + 1
            elif character == '"':
                word += self._double_quoted()
            elif character == "\\":
                if self._script[self._at + 1 : self._at + 2] != "\n":
                    word += self._script[self._at + 1 : self._at + 2]
                self._at += 2
            else:
                word += character
                self._at += 1
        return word

    def _double_quoted(self) -> str:
        text = ""
        self._at += 1
        while self._script[self._at : self._at + 1] != '"':
            if self._at >= len(self._script):
                raise ValueError("a quote without its end")
            if self._script[self._at] == "\\":
                self._at += 1
                text += self._script[self._at : self._at + 1]
            else:
                text += self._script[self._at]
            self._at += 1
        self._at += 1
        return text
