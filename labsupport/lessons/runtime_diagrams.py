"""The diagram of lesson 09: who runs a container, and who is gone by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsupport.lessons.boxes import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme


def runtimes(theme: Theme) -> Figure:
    """docker, dockerd, containerd, shim, runc, process: who asks whom, and what stays."""
    draw = Drawing(theme, 88, 36)
    client = draw.box(1, 24, 12, 8, "docker", "plain")
    daemon = draw.box(22, 24, 14, 8, "dockerd", "image")
    containerd = draw.box(46, 24, 14, 8, "containerd", "image")
    shim = draw.box(70, 24, 17, 8, "the shim\n(one each)", "text")
    runc = draw.box(46, 8, 14, 8, "runc", "frame")
    draw.words(53, 11, "runs for a moment,\nthen is gone", note=True)
    process = draw.box(70, 6, 17, 9, "the container's\nprocess", "container")
    draw.arrow(client.at("right"), daemon.at("left"), "HTTP")
    draw.arrow(daemon.at("right"), containerd.at("left"), "gRPC")
    draw.arrow(containerd.at("right"), shim.at("left"), "ttRPC")
    draw.arrow((72.5, 24), (59.5, 15.8), "", linestyle="--")
    draw.words(57.5, 20.4, "create, start, delete", note=True)
    draw.arrow(runc.at("right"), process.at("left"), "makes", linestyle="--")
    draw.arrow((82, 24), (82, 15), "")
    draw.words(78.6, 19.5, "parent of", note=True)
    draw.words(29, 21, "API, images, networks,\nvolumes, logs", note=True)
    draw.words(53, 34.2, "lists, tasks, events", note=True)
    draw.words(78.5, 34.2, "streams, exit code", note=True)
    draw.box(1, 1, 86, 4, "one Linux kernel", "plain", fontsize=10)
    return draw.figure


RUNTIMES: dict[str, Draw] = {"runtimes": runtimes}
