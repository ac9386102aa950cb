"""`hub`: what the sandbox's registry holds, as a list and as a file to hand out."""

from __future__ import annotations

from pathlib import Path

import click

from labsupport import hub, sandbox
from labsupport.steps import Reporter


def show() -> None:
    """Print every tag the hub holds with the size of its download. Raises SandboxNotRunning."""
    for stocked in hub.catalog(sandbox.attach()):
        click.echo(f"{stocked.reference:32} {stocked.size / 1e6:8.1f} MB")


def save(file: Path, force: bool) -> None:
    """Write all images of the hub into a file, starting the sandbox if need be. Raises HubError."""
    report = Reporter()
    box = sandbox.start(report)
    hub.fill(box, report)
    hub.save(box, file, report, force=force)


def load(file: Path) -> None:
    """Bring such a file's images into the hub, starting the sandbox if need be. Raises HubError."""
    report = Reporter()
    hub.load(sandbox.start(report), file, report)
