"""The diagrams of the lessons: one function each, named as the file it becomes in `images/`."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from labsupport.figures.lifecycle import plain_map
from labsupport.lessons.boxes import Drawing
from labsupport.lessons.engine_diagrams import ENGINES
from labsupport.lessons.machine_diagrams import MACHINES
from labsupport.lessons.oci_diagrams import OCI
from labsupport.lessons.runtime_diagrams import RUNTIMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme
    from labsupport.transcript import Transcript


def client_and_engine(theme: Theme) -> Figure:
    """Client, engine and registry: who asks whom."""
    draw = Drawing(theme, 84, 31)
    client = draw.box(1, 12, 18, 9, "docker\nthe client")
    draw.box(31, 1, 31, 29, "dockerd, the engine", "frame")
    api = draw.box(33, 12, 9, 9, "API", "plain")
    draw.box(46, 16, 14, 8, "images", "image")
    draw.box(46, 5, 14, 8, "containers", "container")
    registry = draw.box(72, 12, 11, 9, "registry\n(the hub)", "image")
    draw.arrow(client.at("right"), api.at("left"), "request, answer", both=True)
    draw.words(25.5, 13.5, "over\n$DOCKER_HOST", note=True)
    draw.arrow((62, 16.5), registry.at("left"), "pull", both=True)
    draw.words(10, 9.5, "your terminal,\nthis notebook", note=True)
    draw.words(77.5, 9.5, "keeps images\nfor everyone", note=True)
    return draw.figure


def handover(theme: Theme) -> Figure:
    """Before: instructions to servers set up by hand. After: an image to servers with an engine."""
    draw = Drawing(theme, 84, 40)
    for x, title, cause, kind in ((1, "Before", "program +\ninstructions", "text"), (44, "After", "image", "image")):
        draw.words(x + 1.5, 37.5, title, fontsize=14, weight="bold", ha="left")
        developer = draw.box(x, 14, 13, 12, "developer", "frame")
        draw.box(x + 1.2, 15, 10.6, 7, cause, kind, fontsize=10)
        for row, lua in enumerate(("Lua 5.4", "Lua 5.1", "no Lua")):
            y = 26 - row * 12
            draw.box(x + 22, y, 17, 10, f"server {row + 1}", "frame")
            works = row == 0
            if title == "Before":
                outcome = f"{lua}: works" if works else f"{lua}: fails"
                draw.box(x + 23.2, y + 1, 14.6, 5, outcome, "plain" if works else "trouble", fontsize=10)
            else:
                draw.box(x + 23.2, y + 1, 14.6, 5, "engine: works", "container", fontsize=10)
            draw.arrow(developer.at("right"), (x + 22, y + 5))
    return draw.figure


def image_and_containers(theme: Theme) -> Figure:
    """One Dockerfile, one image, three containers with notes of their own."""
    draw = Drawing(theme, 84, 36)
    source = draw.box(1, 12, 19, 12, 'FROM busybox\nRUN echo ...\nCMD ["sleep", ...]', "text", fontsize=9.5, mono=True)
    image = draw.box(32, 12, 15, 12, "image\nnotes", "image")
    draw.words(10.5, 26.5, "instructions", fontsize=12, weight="bold")
    draw.words(39.5, 26.5, "package", fontsize=12, weight="bold")
    draw.words(69, 34.8, "instances", fontsize=12, weight="bold")
    draw.arrow(source.at("right"), image.at("left"), "docker build")
    notes = (("anna", "buy bread\ncall the dentist"), ("ben", "(no note)"), ("cleo", "buy bread"))
    for row, (name, note) in enumerate(notes):
        y = 23.5 - row * 11
        draw.box(57, y, 26, 9.5, "", "container")
        draw.words(62.5, y + 4.8, name)
        draw.box(68, y + 1.4, 14, 6.8, note, "text", fontsize=9)
        draw.arrow(image.at("right"), (57, y + 4.8), "")
    draw.words(51, 27.5, "docker run\n(three times)", note=True)
    draw.words(10.5, 8.6, "as source code", note=True)
    draw.words(39.5, 8.6, "as a class", note=True)
    draw.words(47.5, 2.0, "as objects, each with its own state", note=True)
    return draw.figure


def two_sides(theme: Theme) -> Figure:
    """One process, seen from inside its container and from the machine."""
    draw = Drawing(theme, 84, 34)
    inside = draw.box(1, 10, 26, 23, "inside the container", "frame")
    draw.words(14, 21, "process number 1\nhost name box\n/ holds the image's files", fontsize=10.5)
    outside = draw.box(57, 10, 26, 23, "on the machine", "frame")
    draw.words(70, 21, "another number,\none of many\n/ holds the machine's files", fontsize=10.5)
    process = draw.box(33, 16, 18, 10, "sleep 3600\none process", "container")
    draw.arrow(inside.at("right"), process.at("left"), "sees", above=1.2)
    draw.arrow(outside.at("left"), process.at("right"), "sees", above=1.2)
    kernel = draw.box(1, 1, 82, 6, "one Linux kernel", "plain")
    draw.arrow(process.at("bottom"), kernel.at("top"), "")
    draw.words(48.5, 11.5, "system calls", note=True)
    return draw.figure


def cover_of(greeting: Sequence[Transcript]) -> Draw:
    """The course in one picture: a command as it was recorded, and the sandbox's engine that carries it out."""
    printed = [line for line in greeting[0].output.splitlines() if line.strip()]
    asked = [line for line in printed if line.startswith(("Unable", "latest: Pulling"))]
    hello = next(line for line in printed if line.startswith("Hello"))
    lines = [f"$ {greeting[0].command}", *asked, "", *wrap(hello, 40), "", "$ _"]

    def cover(theme: Theme) -> Figure:
        draw = Drawing(theme, 88, 30)
        draw.box(1, 1, 42, 28, "", "plain")
        for row, line in enumerate(lines):
            draw.words(3, 25.5 - row * 3.1, line, ha="left", mono=True, fontsize=10)
        draw.box(48, 1, 39, 28, "your computer", "frame")
        draw.box(50, 3, 35, 21.5, "the sandbox: an engine of its own", "frame", fontsize=10.5)
        for column, name in enumerate(("hello-world", "web", "lua")):
            draw.box(52 + column * 10.6, 12, 9.8, 7, name, "container", fontsize=9)
        draw.box(52, 5, 31, 5, "hub: the course's images", "image", fontsize=10)
        draw.arrow((43, 14), (50, 14), "")
        return draw.figure

    return cover


DIAGRAMS: dict[str, Draw] = {
    "client-and-engine": client_and_engine,
    "handover": handover,
    "image-and-containers": image_and_containers,
    "lifecycle": plain_map,
    "two-sides": two_sides,
    **ENGINES,
    **MACHINES,
    **OCI,
    **RUNTIMES,
}
