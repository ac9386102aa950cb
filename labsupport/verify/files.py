"""The exercise folders that come along with a notebook: what was edited in them, outside of its cells.

A notebook's cells are run as they are. Of an exercise that does not hold then, the learner's files are laid into its
folder when it begins, and the cells are run once more: those files that differ from the exercise's start and that no
cell has made or changed. What a cell writes, it writes at its time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from labsupport.exercises.untouched import digests

NAME = "exercises"  # the folder of these folders, in the work around a notebook
LARGEST = 20_000_000  # bytes of a file that comes along


def beside(folders: Iterable[Path], given: Path | None) -> Path | None:
    """The folder that holds a learner's exercise folders: the given one (or what is called `exercises` in it), else the
    nearest of that name in the folders around the notebook.
    """
    for folder in (given,) if given else folders:
        if (folder / NAME).is_dir():
            return folder / NAME
    return given


def edited(own: Path, start: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The learner's files that come along: other than at the start, and left alone by the cells.

    own: the learner's folder; start, now: digests of what is there when the exercise begins, and after the cells.
    """
    if not own.is_dir():
        return []
    found = []
    for name, digest in digests(own).items():
        path = own / name
        plain = digest and not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST
        if plain and digest != start.get(name) and now.get(name) == start.get(name):
            found.append(name)
    return sorted(found)


def take(own: Path, names: list[str], into: Path) -> None:
    """Copy these files out of a learner's folder; who may run them stays. Raises OSError."""
    for name in names:
        place = into / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(own / name, place, follow_symlinks=False)


def lay(kept: Path, folder: Path) -> None:
    """Put what was taken into an exercise's folder, if anything was. Raises OSError."""
    if kept.is_dir():
        shutil.copytree(kept, folder, dirs_exist_ok=True)


def missing(exercise: str, where: Path | None) -> str:
    """What is said of an exercise that does not hold and of which no edited file came along."""
    if where is None:
        return (
            f"Files that were edited outside of the cells did not come along: there is no folder {NAME}/{exercise} "
            "near the notebook. Put it beside the notebook, or say where it is with `--files FOLDER`."
        )
    if not (where / exercise).is_dir():
        return f"Files that were edited outside of the cells did not come along: there is no folder {where / exercise}."
    return ""
