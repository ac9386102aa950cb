"""The same things measured on a virtual machine and on a container, and one figure of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.figures.bars import seconds
from labsupport.figures.panels import Panel, panels
from labsupport.layers.units import size

if TYPE_CHECKING:
    from labsupport.figures.style import Picture
    from labsupport.vm.machine import Machine
    from labsupport.vm.recording import Recorded


@dataclass(frozen=True)
class Measures:
    """start: seconds until the first command was answered; memory and disk: bytes; processes: as it lists them itself.

    note: what belongs to it and is not in these numbers.
    """

    name: str
    kernel: str
    start: float
    memory: int
    disk: int
    processes: int
    note: str = ""


def of_machine(machine: Machine | Recorded) -> Measures:
    """The machine now: the memory is that of its QEMU process on this computer."""
    how = {"kvm": "run with KVM", "tcg": "run in software emulation"}[machine.accelerator]
    name = "virtual machine (recorded)" if machine.recorded else "virtual machine"
    note = f"The virtual machine was {how}."
    return Measures(
        name, machine.kernel, machine.seconds, machine.memory(), sum(machine.disk.values()), machine.processes(), note
    )


def of_container(name: str, start: float) -> Measures:
    """A running container now: the memory is that of its main process, the disk that of its image."""
    from labsupport import sandbox

    sb = sandbox.attach()
    container: Any = sb.client().containers.get(name)

    def inside(*argv: str) -> str:
        output: bytes = container.exec_run(list(argv)).output
        return output.decode(errors="replace")

    memory = 1024 * int(inside("grep", "VmRSS", "/proc/1/status").split()[1])
    note = ""
    if sb.driver in ("private", "rootless") and (shim := _parents_memory(container.attrs["State"]["Pid"])):
        note = f"The engine keeps one more process for the container, its shim: {size(shim)} of memory."
    processes = len(inside("ps").splitlines()) - 1
    disk = sum(int(row["Size"]) for row in container.image.history())  # unpacked, whatever the image store
    return Measures("container", inside("uname", "-r").strip(), start, memory, disk, processes, note)


def _parents_memory(pid: int) -> int:
    """VmRSS of a process's parent in bytes, 0 where it cannot be read."""
    try:
        return _status(_status(pid)["PPid"])["VmRSS"] * 1024
    except (OSError, KeyError, ValueError):
        return 0


def _status(pid: int) -> dict[str, int]:
    """The numbers of proc_pid_status(5)."""
    pairs = (line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {key: value.split() for key, value in pairs}
    return {key: int(value[0]) for key, value in found.items() if value and value[0].isdigit()}


def picture(both: Sequence[Measures]) -> Picture:
    """One figure: start, memory, disk, process list, and the kernel of each."""
    whole: Any = str
    return panels(
        [f"{one.name}\nkernel {one.kernel}" for one in both],
        [
            Panel("until it answers", [one.start for one in both], seconds),
            Panel("memory of its process", [one.memory for one in both], size),
            Panel("files it starts from", [one.disk for one in both], size),
            Panel("processes it lists", [one.processes for one in both], whole),
        ],
        "The same files, with and without a kernel of their own",
        caption=" ".join(one.note for one in both if one.note),
    )
