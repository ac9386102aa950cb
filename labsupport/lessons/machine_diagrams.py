"""The diagrams of lesson 02: a virtual machine beside a container, and what a container's walls are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labsupport.lessons.boxes import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labsupport.figures.style import Draw, Theme


def vm_and_container(theme: Theme) -> Figure:
    """Two stacks on one machine: with and without a kernel of its own."""
    draw = Drawing(theme, 84, 43)
    draw.words(21, 41, "virtual machine", fontsize=13, weight="bold")
    draw.words(63, 41, "container", fontsize=13, weight="bold")
    draw.box(2, 10, 38, 29, "one process of the machine: QEMU", "frame")
    draw.box(5, 30, 32, 6, "application and userland", "container")
    draw.box(5, 22, 32, 6, "a kernel of its own, booted", "trouble")
    draw.box(5, 12, 32, 8, "a simulated computer:\nprocessor, memory, clock", "plain")
    draw.box(44, 10, 38, 29, "processes of the machine, walled", "frame")
    draw.box(47, 30, 32, 6, "application and userland", "container")
    draw.words(54.5, 20, "no kernel here", note=True)
    draw.arrow((63, 30), (63, 8), "")
    draw.words(71, 13, "system calls", note=True)
    draw.arrow((21, 12), (21, 8), "")
    draw.box(2, 1, 80, 7, "the kernel of the machine", "trouble")
    return draw.figure


def isolation(theme: Theme) -> Figure:
    """Four devices around one process, and the kernel below all of them."""
    draw = Drawing(theme, 84, 41)
    parts = (
        (1, 26, "namespaces", "what it sees: processes, files,\nnetwork, host name", "container"),
        (54, 26, "control groups", "how much it may use: memory,\nprocessor time, processes", "image"),
        (1, 10, "capabilities", "which of root's rights it has:\n14 of about 40", "text"),
        (54, 10, "seccomp", "which system calls the kernel\ncarries out for it", "plain"),
    )
    process = draw.box(34, 18, 16, 10, "a process", "container")
    for x, y, name, what, kind in parts:
        draw.box(x, y, 29, 13, "", kind)
        draw.words(x + 14.5, y + 9.6, name, weight="bold")
        draw.words(x + 14.5, y + 4.8, what, fontsize=10)
    for x, y in ((30, 31), (54, 31), (30, 15), (54, 15)):
        draw.arrow((x, y), (34.5 if x < 40 else 49.5, 25.5 if y > 20 else 20.5), "")
    draw.arrow(process.at("bottom"), (42, 8), "")
    draw.box(1, 1, 82, 7, "one kernel, shared by all containers and by the machine", "trouble")
    return draw.figure


MACHINES: dict[str, Draw] = {"vm-and-container": vm_and_container, "isolation": isolation}
