"""Small programs that the sandbox puts on PATH: they call a program of the engine, or a module of this package."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

START = "import sys; sys.path.insert(0, {root!r}); from {package} import {module}; sys.exit({module}.main())"


def write(path: Path, words: list[str], *, before: str = "", mode: int = 0o755) -> None:
    """A program that becomes the command of these words, with its own arguments after them.

    before: lines of sh(1) that come first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{before}exec {shlex.join(words)} "$@"\n')
    path.chmod(mode)


def calling(module: str, *words: str, site: bool = True) -> list[str]:
    """The command that calls main() of a module of this package, whatever folder it is called from.

    site=False leaves out all installed packages, for modules that need none: Python starts sooner.
    """
    package, _, name = module.rpartition(".")
    start = START.format(root=str(Path(__file__).resolve().parents[2]), package=package, module=name)
    return [sys.executable, "-I" if site else "-IS", "-c", start, *words]
