"""Begin an exercise: a folder in its lesson, with a template that can be proved as it is."""

from __future__ import annotations

import re
from pathlib import Path

from labsupport.errors import LessonError
from labsupport.exercises import catalog, sources

TEMPLATE = Path(__file__).with_name("template")
_ID = "00.0"  # in the template


def make(lesson: Path, slug: str) -> tuple[str, Path]:
    """Put the template behind the lesson's last exercise; the new exercise's id and folder. Raises LessonError."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise LessonError("an exercise's folder is called in small letters and hyphens", seen=repr(slug))
    there = sources.exercises(lesson)
    if same := [each.name for each in there if each.name.partition("-")[2] == slug]:
        raise LessonError(f"{lesson.name} has an exercise of that name", seen=same[0])
    number = sources.number(there[-1])[0] + 1 if there else 1
    width = len(there[0].name.partition("-")[0]) if there else 1
    begins = sorted(catalog.begin(catalog.load(lesson))) or [catalog.prefixes(lesson)[0]]
    name = f"{begins[0]}.{number}"
    folder = lesson / sources.EXERCISES / f"{number:0{width}}-{slug}"
    folder.mkdir(parents=True)
    for path in sorted(TEMPLATE.glob("*.*")):
        (folder / path.name).write_text(path.read_text(encoding="utf-8").replace(_ID, name), encoding="utf-8")
    return name, folder
