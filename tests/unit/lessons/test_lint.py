"""Each rule for lessons finds the mistake it is there for, and nothing in the lessons of the course."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.lessons import Lesson, find
from labsupport.lessons.lint import lint
from labsupport.lessons.source import parse, read

GOOD = """# Why

## What you will do

See the [notes on layers](notes.md).

## What you will learn

![A terminal in which one command runs](one.svg)

## What you need

```python
%load_ext labsupport
```

## Isolation

```python tags=["exercise"]
### BEGIN SOLUTION
x = 1
### END SOLUTION
```

```python tags=["check"]
x
```

## Clean up

```python
x = 0
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.svg").write_text("<svg/>")
    (tmp_path / "notes.md").write_text("# Notes")
    return tmp_path


def test_a_good_lesson_has_no_complaint(folder: Path) -> None:
    assert lint(parse(GOOD, "01"), folder) == []


@pytest.mark.parametrize(("old", "new", "complaint"), [
    ("## Isolation", "# Isolation", "one H1"),
    ("## Isolation", "## Isolation\n\n#### Deep", "skips a level"),
    ("## What you need", "## Needed", "first sections"),
    ("## Clean up", "## Clean up\n\n## After", "last section"),
    ("```python\nx = 0\n```", "", "last section"),
    ("A terminal in which one command runs", "terminal", "alt text"),
    ("](one.svg)", "](two.svg)", "is not there"),
    ("![A terminal in which one command runs](one.svg)", '<img src="one.svg">', "write pictures as"),
    ("notes on layers", "here", "must say where it leads"),
    ("](notes.md)", "](gone.md)", "is not there"),
    ("x = 0", "\n".join(f"x = {n}" for n in range(13)), "more than 12 lines"),
    ("x = 0", f"x = 'sha256:{'0a' * 32}'", "raw digest"),
    ("%load_ext labsupport", "import os", "first code cell"),
    ('tags=["exercise"]', "", "neither exercise nor ask"),
    ('tags=["check"]', "", "no check cell"),
    ("BEGIN SOLUTION", 'BEGIN SOLUTION guesses["term"] = "dead, dead"', "gives the learner an answer"),
    ("BEGIN SOLUTION", "BEGIN SOLUTION x = 1", "gives the learner an answer"),
    ("BEGIN SOLUTION", 'BEGIN SOLUTION quiz("01.q1", "a")', "gives the learner an answer"),
    ("## Clean up", "The solution above has all four.\n\n## Clean up", "does not have"),
])  # fmt: skip
def test_each_mistake_is_found(folder: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    assert any(complaint in line for line in lint(parse(GOOD.replace(old, new), "01"), folder))


@pytest.mark.parametrize("asks", [
    "# write your guesses above", 'quiz("01.q1")', "code, lines = 0, []", 'found = {"memory": ..., "killed": ""}',
])  # fmt: skip
def test_what_may_stand_in_a_solutions_place(folder: Path, asks: str) -> None:
    assert lint(parse(GOOD.replace("BEGIN SOLUTION", f"BEGIN SOLUTION {asks}"), "01"), folder) == []


@pytest.mark.parametrize("lesson", find(), ids=lambda lesson: lesson.name)
def test_the_lessons_of_the_course_keep_to_the_rules(lesson: Lesson) -> None:
    assert lint(read(lesson), lesson.folder) == []
