"""`layers`: what the images share, and what one image is made of, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labsupport import sandbox
from labsupport.layers.command import layers_command
from labsupport.layers.connection import connect


def layers(images: Sequence[str], archive: Path | None, files: bool, check: bool) -> None:
    """Print the text for the sandbox's images or an archive's. Raises ImageDataError, SandboxNotRunning."""
    engine = None if archive else connect(sandbox.attach().environment())
    click.echo(layers_command(engine, images, archive=archive, files=files, check=check))
