"""`layers`: what the images share, and what one image is made of, as text or JSON; `layers check`: limits.

Nothing but click is imported before a command runs: `--help` of any command comes through here.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labsupport.layers.connection import Connection

ARCHIVE = click.option(
    "--archive", type=click.Path(path_type=Path), help="Read a `docker save` archive or OCI layout; - reads a pipe."
)
JSON = click.option("--json", is_flag=True, help="As a JSON document (layers --schema).")


class Layers(click.Command):
    """`layers IMAGE...`, and `layers check`: an image of that name is `check:latest`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["check"]:
            return check.make_context(f"{info_name} check", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=Layers)
@click.argument("images", nargs=-1)
@ARCHIVE
@JSON
@click.option("--files", is_flag=True, help="Also what each layer did to the files, and what is hidden.")
@click.option("--check", is_flag=True, help="Our sums beside the engine's, or the archive's, own.")
@click.option("--tree", is_flag=True, help="Also the files as a tree, with bytes for every folder.")
@click.option("--layer", type=click.IntRange(1), help="The tree as this layer leaves it, 1 at the bottom.")
@click.option("--in", "folder", default="", metavar="FOLDER", help="The tree from this folder on.")
@click.option("--match", default="", metavar="PATTERN", help="Only files like this: *.pyc, etc/*, or a part of a path.")
@click.option("--changes", is_flag=True, help="Only what the layer added, changed or removed.")
@click.option("--sort", type=click.Choice(["size", "name", "files"]), default="size", help="How a folder is sorted.")
@click.option("--depth", type=click.IntRange(0), default=2, help="How many levels are shown (2); 0 shows all.")
@click.option("--schema", is_flag=True, help="Print the schema of the JSON documents, and no image.")
def layers(
    images: tuple[str, ...],
    archive: Path | None,
    schema: bool,
    tree: bool,
    layer: int | None,
    folder: str,
    match: str,
    changes: bool,
    sort: str,
    depth: int,
    **wishes: bool,
) -> None:
    """Show what images share, or the layers of those named.

    `layers check IMAGE...` checks limits, for a build that should fail beyond them.
    """
    if schema:
        from labsupport.layers.document import SCHEMA

        click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)
        return
    from labsupport.layers.command import TreeWish, layers_command

    wish, cache = None, None
    if tree or layer is not None or folder or match or changes:
        wish = TreeWish(layer, folder, match, sort, changes, depth or None)
    if archive is None and (wish is not None or wishes["files"]):
        from labsupport.layers.cache import kept_layers

        cache = kept_layers()
    with _uncollected():
        text = layers_command(_engine(archive), images, archive=archive, tree=wish, cache=cache, **wishes)
    click.echo(text)


@click.command()
@click.argument("images", nargs=-1)
@ARCHIVE
@JSON
@click.option("--max-waste", metavar="AMOUNT", help="Bytes that no container sees: 5MB, or 10% of all.")
@click.option("--max-size", metavar="AMOUNT", help="Bytes of all files of all layers.")
@click.option("--no-secrets", is_flag=True, help="No file or variable whose name is that of a key or password.")
def check(
    images: tuple[str, ...],
    archive: Path | None,
    json: bool,
    max_waste: str | None,
    max_size: str | None,
    no_secrets: bool,
) -> int:
    """Check that images are within limits.

    Exit status: 0 all are, 1 one is not, 2 wrong usage, or an image that could not be read.
    """
    from labsupport.errors import ImageDataError
    from labsupport.layers.cache import kept_layers
    from labsupport.layers.command import check_command
    from labsupport.layers.limits import Amount, Limits
    from labsupport.steps import say

    try:
        waste, size = (None if text is None else Amount.of(text) for text in (max_waste, max_size))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    limits = Limits(waste, size, no_secrets)
    if limits == Limits():
        raise click.UsageError("name a limit: --max-waste, --max-size or --no-secrets")
    try:
        engine = _engine(archive)
        with _uncollected():
            text, holds = check_command(engine, images, limits, archive=archive, json=json, cache=kept_layers())
    except ImageDataError as error:
        say(str(error))
        return 2
    click.echo(text)
    return 0 if holds else 1


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: all that is read is needed until the end, and looking through it again and again
    takes a quarter of the time.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _engine(archive: Path | None) -> Connection | None:
    if archive is not None:
        return None
    from labsupport import sandbox
    from labsupport.layers.connection import connect

    return connect(sandbox.attach().environment())
