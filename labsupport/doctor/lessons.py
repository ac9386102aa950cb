"""Which lessons will not work here, and why. A lesson's front matter says what it needs: `needs: [cgroup, root]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from labsupport.doctor.engine import Facts
from labsupport.doctor.finding import Finding, ok, warn


def _no_virtual_machine() -> str:
    from labsupport import vm

    return vm.possible()


# need -> (does this machine have it?, why it does not, what mends it)
Need = tuple[Callable[[Facts], bool], str, str]

NEEDS: dict[str, Need] = {
    "cgroup": (
        lambda facts: bool(facts.info.get("MemoryLimit")) and facts.info.get("CgroupDriver") != "none",
        "the engine can't limit memory here",
        "as root: python3 -m labsupport stop && python3 -m labsupport start",
    ),
    "root": (
        lambda facts: facts.driver == "private",
        "the engine does not run as root of this machine",
        "sudo python3 -m labsupport start",
    ),
    "qemu": (
        lambda facts: not _no_virtual_machine(),
        "no virtual machine can be booted here (that needs Linux on x86-64 and Debian's or Ubuntu's packages); "
        "a recorded run is shown, marked as one",
        "",
    ),
    "linux": (
        lambda facts: facts.driver in ("private", "rootless"),
        "the engine is in a container on yours, so the process numbers it tells are not this computer's",
        "",
    ),
}
# what can be told without an engine
_WITHOUT_ENGINE = {"qemu"}


def needs_of(source: str) -> list[str]:
    """The needs in a lesson source's front matter; [] when it declares none."""
    front = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    line = re.search(r"^\s*needs:\s*\[([^\]]*)\]", front.group(1), re.MULTILINE) if front else None
    return [name.strip().strip("\"'") for name in line.group(1).split(",") if name.strip()] if line else []


def findings(checkout: Path, facts: Facts) -> list[Finding]:
    """One line for all lessons that work, one for each need that is not met."""
    works, limited = [], []
    for source in sorted(checkout.glob("labs/*/lesson.md")):
        name = source.parent.name
        unmet = [need for need in needs_of(source.read_text(encoding="utf-8")) if not _met(need, facts)]
        limited += [_unmet(name, need) for need in unmet]
        works += [] if unmet else [name.split("-")[0]]
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


def _unmet(lesson: str, need: str) -> Finding:
    if need not in NEEDS:
        return warn(f"lesson {lesson}", f"needs {need!r}, which the doctor does not know")
    _, why, mend = NEEDS[need]
    return warn(f"lesson {lesson}", f"parts will not work: {why}", mend)
