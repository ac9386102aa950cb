"""Lesson 04's diagram: an image's layers with containers on them, as an engine's own words had them when recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from labsupport.figures import containers
from labsupport.figures.containers import Box

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme
    from labsupport.transcript import Transcript

BELONGS = "LABEL course.image="  # begins what each of the course's Dockerfiles adds


def layers_of(history: str) -> Iterator[Box]:
    """The layers with bytes in what `docker history` of a course image printed, lowest first, with their image."""
    header, *rows = [line for line in history.splitlines() if line.strip()]
    by, weight, end = (header.index(title) for title in ("CREATED BY", "SIZE", "COMMENT"))
    belongs = ""
    for row in reversed(rows):
        command, bytes_ = row[by:weight].strip(), row[weight:end].strip()
        if command.startswith(BELONGS):
            belongs = command.removeprefix(BELONGS)
        elif bytes_ != "0B":
            yield Box(f"{belongs}: {command}", bytes_)


def own_layers(listed: str) -> Iterator[Box]:
    """The containers of `docker ps -s --format 'table {{.Names}}\\t{{.Size}}'`, by name, with their own bytes."""
    for line in sorted(listed.splitlines()[1:]):
        if line.strip():
            name, own = line.split()[:2]
            yield Box(f"container {name}", own)


def image_layers_of(history: Sequence[Transcript], listed: Sequence[Transcript]) -> Draw:
    """The diagram of the image whose history was recorded, and of the containers that were listed."""
    image = history[0].command.split()[-1]
    layers = list(layers_of(history[0].output))
    own = list(own_layers(next(one.output for one in listed if one.command.startswith("docker ps"))))

    def draw(theme: Theme) -> Figure:
        return containers.draw(theme, image, layers, own, f"{image} and two containers of it")

    return draw
