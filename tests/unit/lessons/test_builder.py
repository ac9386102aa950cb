"""Building a small lesson of its own in a temporary checkout, on a real kernel and without an engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from labsupport.errors import LessonError
from labsupport.lessons import build, check, find
from labsupport.lessons.outputs import mask, rules_of

LESSON = """# A lesson

```python
import time
print("it took", time.time() % 1000, "s")
```

```python tags=["exercise"]
answer = None
### BEGIN SOLUTION
answer = 3
### END SOLUTION
```

```python tags=["ask"]
### BEGIN SOLUTION print("which?")
print("b")
### END SOLUTION
```

```python tags=["check"]
print("passed" if answer == 3 else "not yet")
```
"""


@contextmanager
def nowhere() -> Iterator[Callable[[], None]]:
    """A place without a sandbox: these lessons need none."""
    yield lambda: None


def quiet(line: str) -> None:
    """A report nobody reads."""


def lay_out(root: Path) -> None:
    (root / "labs/07-topic").mkdir(parents=True)
    (root / "labs/07-topic/lesson.md").write_text(LESSON)
    (root / "tests").mkdir()
    shutil.copy(Path(__file__).parents[2] / "nbval-sanitize.cfg", root / "tests")


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    lay_out(root)
    assert len(build(report=quiet, place=nowhere, root=root)) == 4
    return root


@pytest.fixture
def checkout(first_build: Path, tmp_path: Path) -> Path:
    return shutil.copytree(first_build, tmp_path / "checkout")


def test_seconds_with_twelve_decimals_are_seconds_not_an_id() -> None:
    rules = rules_of(Path(__file__).parents[2] / "nbval-sanitize.cfg")
    assert mask("it took 800.123456789012 s", rules) == mask("it took 2.5 s", rules)


def test_a_second_build_changes_no_file(checkout: Path) -> None:
    assert build(report=quiet, place=nowhere, root=checkout) == []
    assert check(root=checkout) == []
    (lesson,) = find("07", checkout)
    solution, learner = (nbformat.read(path, as_version=4) for path in (lesson.solution, lesson.learner))
    assert [cell.outputs[0].text for cell in solution.cells[3:]] == ["b\n", "passed\n"]
    assert [cell.get("execution_count") for cell in learner.cells] == [None, 1, None, 3, None]
    assert learner.cells[3].outputs[0].text == "which?\n"
    assert learner.cells[1].outputs == solution.cells[1].outputs
    (check_cell,) = json.loads(lesson.unsolved.read_text()).values()
    assert check_cell["outputs"][0]["text"] == "not yet\n"


def test_the_drift_is_named(checkout: Path) -> None:
    (lesson,) = find("07", checkout)
    lesson.source.write_text(LESSON.replace("not yet", "no"))
    lines = check(root=checkout)
    assert len(lines) == 2
    assert all("cell 07-a-lesson-5: its source differs" in line for line in lines)


def test_a_notebook_without_counts_is_drift(checkout: Path) -> None:
    (lesson,) = find("07", checkout)
    stripped = nbformat.read(lesson.solution, as_version=4)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(stripped, lesson.solution)
    assert [line.split(": ")[-1] for line in check(root=checkout)] == ["was never run"] * 4


def test_a_solved_exercise_in_the_learners_copy_is_drift(checkout: Path) -> None:
    (lesson,) = find("07", checkout)
    shutil.copy(lesson.solution, lesson.learner)
    lines = "\n".join(check(root=checkout))
    assert "07-a-lesson-3: an exercise must be committed empty" in lines
    assert "07-a-lesson-3: its source differs" in lines


def test_a_missing_notebook_is_drift(tmp_path: Path) -> None:
    lay_out(tmp_path)
    assert [line.split(": ")[1] for line in check(root=tmp_path)] == [
        *["is missing"] * 2,
        "differs from what the lessons run",
    ]


def test_building_without_running_keeps_outputs(checkout: Path) -> None:
    (lesson,) = find("07", checkout)
    lesson.source.write_text(LESSON + "\nA closing word.\n")
    changed = build(execute=False, report=quiet, place=nowhere, root=checkout)
    assert sorted(changed) == sorted([lesson.learner, lesson.solution])
    assert check(root=checkout) == []


def test_a_failing_cell_leaves_the_notebooks_alone(checkout: Path) -> None:
    (lesson,) = find("07", checkout)
    before = lesson.solution.read_text()
    lesson.source.write_text(LESSON.replace("import time", "import no_such_module"))
    with pytest.raises(LessonError, match="a cell failed") as caught:
        build(report=quiet, place=nowhere, root=checkout)
    assert "no_such_module" in caught.value.seen
    assert lesson.solution.read_text() == before


def test_a_name_that_no_lesson_has_is_an_error(checkout: Path) -> None:
    with pytest.raises(LessonError, match="no lesson is called '12'"):
        build("12", report=quiet, place=nowhere, root=checkout)
