"""Who may import whom inside labsupport: downwards only, so that a newcomer can read it floor by floor."""

from __future__ import annotations

import ast
from pathlib import Path

import labsupport

PACKAGE = Path(labsupport.__file__).parent
# from the roof to the ground; those in one row do not import each other, but for the pairs below
FLOORS = (
    {"__main__"},
    {"bootstrap"},
    {"cli"},
    {"verify"},
    {"doctor", "notebook", "lessons", "jupyter", "vm"},
    {"exercises", "figures"},
    {"layers", "oci"},
    {"transcript", "gunzip"},
    {"shell"},
    {"hub"},
    {"sandbox"},
    {"environment", "workcopy"},
    {"furnish"},
    {"steps"},
    {"errors", "pace", "system"},
)
SAME_FLOOR = {("doctor", "vm"), ("jupyter", "doctor")}
# the package's own __init__ only passes IPython's call on
FREE = {"__init__", "__pycache__"}


def level(part: str) -> int:
    found = [index for index, floor in enumerate(FLOORS) if part in floor]
    assert found, f"{part} has no floor: put it into FLOORS"
    return found[0]


def imports(path: Path) -> set[str]:
    """The parts of labsupport that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "labsupport":
            names = [f"labsupport.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("labsupport.")}
    return found


def test_every_part_has_a_floor_and_imports_point_down() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part in FREE:
            continue
        for other in imports(path) - {part, "__version__"}:
            upwards = level(other) <= level(part) and (part, other) not in SAME_FLOOR
            if upwards:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_every_floor_is_lived_on() -> None:
    parts = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert set().union(*FLOORS) - parts == set()
