"""`build`: the notebooks from their sources."""

from __future__ import annotations

import click

from labsupport.steps import Reporter


def build(lesson: str | None, *, execute: bool, check: bool) -> int:
    """Write the notebooks of all lessons or of one; with check, only say where they differ (exit status 1)."""
    from labsupport import lessons

    if check:
        differences = lessons.check(lesson)
        for line in differences:
            click.echo(line)
        return 1 if differences else 0
    for path in lessons.build(lesson, execute, Reporter()):
        click.echo(path)
    return 0
