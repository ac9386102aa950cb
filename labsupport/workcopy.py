"""The learner's working copy of the course: JupyterLab opens this, never the committed files.

A manifest keeps the hash of every file as it was handed out. A file that still has it was not touched and is
replaced by a newer version; a file that has not is the learner's, and the newer version is put beside it. A file
the learner deleted is handed out again, which is how a lesson is begun afresh. Nothing is ever deleted here.

Notebooks are handed out without results, which would answer the questions above them. A notebook is the learner's
once a cell's source differs: JupyterLab writes outputs, counts and metadata into one that was only looked at or run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labsupport.errors import CourseError

# the same folders as in the checkout, so that a notebook's relative links work in both
PARTS = ("notebooks/*.ipynb", "notebooks/*.md", "images/*", "labs/*/files/**/*")
NOTEBOOK = ".ipynb"
_CELLS = "cells:"  # before the hash of a notebook's sources; hashes without it are of bytes
_LEAVE = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}
MARK = ".course"  # the folder in a working copy that tells what was handed out
_LEARNERS = ("progress.json", ".progress-seed", "exercises")


class WorkingCopyError(CourseError):
    """The learner's folder can't be read or written."""


@dataclass
class Refreshed:
    """What a refresh did, as paths relative to the working copy."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)  # the learner's file -> the newer version put beside it

    @property
    def written(self) -> list[str]:
        return [*self.added, *self.updated, *self.beside.values()]


def refresh(checkout: Path, work: Path) -> Refreshed:
    """Bring the working copy up to date with the checkout; two at the same time take turns.

    Raises WorkingCopyError when a file can't be read or written (read-only folder, full disk). Every file is then
    either as it was or new, never half written.
    """
    from filelock import FileLock

    done = Refreshed()
    try:
        (work / MARK).mkdir(parents=True, exist_ok=True)
        with FileLock(work / MARK / "lock"):
            manifest = _read_manifest(work)
            before = dict(manifest)
            try:
                for source in files(checkout):
                    _hand_out(source, source.relative_to(checkout).as_posix(), work, manifest, done)
            finally:
                if manifest != before or not (work / MARK / "manifest.json").exists():
                    _write_manifest(work, manifest)
    except OSError as error:
        raise _unwritable(work, error) from error
    return done


def _unwritable(work: Path, error: Exception) -> WorkingCopyError:
    return WorkingCopyError(
        f"The working copy {work} could not be brought up to date.",
        seen=str(error),
        next_command="export LABSUPPORT_HOME=/a/folder/you/can/write && python3 -m labsupport start",
    )


def carry_over(earlier: Path, work: Path) -> list[str]:
    """Copy what a learner has done in an earlier working copy into a new one that has none; return what was copied.

    The earlier one is only read. Raises WorkingCopyError.
    """
    names = [name for name in _LEARNERS if (earlier / name).exists() and not (work / name).exists()]
    if earlier == work or not (earlier / MARK / "manifest.json").exists() or (work / MARK).exists():
        return []
    try:
        work.mkdir(parents=True, exist_ok=True)
        for name in names:
            if (earlier / name).is_dir():
                shutil.copytree(earlier / name, work / name, symlinks=True)
            else:
                _write(work / name, (earlier / name).read_bytes(), 0o644)
    except (OSError, shutil.Error) as error:
        raise _unwritable(work, error) from error
    return names


def files(checkout: Path) -> Iterator[Path]:
    """The checkout's files that belong in a working copy, sorted."""
    for pattern in PARTS:
        for path in sorted(checkout.glob(pattern)):
            if path.is_file() and not _LEAVE.intersection(path.parts):
                yield path


def _hand_out(source: Path, name: str, work: Path, manifest: dict[str, str], done: Refreshed) -> None:
    target = work / name
    original = source.read_bytes()
    content = _without_results(original) if source.suffix == NOTEBOOK else original
    # mkstemp's 0600 would keep a bind-mounted file from a container's user
    mode = 0o755 if os.access(source, os.X_OK) else 0o644
    have = target.read_bytes() if target.exists() else None
    new, given = _hash(name, content), manifest.get(name)
    if have is None:
        _write(target, content, mode)
        done.added.append(name)
    elif _hash(name, have) == new and not _as_an_older_course_gave_it(have, given, new):
        pass  # with what the learner has run in it
    elif given in (_hash(name, have), _sha256(have)):
        _write(target, content, mode)
        done.updated.append(name)
    elif given not in (new, _sha256(original)):
        # the learner's file stays; the newer version gets a name of its own, by the same rules
        newer = str(Path(name).with_suffix(".new" + Path(name).suffix).as_posix())
        _hand_out(source, newer, work, manifest, done)
        done.added = [path for path in done.added if path != newer]
        done.updated = [path for path in done.updated if path != newer]
        done.beside.setdefault(name, newer)
    manifest[name] = new


def _as_an_older_course_gave_it(have: bytes, given: str | None, new: str) -> bool:
    """Whether this is, byte for byte, a notebook that was handed out with its results; they go."""
    return new.startswith(_CELLS) and given == _sha256(have)


def _write(target: Path, content: bytes, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(part).chmod(mode)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _without_results(content: bytes) -> bytes:
    """The notebook as it looks before anything was run; what is no notebook, as it is."""
    notebook = _notebook(content)
    if notebook is None:
        return content
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _hash(name: str, content: bytes) -> str:
    """What tells two versions of a file apart: a notebook's cells that have a source, of other files the bytes."""
    notebook = _notebook(content) if name.endswith(NOTEBOOK) else None
    if notebook is None:
        return _sha256(content)
    # nbformat: a source is a string or a list of strings. JupyterLab adds an empty cell when the last one is run.
    cells = [(cell.get("cell_type"), "".join(cell.get("source", ""))) for cell in notebook["cells"]]
    return _CELLS + _sha256(json.dumps([cell for cell in cells if cell[1].strip()]).encode())


def _notebook(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    cells = found.get("cells") if isinstance(found, dict) else None
    return found if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells) else None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_manifest(work: Path) -> dict[str, str]:
    try:
        manifest = json.loads((work / MARK / "manifest.json").read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        return {}  # unreadable: every file then counts as the learner's, so nothing is replaced
    return manifest if isinstance(manifest, dict) else {}


def _write_manifest(work: Path, manifest: dict[str, str]) -> None:
    part = work / MARK / "manifest.json.part"
    part.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    part.replace(work / MARK / "manifest.json")
