"""What every lesson keeps to, found by reading its source: one function per rule, each returning what is wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from labsupport.lessons import strip
from labsupport.lessons.source import Notebook, headings, tags

MOST_LINES = 12
OPENERS = ["What you will do", "What you will learn", "What you need"]
LAST = "Clean up"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
VAGUE = {"here", "this", "link", "this link", "click here", "this page", "more", "read more", "page"}
DIGEST = re.compile(r"\b(sha256:)?[0-9a-f]{32,64}\b")
TEMPORARY = re.compile(r"(?<![\w.-])/tmp/")  # and not the end of /home/ada/.../data/tmp/
SHORTEST_ALT = 20
ABSENT = re.compile(r"\bsolutions?\s+(above|below)\b|\b(above|below)\s+solutions?\b", re.IGNORECASE)


def lint(notebook: Notebook, folder: Path) -> list[str]:
    """All complaints about one lesson's source; `folder` is where its relative links start."""
    return [line for rule in RULES for line in rule(notebook, folder)]


def one_title(notebook: Notebook, folder: Path) -> Iterator[str]:
    levels = [level for level, _ in _headings(notebook)]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield "a lesson has one H1, and begins with it"


def heading_order(notebook: Notebook, folder: Path) -> Iterator[str]:
    above = 0
    for level, text in _headings(notebook):
        if level > above + 1:
            yield f"heading {text!r} skips a level"
        above = level


def fixed_openers(notebook: Notebook, folder: Path) -> Iterator[str]:
    second = [text for level, text in _headings(notebook) if level == 2]
    if second[: len(OPENERS)] != OPENERS:
        yield f"the first sections must be {', '.join(OPENERS)}"


def cleans_up(notebook: Notebook, folder: Path) -> Iterator[str]:
    second = [text for level, text in _headings(notebook) if level == 2]
    last = next((place for place, cell in enumerate(notebook.cells) if LAST in _titles(cell)), None)
    code = [cell for cell in notebook.cells[last or 0 :] if cell.cell_type == "code"]
    if second[-1:] != [LAST] or last is None or not code:
        yield f"the last section must be {LAST!r}, with a cell that does so"


def alt_text(notebook: Notebook, folder: Path) -> Iterator[str]:
    for text in _prose(notebook):
        for alt, target in PICTURE.findall(text):
            if len(alt) < SHORTEST_ALT:
                yield f"picture {target}: its alt text must say what it shows"
            if "://" not in target and not (folder / target).is_file():
                yield f"picture {target} is not there"
        if "<img" in text:
            yield "write pictures as ![alt](file), so that their alt text is checked"


def link_texts(notebook: Notebook, folder: Path) -> Iterator[str]:
    for text in _prose(notebook):
        for words, target in LINK.findall(text):
            if words.strip().lower() in VAGUE or words.startswith("http"):
                yield f"link {words!r}: its text must say where it leads"
            local = target.split("#")[0]
            if local and "://" not in target and not (folder / local).exists():
                yield f"link {target}: is not there"


def short_cells(notebook: Notebook, folder: Path) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "code" and len(strip.keep_solution(cell.source).splitlines()) > MOST_LINES:
            yield f"cell {cell.id} has more than {MOST_LINES} lines"


def no_digests(notebook: Notebook, folder: Path) -> Iterator[str]:
    for cell in notebook.cells:
        if DIGEST.search(cell.source):
            yield f"cell {cell.id} names a raw digest: it will not be the same on another machine"


def no_home(notebook: Notebook, folder: Path) -> Iterator[str]:
    """Committed outputs name no folder of the machine that built them (call with an executed notebook)."""
    home = str(Path.home())
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = str(output.get("text", ""))
            if home in text or TEMPORARY.search(text):
                yield f"cell {cell.id} shows a folder of the machine it ran on"


def loads_first(notebook: Notebook, folder: Path) -> Iterator[str]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or not code[0].source.startswith("%load_ext labsupport"):
        yield "the first code cell must be %load_ext labsupport"


def exercises_are_checked(notebook: Notebook, folder: Path) -> Iterator[str]:
    """A solution outside an exercise would be stripped from a demonstration; an exercise needs a check."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for place, cell in enumerate(code):
        if strip.BEGIN in cell.source and not {"exercise", strip.ASK} & set(tags(cell)):
            yield f"cell {cell.id} holds a solution and is tagged neither exercise nor ask"
        following = code[place : place + 4]
        if "exercise" in tags(cell) and not any("check" in tags(later) for later in following):
            yield f"exercise {cell.id} has no check cell near it"


def nothing_given_away(notebook: Notebook, folder: Path) -> Iterator[str]:
    """What stands in a solution's place asks, or names what to fill in; it sets nothing the learner has set above."""
    for cell in notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "code" else ():
            if line.strip().startswith(strip.BEGIN) and not _asks(line.strip()[len(strip.BEGIN) :].strip()):
                yield f"cell {cell.id} gives the learner an answer: {line.strip()}"


def no_absent_solution(notebook: Notebook, folder: Path) -> Iterator[str]:
    """The learner's copy has no solutions, so no text of it speaks of one above or below."""
    for cell in strip.learner_copy(notebook).cells:
        if found := ABSENT.search(cell.source):
            yield f"cell {cell.id} speaks of {found[0]!r}, which the learner's copy does not have"


def _asks(placeholder: str) -> bool:
    """Whether this is a comment, a question such as quiz("01.q1"), or names with empty values (0, "", ..., [])."""
    for node in ast.parse(placeholder).body:
        if isinstance(node, ast.Assign):
            parts = [part for target in node.targets for part in ast.walk(target)]
            filled = [part.value for part in ast.walk(_values(node.value)) if isinstance(part, ast.Constant)]
            if any(isinstance(part, (ast.Subscript, ast.Attribute)) for part in parts):
                return False
            if any(value and value is not ... for value in filled):
                return False
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and len(node.value.args) == 1):
            return False
    return True


def _values(node: ast.expr) -> ast.AST:
    """A dict's values without its keys; any other value as it is."""
    return ast.Tuple(elts=node.values) if isinstance(node, ast.Dict) else node


Rule = Callable[[Notebook, Path], Iterator[str]]
RULES: list[Rule] = [
    one_title, heading_order, fixed_openers, cleans_up, alt_text, link_texts, short_cells, no_digests, loads_first,
    exercises_are_checked, nothing_given_away, no_absent_solution,
]  # fmt: skip


def _prose(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def _headings(notebook: Notebook) -> list[tuple[int, str]]:
    return [pair for text in _prose(notebook) for pair in headings(text)]


def _titles(cell: object) -> list[str]:
    source, kind = getattr(cell, "source", ""), getattr(cell, "cell_type", "")
    return [text for _, text in headings(source)] if kind == "markdown" else []
