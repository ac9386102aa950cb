"""The whole tree read by ruff and mypy, with the settings of pyproject.toml."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)], ids=["lint", "format", "types"]
)
def test_static_check(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_in_lessons(tmp_path: Path) -> None:
    """What lessons declare, strictly, and the programs of exercises (not what a lesson gives a learner to run).

    Their folders' names are no identifiers, which mypy wants: it reads links.
    """
    found = [path.relative_to(ROOT) for path in (ROOT / "labs").rglob("*.py")]
    found = [path for path in found if path.parts[2] != "files"]
    named = {Path(*(re.sub(r"\W|^(?=\d)", "_", part) for part in path.with_suffix("").parts)): path for path in found}
    for link, path in named.items():
        place = tmp_path / link.with_suffix(".py")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(ROOT / path)
    words = [
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--explicit-package-bases",
        "--cache-dir",
        str(ROOT / ".mypy_cache"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words, *(str(link.with_suffix(".py")) for link in named)],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    said = done.stdout + done.stderr
    for link, path in named.items():
        said = said.replace(str(link.with_suffix(".py")), str(path))
    assert done.returncode == 0, said


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports test files by their names alone: a second one of a name stops the whole run."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
