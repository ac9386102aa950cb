"""`verify`: learners' notebooks run again in a fresh sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labsupport import verify as verifying
from labsupport.cli.start import signals_as_interrupt
from labsupport.steps import Reporter
from labsupport.verify import NotVerifiable, results


def verify(notebooks: Sequence[Path], seed: str, junitxml: Path | None, folder: Path | None) -> int:
    """Print what was found of each notebook; 0 when all hold, 1 when something fails. Raises NotVerifiable."""
    if junitxml and not junitxml.absolute().parent.is_dir():
        raise NotVerifiable(f"there is no folder {junitxml.parent}", next_command=f"mkdir -p {junitxml.parent}")
    if folder and not folder.is_dir():
        raise NotVerifiable(f"there is no folder {folder}", next_command=f"ls {folder.parent}")
    found = []
    with signals_as_interrupt():
        for result in verifying.verify(notebooks, seed, Reporter(), folder):
            found.append(result)
            for line in results.lines(result):
                click.echo(line)
    if junitxml:
        junitxml.write_text(results.junit(found), encoding="utf-8")
    return 0 if all(result.passed for result in found) else 1
