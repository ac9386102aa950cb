"""QEMU, its firmware and a Debian kernel: fetched as packages and unpacked, never installed."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labsupport.errors import CourseError
from labsupport.sandbox import packages

# The distribution's package with a kernel that has its serial port built in. Ubuntu's is not tried by our tests;
# a kernel that does not boot gives the recorded run.
KERNELS = {"debian": "linux-image-cloud-amd64", "ubuntu": "linux-image-virtual"}
ROOM = "about 80 MB to fetch, 200 MB unpacked in the course's cache"


class NotHere(CourseError):
    """This computer cannot run the virtual machine; the message says why."""


@dataclass(frozen=True)
class Programs:
    """Where the parts of a virtual machine lie."""

    qemu: Path
    firmware: tuple[Path, ...]
    libraries: tuple[Path, ...]
    kernel: Path

    def environment(self) -> dict[str, str]:
        """The environment in which the unpacked QEMU finds its libraries."""
        folders = [str(folder) for folder in self.libraries]
        return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(folders)}


def why_not() -> str:
    """Why no virtual machine can be booted here; "" when one probably can."""
    if os.environ.get("LABSUPPORT_VM") == "recorded":
        return "LABSUPPORT_VM=recorded asks for it"
    if not sys.platform.startswith("linux"):
        return f"it needs Linux on x86-64, and this is {platform.system()}"
    if platform.machine() not in ("x86_64", "AMD64"):
        return f"it needs an x86-64 processor, and this is {platform.machine()}"
    if not packages.available() or _distribution() not in KERNELS:
        return "QEMU and a kernel are taken from Debian or Ubuntu packages, and this system has none"
    return ""


def find(report: Callable[[str], None]) -> Programs:
    """Fetch what is missing, and say where it is. Raises NotHere."""
    if reason := why_not():
        raise NotHere(reason)
    try:
        # whole: QEMU looks for its modules and firmware beside itself, also where the machine has one of its own
        folder = packages.fetch(["qemu-system-x86", KERNELS[_distribution()]], report, label="vm", whole=True)
    except CourseError as error:
        raise NotHere(f"{error.message} ({error.seen})") from error
    kernels = sorted((folder / "boot").glob("vmlinuz-*"))
    qemu = folder / "usr" / "bin" / "qemu-system-x86_64"
    if not kernels or not qemu.exists():
        raise NotHere("the packages hold no kernel or no QEMU", seen=str(folder))
    libraries = [folder / part / "x86_64-linux-gnu" for part in ("usr/lib", "lib")]
    # beside QEMU's own files, the BIOS lies in a package and a folder of its own
    firmware = [folder / "usr" / "share" / name for name in ("qemu", "seabios")]
    return Programs(qemu, tuple(firmware), tuple(libraries), kernels[-1])


def _distribution() -> str:
    """ID of os-release(5), "" where there is none."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip('"') for line in lines if line.startswith("ID=")), "")
