"""The documented command, `python -m pytest --nbval notebooks/solutions/01*.ipynb`, starts in what `start` installs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_it_starts_without_what_only_the_tests_have() -> None:
    """pytest-timeout and pytest-xdist are in the test lock alone, and strict options refuse what nobody knows."""
    notebook = "notebooks/solutions/01-why-containers.ipynb"
    words = ["--nbval", "-p", "nbval.plugin", "--collect-only", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *words, notebook],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{notebook}::Cell 0" in run.stdout
