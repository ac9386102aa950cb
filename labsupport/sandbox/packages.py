"""Debian and Ubuntu packages, fetched and unpacked into the cache: nothing is installed on the learner's machine.

apt.py resolves, downloads and verifies (apt-secure(8)); `dpkg -x` unpacks (dpkg(1)). An engine unpacked this way cannot
start by itself, takes no system service, and goes away with the folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from labsupport.errors import CourseError, NoEngine
from labsupport.sandbox import paths
from labsupport.sandbox.apt import Apt, Failed, os_release, run

Report = Callable[[str], None]

STAMP = "packages.json"  # in the folder: what was asked for and how, and the files it was unpacked from
RULES = 2  # one more when other packages are chosen for the same wish: an older course's folder is then made anew
SPARE = 50_000_000  # bytes that stay free for what else is written meanwhile
_FULL = ("No space left on device", "Disk quota exceeded", "isk full", "(28:", "(122:")


class NoRoom(NoEngine):
    """The disk, or what this user may use of it, is too small for what would be fetched."""


def available() -> bool:
    """Whether this machine has apt and dpkg."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


def newer_suites() -> list[str]:
    """Suites of this machine's mirror that may hold a newer engine, newest first."""
    release = os_release()
    if release.get("ID") != "debian":
        return []
    return [suite for suite in ("sid", "trixie") if suite != release.get("VERSION_CODENAME")]


def fetch(
    names: Sequence[str],
    report: Report,
    *,
    optional: Sequence[str] = (),
    label: str = "own",
    suite: str = "",
    whole: bool = False,
    judge: Callable[[str], str] | None = None,
) -> Path:
    """Fetch and unpack packages with what they need, once; return the folder that holds usr/, bin/ ...

    suite "" is the machine's own release, with dependencies that are not installed here (see Apt.choose). Another suite
    ("sid", "trixie") is read from the same mirror, without dependencies: the caller checks that the programs run. judge
    says of the version of the first package why it is not wanted ("" when it is), before anything of it is fetched.
    Raises NoEngine when a package cannot be had or is not wanted, NoRoom before the disk is filled; what was fetched so
    far is removed then.
    """
    from filelock import FileLock

    folder = paths.packages() / label
    wish = {"wanted": sorted({*names, *optional}), "suite": suite, "whole": whole, "rules": RULES}
    if _holds(folder, wish):
        return folder
    lock = FileLock(f"{folder}.lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        held = lock.acquire()
    except OSError as error:
        raise NoEngine(
            f"cannot write to the folder {folder.parent}",
            seen=str(error.strerror),
            next_command="choose a folder you can write to: export LABSUPPORT_HOME=/path/to/folder",
        ) from error
    with held:
        if _holds(folder, wish):
            return folder
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir()
            files = _unpack(partial, names, optional, suite, whole, judge, report)
            (partial / STAMP).write_text(json.dumps({**wish, "files": files}, indent=1))
            shutil.rmtree(folder, ignore_errors=True)
            # a rename is atomic: an interrupted start never leaves half an engine under the final name
            partial.rename(folder)
        except (Failed, OSError) as error:
            if _holds(folder, {"wanted": wish["wanted"]}):
                report(f"{', '.join(names)}: as an older version of the course fetched them ({error})")
                return folder
            raise _told(error, names, folder.parent) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def check_room(folder: Path, needed: int, what: str) -> None:
    """Raise NoRoom where a folder's disk has less than so many bytes free."""
    place = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise NoRoom(
            f"there is too little room for {what}",
            seen=f"{free / 1e6:.0f} MB free at {place}, {needed / 1e6:.0f} MB needed",
            next_command="free some, or choose a folder with more room: export LABSUPPORT_HOME=/path/to/folder",
        )


def _unpack(
    partial: Path,
    names: Sequence[str],
    optional: Sequence[str],
    suite: str,
    whole: bool,
    judge: Callable[[str], str] | None,
    report: Report,
) -> list[str]:
    """Do it; return the names of the packages' files."""
    apt = Apt(partial, suite)
    try:
        chosen = apt.choose(names, optional, whole=whole)
    except Failed:
        if apt.own_lists:
            raise
        apt.own_lists = True  # the machine's are old, or it has none
        chosen = apt.choose(names, optional, whole=whole)
    for package in chosen:
        if package.name == names[0] and judge and (why := judge(package.version)):
            raise NoEngine(f"{package.name} from {suite or 'this release'} is not wanted", seen=why)
    size = sum(package.download for package in chosen)
    check_room(partial, size + sum(package.unpacked for package in chosen) + SPARE, f"the packages {', '.join(names)}")
    report(f"fetching {', '.join(names)} ({max(1, round(size / 1e6))} MB)")
    try:
        files = apt.download(chosen)
    except Failed as failed:
        if apt.own_lists or _is_full(str(failed)):
            raise
        apt.own_lists = True  # the machine's name versions that the mirror no longer has
        files = apt.download(apt.choose(names, optional, whole=whole))
    for file in files:
        run(["dpkg", "-x", str(file), str(partial)], partial)
        file.unlink()
    apt.forget()
    return sorted(file.name for file in files)


def _holds(folder: Path, wish: dict[str, Any]) -> bool:
    """Whether a folder was made for this wish, or for one with more names in it."""
    try:
        made = json.loads((folder / STAMP).read_text())
        same = all(made.get(key) == value for key, value in wish.items() if key != "wanted")
        return same and set(wish["wanted"]) <= set(made["wanted"])
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def _is_full(text: str) -> bool:
    return any(word in text for word in _FULL)


def _told(error: Exception, names: Sequence[str], folder: Path) -> CourseError:
    if _is_full(str(error)):
        return NoRoom(
            f"the disk is full, or your share of it: the packages {', '.join(names)} did not fit",
            seen=f"{error}; {shutil.disk_usage(folder).free / 1e6:.0f} MB free at {folder} (df and quota say more)",
            next_command="free some, or choose a folder with more room: export LABSUPPORT_HOME=/path/to/folder",
        )
    return NoEngine(
        f"could not fetch the packages {', '.join(names)}",
        seen=str(error),
        next_command="check the network, then: python3 -m labsupport start",
    )
