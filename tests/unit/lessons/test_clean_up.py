"""A lesson's clean-up works on another day: after a restart of the kernel and the lesson's first cell."""

from __future__ import annotations

import ast
import builtins
import re

import pytest

from labsupport.lessons import Lesson, find
from labsupport.lessons.source import Cell, read
from labsupport.lessons.strip import learner_copy

GIVEN = {"HOME", "DOCKER_HOST", "LAB"}  # the kernel's, or the terminal's
SET = re.compile(r"^\s*(?:for )?(\w+)(?:=| in )|\bread (\w+)", re.MULTILINE)


def parts(lesson: Lesson) -> tuple[str, list[Cell]]:
    """The first cell of code, and those below the heading of the clean-up."""
    cells = learner_copy(read(lesson)).cells
    begins = max(at for at, cell in enumerate(cells) if cell.source.startswith("## Clean up"))
    code = [cell for cell in cells if cell.cell_type == "code"]
    return code[0].source, [cell for cell in cells[begins:] if cell.cell_type == "code"]


def plain(source: str) -> ast.Module:
    return ast.parse("\n".join(line for line in source.splitlines() if not line.startswith("%")))


def unset(source: str, first: str) -> set[str]:
    """The names that a cell uses and neither it nor the first cell has set."""
    if source.startswith("%%shell"):
        exported = set(re.findall(r'os\.environ\["(\w+)"\] =', first))
        return set(re.findall(r"\$\{?([A-Za-z_]\w*)", source)) - exported - GIVEN - set(sum(SET.findall(source), ()))
    module = plain(source)
    if len(module.body) == 1 and isinstance(module.body[0], ast.If) and "in globals()" in source.splitlines()[0]:
        return set()  # says itself that it is for the kernel that ran the lesson
    names = [node for tree in (module, plain(first)) for node in ast.walk(tree)]
    bound = {node.id for node in names if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    imported = {(each.asname or each.name).split(".")[0] for node in names for each in getattr(node, "names", ())
                if isinstance(each, ast.alias)}  # fmt: skip
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - bound - imported - set(dir(builtins))


@pytest.mark.parametrize("lesson", [pytest.param(each, id=each.name) for each in find()])
def test_the_clean_up_needs_the_first_cell_alone(lesson: Lesson) -> None:
    first, cells = parts(lesson)
    assert cells
    assert {cell.source: names for cell in cells if (names := unset(cell.source, first))} == {}


@pytest.mark.parametrize("source", ["machine.stop()", '%%shell\nrm -rf "$ELSEWHERE"', "for x in pushed:\n    print(x)"])
def test_it_would_notice(source: str) -> None:
    assert unset(source, "import os\nos.environ['HERE'] = 'x'")
