"""The cheat sheet: every command of the course, what it does, and one line in which a lesson really runs it.

The rows are those of the lessons' own tables ("The commands of this lesson"); the examples are taken from the cells
that were run. What lessons run and no table explains is listed too, so that nothing goes missing in silence.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labsupport.lessons.source import ROOT, Notebook, find, headings, read, tags

FILE = "notebooks/cheat-sheet.md"
TABLE = "The commands of this lesson"
GROUPS = {"builder", "buildx", "container", "context", "image", "manifest", "network", "system", "volume"}
SUBSTITUTION = re.compile(r"[$]\(([^()]*)\)")
HELD = "\x1f"  # stands around the number of a substitution while its line is taken apart
ASIDE = ("clean-up-", "what-you-need-")  # sections that tidy up: no examples for a sheet
SINGLE = (  # the client's commands without a group
    "attach build commit cp create diff events exec export history images import info inspect kill load login logout "
    "logs pause port ps pull push rename restart rm rmi run save search start stats stop tag top unpause update "
    "version wait"
)
CODE = re.compile(r"`([^`]+)`")
PLACEHOLDER = re.compile(r"[A-Z]{2,}|'")
NOISE = ("--label", "-l")  # each example would carry the course's own label
LONGEST = 90  # characters of an example: a cheat sheet is for the eye


@dataclass(frozen=True)
class Command:
    """One `docker ...` as typed: its words up to the end of the command (`|`, `;`, `>` ...)."""

    words: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """`run`, `container prune`: what tells commands apart."""
        plain = [word for word in self.words[1:] if not word.startswith("-")]
        return " ".join(plain[: 2 if plain and plain[0] in GROUPS else 1])

    @property
    def is_known(self) -> bool:
        """Whether it is one of the client's commands; a script may also have the word docker in a sentence."""
        return self.name.split()[0] in GROUPS | set(SINGLE.split())

    def does(self, other: Command) -> bool:
        """Whether this one has the other's name, its options, and its words but for placeholders such as IMAGE."""
        fixed = {word for word in other.words if not word.startswith("-") and not PLACEHOLDER.search(word)}
        return self.name == other.name and other.options <= self.options and fixed <= set(self.words)

    @property
    def options(self) -> set[str]:
        """Its options, one by one: `-it` is `-i` and `-t`."""
        return {option for word in self.words if word.startswith("-") for option in _letters(word)}


@dataclass(frozen=True)
class Row:
    """A line of a lesson's table: its commands as written, and what they do."""

    commands: str
    meaning: str

    @property
    def named(self) -> list[Command]:
        """The docker commands it names; after the first, `docker` may be left out (`docker pause`, `unpause`)."""
        found: list[Command] = []
        for code in CODE.findall(self.commands):
            if not code.startswith("docker ") and not found:
                continue
            group = found[0].words[1] if found and found[0].words[1] in GROUPS else ""
            text = code if code.startswith("docker ") else " ".join(filter(None, ("docker", group, code)))
            if code.startswith("-"):
                text = f"{' '.join(found[0].words[: 1 + len(found[0].name.split())])} {code}"
            found += commands_of(text)
        return found


def sheet(root: Path = ROOT) -> str:
    """The cheat sheet as Markdown."""
    parts = [
        "# Cheat sheet\n\nEvery command of the course. Each example is a line that its lesson runs, without the labels "
        "with which the course marks what is its own; `$NAME` stands for something of yours. "
        "(Written by `python3 -m labsupport build`.)"
    ]
    explained: set[str] = set()
    for lesson in find(root=root):
        notebook = read(lesson)
        rows = list(table(notebook))
        if not rows:
            continue
        parts.append(f"## {_title(notebook)}\n\n[Lesson {lesson.number}]({lesson.learner.name})")
        run = list(shown(notebook))
        lines = ["| command | what it does | as the lesson runs it |", "|---|---|---|"]
        lines += [f"| {row.commands} | {row.meaning} | {_cell(example(row, run))} |" for row in rows]
        parts.append("\n".join(lines))
        explained |= {command.name for row in rows for command in row.named}
        if others := sorted({command.name for command in run if command.is_known} - explained):
            parts.append("Also used there: " + ", ".join(f"`docker {name}`" for name in others) + ".")
    return "\n\n".join(parts) + "\n"


def table(notebook: Notebook) -> Iterator[Row]:
    """The rows of a lesson's command table."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and any(title == TABLE for _, title in headings(cell.source)):
            for line in cell.source.splitlines():
                columns = [part.strip() for part in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
                if len(columns) == 2 and columns[0].startswith("`"):
                    yield Row(*columns)


def shown(notebook: Notebook) -> Iterator[Command]:
    """Every docker command in the cells a learner is shown; those of exercises would give the solution away."""
    for cell in notebook.cells:
        first = cell.source.partition("\n")[0]
        aside = cell.id.partition("-")[2].startswith(ASIDE) or "exercise" in tags(cell)
        if cell.cell_type == "code" and first.startswith(("%%shell", "%%session")) and not aside:
            yield from commands_of(cell.source.partition("\n")[2])


def commands_of(script: str) -> Iterator[Command]:
    """The docker commands of a shell script, also those in `$( )` and behind `&&`."""
    for line in script.replace("\\\n", " ").splitlines():
        inner: list[str] = []
        while found := SUBSTITUTION.search(line):
            inner.append(found[0])
            line = f"{line[: found.start()]}{HELD}{len(inner) - 1}{HELD}{line[found.end() :]}"
            yield from _in(found[1], inner)
        yield from _in(line, inner)


def example(row: Row, run: Iterable[Command]) -> str:
    """The plainest command of those run that is the row's first one; the next one's where that is never run."""
    run = list(run)
    for wanted in row.named:
        fitting = [command for command in run if command.does(wanted) and len(command.text) <= LONGEST]
        if fitting:
            return min(fitting, key=lambda command: (len(command.options - wanted.options), len(command.text))).text
    return ""


def _in(text: str, inner: list[str]) -> Iterator[Command]:
    lexer = shlex.shlex(text, posix=False, punctuation_chars="|&;()<>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    to_xargs = False
    try:
        for token in lexer:
            if set(token) <= set("|&;()<>"):
                yield from _command(words, inner)
                words = []
            elif words or (token == "docker" and not to_xargs):
                words.append(token)
            to_xargs = token == "xargs" or (to_xargs and token.startswith("-"))  # its arguments cannot be seen
    except ValueError:  # a quotation that goes on in the next line: the words so far are enough to know the command
        pass
    yield from _command(words, inner)


def _command(words: list[str], inner: list[str]) -> Iterator[Command]:
    kept: list[str] = []
    skip = False
    for word in words:
        if word in NOISE or skip:
            skip = not skip
        elif not word.startswith("--label="):
            kept.append(word)
    if kept[-1:] in (["2"], ["1"]):  # what stood before `>`
        kept.pop()
    if any(not word.startswith("-") for word in kept[1:]):
        yield Command(tuple(kept), _restored(" ".join(kept), inner))


def _restored(text: str, inner: list[str]) -> str:
    """Put substitutions back in, from the outermost to the innermost."""
    for number in reversed(range(len(inner))):
        text = text.replace(f"{HELD}{number}{HELD}", inner[number])
    return text


def _letters(option: str) -> list[str]:
    """`-it` -> `-i`, `-t`; `--format=x` -> `--format`."""
    if option.startswith("--"):
        return [option.partition("=")[0]]
    return [f"-{letter}" for letter in option[1:] if letter.isalpha()]


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _title(notebook: Notebook) -> str:
    return next(title for cell in notebook.cells for level, title in headings(cell.source) if level == 1)
