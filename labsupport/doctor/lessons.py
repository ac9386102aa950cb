"""Which lessons will not work here, and why. A lesson's front matter says what it needs: `needs: [cgroup, root]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from labsupport.doctor.engine import Facts
from labsupport.doctor.finding import Finding, ok, warn


def _no_virtual_machine() -> str:
    from labsupport import vm

    return vm.possible()


# need -> (does this machine have it?, why it does not, what mends it); the reasons are those of the driver that serves
Need = tuple[Callable[[Facts], bool], Callable[[Facts], str], Callable[[Facts], str]]


def _why_no_processes(facts: Facts) -> str:
    if sys.platform == "linux":
        return "the engine is in a container on yours, so the process numbers it tells are not this computer's"
    return "containers run in a virtual machine, so their processes can't be seen from here"


def _more_processes(facts: Facts) -> str:
    if sys.platform != "linux":
        return ""
    return "LABSUPPORT_DRIVER=rootless python3 -m labsupport doctor   (says what an engine of your own lacks here)"


def _more_limits(facts: Facts) -> str:
    if facts.driver != "rootless":
        return ""
    if facts.info.get("CgroupVersion") == "2":
        return "log in as this user (not with su), then: python3 -m labsupport stop && python3 -m labsupport start"
    return "python3 -m labsupport stop && sudo python3 -m labsupport start"


NEEDS: dict[str, Need] = {
    "cgroup": (
        lambda facts: bool(facts.info.get("MemoryLimit")) and facts.info.get("CgroupDriver") != "none",
        lambda facts: (
            f"the engine can't limit memory here ({facts.driver or 'no'} driver, cgroup version "
            f"{facts.info.get('CgroupVersion', '?')})"
        ),
        _more_limits,
    ),
    "root": (
        lambda facts: facts.driver == "private",
        lambda facts: "the engine does not run as root of this machine",
        lambda facts: "python3 -m labsupport stop && sudo python3 -m labsupport start",
    ),
    "qemu": (
        lambda facts: not _no_virtual_machine(),
        lambda facts: (
            f"no virtual machine can be booted here: {_no_virtual_machine()}; a recorded run is shown, marked as one"
        ),
        lambda facts: "",
    ),
    "linux": (lambda facts: facts.driver in ("private", "rootless"), _why_no_processes, _more_processes),
}
# what can be told without an engine
_WITHOUT_ENGINE = {"qemu"}


def needs_of(source: str) -> list[str]:
    """The needs in a lesson source's front matter; [] when it declares none."""
    front = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    line = re.search(r"^\s*needs:\s*\[([^\]]*)\]", front.group(1), re.MULTILINE) if front else None
    return [name.strip().strip("\"'") for name in line.group(1).split(",") if name.strip()] if line else []


def unmet(name: str, source: str, facts: Facts) -> list[Finding]:
    """What a lesson needs and this machine has not: its folder's name, its source's text."""
    return [_unmet(name, need, facts) for need in needs_of(source) if not _met(need, facts)]


def findings(checkout: Path, facts: Facts) -> list[Finding]:
    """One line for all lessons that work, one for each need that is not met."""
    works: list[str] = []
    limited: list[Finding] = []
    for source in sorted(checkout.glob("labs/*/lesson.md")):
        name = source.parent.name
        found = unmet(name, source.read_text(encoding="utf-8"), facts)
        limited += found
        works += [] if found else [name.split("-")[0]]
    if not works:
        return limited
    if not facts.info:
        return [warn("lessons", f"can be judged once the sandbox runs: {', '.join(works)}"), *limited]
    return [ok("lessons", f"work here: {', '.join(works)}"), *limited]


def _met(need: str, facts: Facts) -> bool:
    if need not in NEEDS:
        return False
    if not facts.info and need not in _WITHOUT_ENGINE:
        return True  # unknown until a sandbox runs; the finding on the sandbox says so
    return NEEDS[need][0](facts)


def _unmet(lesson: str, need: str, facts: Facts) -> Finding:
    if need not in NEEDS:
        return warn(f"lesson {lesson}", f"needs {need!r}, which the doctor does not know")
    _, why, mend = NEEDS[need]
    return warn(f"lesson {lesson}", f"parts will not work: {why(facts)}", mend(facts))
