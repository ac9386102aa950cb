"""Programs of the system that lessons or tests call: which are missing, and how they are got.

A desktop has all of them; a minimal Debian, as in a container or a cloud image, has not.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labsupport import furnish, system
from labsupport.doctor.finding import Finding, ok, warn


@dataclass(frozen=True)
class Program:
    """A program or a shared library (`libNAME.so.N`), Debian's package for it, and what it is needed for."""

    name: str
    package: str
    why: str

    def is_here(self) -> bool:
        if ".so." not in self.name:
            return shutil.which(self.name) is not None
        import ctypes

        try:
            ctypes.CDLL(self.name)
        except OSError:
            return sys.platform != "linux"
        return True


LESSONS = (
    Program("curl", "curl", "lessons ask web servers in containers with it"),
    Program("ps", "procps", "`docker top` asks it for the processes of a container"),
)
TESTS = (
    Program("chromium", "chromium", "the browser tests open JupyterLab in it"),
    Program("libatomic.so.1", "libatomic1", "Playwright, which drives the browser, is linked with it"),
)


def missing(programs: Sequence[Program]) -> list[Program]:
    return [program for program in programs if not program.is_here()]


def command(programs: Sequence[Program]) -> str:
    """What to type to get them."""
    return system.install(*(program.package for program in programs), root=_is_root())


def provide(programs: Sequence[Program], report: Callable[[str], None]) -> list[Program]:
    """Install what is missing on Debian or Ubuntu as root, saying what and why; elsewhere say what to type.

    Returns what is still missing. Lessons that need it fail with the program's name; nothing else does.
    """
    wanted = missing(programs)
    for program in wanted:
        report(f"{program.name} is not here: {program.why}.")
    if wanted and _can_install(wanted):
        try:
            furnish.apt_install([program.package for program in wanted])
        except furnish.EnvironmentFailed as error:
            report(str(error))
        wanted = missing(wanted)
    elif wanted:
        report(f"  To have it: {command(wanted)}")
    return wanted


def finding() -> Finding:
    """Whether lessons find the programs they call."""
    lacking = missing(LESSONS)
    if lacking:
        seen = "; ".join(f"no {program.name}: {program.why}" for program in lacking)
        return warn("programs", seen, command(lacking))
    return ok("programs", ", ".join(program.name for program in LESSONS))


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _can_install(programs: Sequence[Program]) -> bool:
    if sys.platform != "linux" or not _is_root() or not shutil.which("apt-get"):
        return False
    # Ubuntu's chromium package is a stub that wants snapd, which a container or WSL has not
    return _distribution() == "debian" or all(program.name != "chromium" for program in programs)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""
