"""Write the two notebooks of each lesson, and say where the committed ones differ from their source."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from pathlib import Path

import nbformat

from labsupport.errors import LessonError
from labsupport.lessons import cheatsheet, outputs, strip
from labsupport.lessons.execute import execute as run
from labsupport.lessons.place import anywhere, folder_of, workplace
from labsupport.lessons.source import ROOT, Cell, Lesson, Notebook, find, read, tags

Place = Callable[[], AbstractContextManager[Callable[[], None]]]
Report = Callable[[str], object]
SANITIZE = "tests/nbval-sanitize.cfg"


def build(
    only: str | None = None,
    execute: bool = True,
    report: Report = print,
    *,
    fresh: bool = False,
    root: Path = ROOT,
    place: Place = workplace,
) -> list[Path]:
    """Write both notebooks of every lesson (or those whose name begins with `only`), and the cheat sheet.

    Returns the files that changed.

    execute runs each lesson twice on the sandbox (solved, then as the learner gets it, for what its checks say);
    without it, outputs are taken from the committed notebooks where the cell's source is the same.
    fresh replaces outputs even where only ids, times and sizes moved; place is where kernels find their engine.

    Raises:
        LessonError: a cell failed, or a source is not well formed. That lesson's files are left as they were.
    """
    lessons, rules = find(only, root), outputs.rules_of(root / SANITIZE)
    with place() if execute else nullcontext(_nothing) as begin_anew:
        changed = [path for lesson in lessons for path in _build(lesson, execute, fresh, report, rules, begin_anew)]
    sheet = _write(root / cheatsheet.FILE, cheatsheet.sheet(root))
    return [*changed, *([sheet] if sheet else [])]


def _build(
    lesson: Lesson, execute: bool, fresh: bool, report: Report, rules: outputs.Rules, begin_anew: Callable[[], None]
) -> list[Path]:
    """Make and write one lesson's notebooks; the files that changed."""
    source = read(lesson)
    solution, learner = strip.solution_copy(source), strip.learner_copy(source)
    known = outputs.by_id(None if fresh and execute else load(lesson.solution))
    unsolved, asked = None, load(lesson.learner)
    if execute:
        report(f"{lesson.name}: running the solutions")
        begin_anew()
        solution = anywhere(run(solution, folder_of(lesson.solution)))
        report(f"{lesson.name}: running the learner's copy")
        begin_anew()
        asked = anywhere(run(learner, folder_of(lesson.learner)))
        unsolved = verdicts(asked, {} if fresh else load_verdicts(lesson.unsolved), rules)
    for cell in _code(solution):
        before = known.get(cell.id)
        if execute:
            outputs.settle(cell, before, rules)
        elif before is not None and before.source == cell.source:
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
    _copy_outputs(solution, asked, learner)
    written = [_write(lesson.solution, _text(solution)), _write(lesson.learner, _text(learner))]
    if unsolved is not None:
        written.append(_write(lesson.unsolved, json.dumps(unsolved, indent=1, ensure_ascii=False) + "\n"))
    changed = [path for path in written if path]
    report(f"{lesson.name}: " + (", ".join(str(path.relative_to(path.parents[2])) for path in changed) or "no change"))
    return changed


def _nothing() -> None:
    """In place of begin_anew where nothing runs."""


def check(only: str | None = None, root: Path = ROOT) -> list[str]:
    """What differs between the committed notebooks and what their sources give, one line each; [] when nothing.

    Runs no cell: compares sources, ids and metadata, and that each cell meant to be run was.
    """
    found = []
    for lesson in find(only, root):
        source = read(lesson)
        for path, wanted, learner in (
            (lesson.solution, strip.solution_copy(source), False),
            (lesson.learner, strip.learner_copy(source), True),
        ):
            committed = load(path)
            name = path.relative_to(root)
            if committed is None:
                found.append(f"{name}: is missing")
                continue
            found += [f"{name}: {line}" for line in differences(wanted, committed)]
            found += [f"{name}: {line}" for line in unrun(committed, learner)]
    sheet = root / cheatsheet.FILE
    if only is None and (not sheet.exists() or sheet.read_text(encoding="utf-8") != cheatsheet.sheet(root)):
        found.append(f"{cheatsheet.FILE}: differs from what the lessons run")
    return found


def differences(wanted: Notebook, committed: Notebook) -> list[str]:
    """Where sources, ids, order or metadata of two notebooks differ."""
    lines = []
    if wanted.metadata != committed.metadata:
        lines.append("its metadata is not what the builder writes")
    here, there = outputs.by_id(wanted), outputs.by_id(committed)
    lines += [f"cell {name} is missing" for name in here if name not in there]
    lines += [f"cell {name} is not in the source" for name in there if name not in here]
    if set(here) == set(there) and list(here) != list(there):
        lines.append("its cells are in another order than in the source")
    for name in (name for name in here if name in there):
        for part in ("cell_type", "source", "metadata"):
            if here[name][part] != there[name][part]:
                lines.append(f"cell {name}: its {part} differs from the source")
    return lines


def unrun(committed: Notebook, learner: bool) -> list[str]:
    """Cells that should have been run and were not, or the other way round (nbval passes cells that never ran)."""
    lines = []
    for cell in _code(committed):
        empty = learner and strip.is_unrun(cell)
        if empty and (cell.outputs or cell.execution_count is not None):
            lines.append(f"cell {cell.id}: an exercise must be committed empty")
        if not empty and cell.execution_count is None:
            lines.append(f"cell {cell.id}: was never run")
    return lines


def verdicts(executed: Notebook, old: dict[str, Cell], rules: outputs.Rules) -> dict[str, Cell]:
    """Each check's cell as it answers while its exercise is undone, by id (the learner's copy is tested so)."""
    found = {}
    for cell in _code(executed):
        if "check" in tags(cell):
            outputs.settle(cell, old.get(cell.id), rules)
            found[cell.id] = {"source": cell.source, "outputs": cell.outputs}
    return found


def load_verdicts(path: Path) -> dict[str, Cell]:
    """What `verdicts` found at the last build: id -> {source, outputs}."""
    if not path.exists():
        return {}
    made: dict[str, Cell] = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))  # type: ignore[no-untyped-call]
    return made


def load(path: Path) -> Notebook | None:
    """The notebook in a file, or None where there is none."""
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    except FileNotFoundError:
        return None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise LessonError(f"{path.name} is not a notebook", seen=str(error).splitlines()[0]) from None


def _code(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _copy_outputs(solution: Notebook, asked: Notebook | None, learner: Notebook) -> None:
    """Demonstrations as the solved run printed them, questions as the learner's run did (unanswered)."""
    solved, unsolved = outputs.by_id(solution), outputs.by_id(asked)
    for cell in _code(learner):
        executed = (unsolved if strip.ASK in tags(cell) else solved).get(cell.id)
        if executed is not None and not strip.is_unrun(cell):
            cell.outputs, cell.execution_count = deepcopy(executed.outputs), executed.execution_count


def _text(notebook: Notebook) -> str:
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    return text.rstrip("\n") + "\n"


def _write(path: Path, text: str) -> Path | None:
    """Write and return the path if the content changes; by rename: no half file after an interruption."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    temporary = Path(name)
    temporary.chmod(0o644)
    temporary.replace(path)
    return path
