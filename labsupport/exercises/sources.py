"""A lesson's Python files: which there are, when they changed, and how they are loaded (see `catalog`)."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from labsupport.errors import LessonError

PACKAGE = "course_labs_"  # how the names of lessons' modules begin
EXERCISES, EXERCISE, QUESTIONS, SHARED = "exercises", "exercise.py", "questions.py", "shared.py"


def lessons(root: Path) -> list[Path]:
    """The folders of labs/ that declare something, in the order of their names."""
    return sorted({path.parent for name in (QUESTIONS, EXERCISES) for path in root.glob(f"*/{name}")})


def exercises(lesson: Path) -> list[Path]:
    """The folders of a lesson's exercises, in the order of their numbers."""
    return sorted((path.parent for path in lesson.glob(f"{EXERCISES}/*/{EXERCISE}")), key=number)


def number(exercise: Path) -> tuple[int, str]:
    """A folder's number and its name: (2, "2-slug"). One without a number comes last."""
    found = re.match(r"\d+", exercise.name)
    return int(found[0]) if found else sys.maxsize, exercise.name


def written(lesson: Path) -> list[Path]:
    """Every Python file that declares or helps to."""
    ones = [lesson / QUESTIONS, lesson / SHARED]
    return [*(path for path in ones if path.is_file()), *(place / EXERCISE for place in exercises(lesson))]


def stamp(lesson: Path) -> object:
    """Another value when one of the lesson's files was changed, added or taken away."""
    paths = [*written(lesson), *lesson.glob(f"{EXERCISES}/*/hints.md")]
    return [(path, path.stat().st_mtime_ns) for path in sorted(paths)]


def load(lesson: Path) -> dict[Path, ModuleType]:
    """The lesson's modules by path, read anew. Raises LessonError that names the file that does not load."""
    root = lesson.parent
    package = f"{PACKAGE}{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"
    if package not in sys.modules:
        sys.modules[package] = ModuleType(package, "The folder of lessons, as a package.")
        sys.modules[package].__path__ = [str(root)]
    own = f"{package}.{lesson.name}"
    for name in [name for name in sys.modules if name == own or name.startswith(f"{own}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    found = {}
    for path in written(lesson):
        # folders' names are no identifiers; only an import statement minds
        name = ".".join((package, *path.relative_to(root).with_suffix("").parts))
        try:
            found[path] = importlib.import_module(name)
        except Exception as error:  # whatever a lesson's author got wrong, say where
            raise LessonError(
                f"{_at_fault(error, lesson) or path} does not load", seen=f"{type(error).__name__}: {error}"
            ) from error
    return found


def _at_fault(error: Exception, lesson: Path) -> str:
    """The file of the lesson in which it happened: that may be one that another one imports."""
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        names.append(error.filename)
    return next((name for name in reversed(names) if Path(name).is_relative_to(lesson)), "")
