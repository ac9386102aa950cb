"""`layers`: what the images share, and what one image is made of, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labsupport import sandbox
from labsupport.errors import ImageDataError
from labsupport.layers.books import books
from labsupport.layers.connection import connect
from labsupport.layers.engine import read_store
from labsupport.layers.imagefile import read_path
from labsupport.layers.model import Image, Store
from labsupport.layers.units import plural, size


def layers(names: Sequence[str]) -> None:
    """Print the books of the sandbox's images, or the layers of the images and archives named.

    Raises ImageDataError for a name that is neither an image nor a file, SandboxNotRunning without a sandbox.
    """
    if not names:
        click.echo(account(_sandbox_images()))
    for name in names:
        if Path(name).exists():
            store = read_path(Path(name)).store
            images: Sequence[Image] = store.images
        else:
            store = _sandbox_images()
            image = store.image(name)
            if image is None:
                raise ImageDataError(
                    f"{name} is neither an image in the sandbox nor a file", next_command=f"docker pull {name}"
                )
            images = [image]
        for image in images:
            click.echo(stack(store, image))


def _sandbox_images() -> Store:
    return read_store(connect(sandbox.attach().environment()))


def account(store: Store) -> str:
    """A line per image with what it shares and what it has alone, then the sums."""
    sums = books(store)
    rows = [("IMAGE", "LAYERS", "SIZE", "SHARED", "ITS OWN")]
    for one in sums.accounts:
        count = str(len(one.image.chain))
        rows.append((one.image.name, count, size(one.total), size(one.shared), size(one.unique)))
    stored, apart = size(sums.stored), size(sums.pulled_separately)
    total = f"{plural(len(store.images), 'image')}: {stored} stored, {apart} if each had its own copy"
    return "\n".join([*_columns(rows), total])


def stack(store: Store, image: Image) -> str:
    """A line per layer, the topmost first, as `docker history` has it: size, number of images that use it, command."""
    rows = [("SIZE", "IN", "MADE BY")]
    for layer in reversed(store.path(image)):
        rows.append((size(layer.size), str(len(store.users[layer.chain_id])), layer.command or "?"))
    return "\n".join([f"{image.name}: {plural(len(image.chain), 'layer')}", *_columns(rows)])


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
