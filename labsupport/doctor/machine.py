"""The machine and the Python environment, as far as they can be judged without an engine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from labsupport import environment
from labsupport import system as operating_system
from labsupport.doctor import programs
from labsupport.doctor.finding import Finding, fail, ok, warn
from labsupport.errors import CourseError
from labsupport.sandbox import apparmor, choice, engine, known, paths, store

START = "python3 -m labsupport start"
# the engine's programs, the hub and a term's worth of images; Python's packages are judged by the bootstrap
_DISK_WANTED = 4_000_000_000
_DISK_NEEDED = 1_000_000_000


def findings(checkout: Path) -> list[Finding]:
    """System, Python, packages, driver, disk, working copy."""
    return [
        system(sys.platform, platform.machine()),
        ok("Python", f"{platform.python_version()} ({sys.executable})"),
        packages(checkout),
        driver(sys.platform, choice.driver),
        *engines(choice.driver),
        image_store(paths.sandbox(paths.sandbox_name())),
        disk(paths.cache()),
        working_copy(paths.work()),
        programs.finding(),
    ]


def system(name: str, architecture: str) -> Finding:
    """The operating system, with what a learner on it has to know."""
    if name == "linux":
        release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
        seen = f"{release.get('PRETTY_NAME', 'Linux')}, kernel {platform.release()}, {architecture}"
        return ok("system", seen)
    if name == "darwin":
        return ok("system", f"macOS, {architecture}: the engine runs in the virtual machine of your container tool")
    if name == "win32":
        return warn("system", f"Windows, {architecture}: lessons that use a terminal need WSL 2", "wsl --install")
    return warn("system", f"{name}, {architecture}: the course was never tried here")


def packages(checkout: Path) -> Finding:
    """The Python packages: the checkout's own environment, or one that has all of them."""
    missing = environment.missing_here(checkout, environment.COURSE_LOCK)
    if missing:
        return fail("packages", "missing: " + ", ".join(missing), START)
    venv = environment.folder(checkout)
    if Path(sys.prefix) != venv:
        return ok("packages", f"all there, in {sys.prefix}")
    if not environment.is_current(checkout, venv, environment.COURSE_LOCK):
        return warn("packages", f"{venv} is not what requirements.txt asks for", START)
    return ok("packages", f"as locked, in {venv}")


def driver(name: str, choose: Callable[[], str]) -> Finding:
    """How an engine of the learner's own would be run here."""
    try:
        chosen = choose()
    except CourseError as error:
        seen = f"{error.message} ({error.seen})" if error.seen else error.message
        return fail("driver", seen, error.next_command)
    how = {
        "private": "an engine of its own, as root, in its own network",
        "rootless": "an engine of its own, without root",
        "container": "an engine in a container on the engine that runs here",
    }
    return ok("driver", f"{chosen}: {how.get(chosen, 'unknown')}")


def engines(choose: Callable[[], str]) -> list[Finding]:
    """What the engines tried on this machine could not do; and what one of them will miss."""
    found = []
    try:
        chosen = choose()
        failed = known.failures(chosen)
        used = known.chosen(engine.wish(), chosen)
    except CourseError:
        return []  # said as the driver's own finding
    if failed and not used:
        seen = "; ".join(f"{name.split('-')[0]}: {why}" for name, why in failed.items())
        found.append(fail("engine's trial", f"no engine passed here: {seen}", f"python3 -m labsupport stop && {START}"))
    elif failed:
        seen = "; ".join(f"{name.split('-')[0]} was left out: {why}" for name, why in failed.items())
        found.append(ok("engine's trial", f"the engine from {used.split('-')[0]} passed; {seen}"))
    elif used:
        found.append(ok("engine's trial", f"the engine from {used.split('-')[0]} passed"))
    if chosen == "private" and apparmor.parser_missing():
        seen = "the kernel has AppArmor and apparmor_parser is not installed: engine 20.10 runs no container so"
        found.append(warn("AppArmor", seen, operating_system.install("apparmor", root=True)))
    return found


def image_store(directory: Path) -> Finding:
    """Where the sandbox in this folder keeps images, or will; FAIL where LABSUPPORT_STORE asks for the other one."""
    try:
        chosen = store.choose(directory)
    except CourseError as error:
        return fail(
            "image store", f"{error.message} ({error.seen})" if error.seen else error.message, error.next_command
        )
    return ok("image store", f"{chosen}: the {store.NAMES[chosen]}")


def disk(folder: Path) -> Finding:
    """Room for the engine's programs and data."""
    place = _nearest(folder)
    free = shutil.disk_usage(place).free
    seen = f"{free / 1e9:.1f} GB free at {place}"
    if free < _DISK_NEEDED:
        return fail("disk", f"{seen}, {_DISK_NEEDED / 1e9:.0f} GB needed", "python3 -m labsupport stop --purge")
    if free < _DISK_WANTED:
        return warn("disk", f"{seen}: lessons that build large images may fill it", f"df -h {place}")
    return ok("disk", seen)


def working_copy(folder: Path) -> Finding:
    """Whether the learner's notebooks can be written."""
    place = _nearest(folder)
    if not os.access(place, os.W_OK):
        return fail("working copy", f"{folder} can't be written", "export LABSUPPORT_HOME=/a/folder/you/can/write")
    return ok("working copy", str(folder) if folder.exists() else f"{folder} (made at the first start)")


def _nearest(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
