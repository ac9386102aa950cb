"""AppArmor's rule that a program needs a profile to make user namespaces (Ubuntu 23.10 and later), and ours.

Ubuntu lets /usr/bin/rootlesskit make them, and no copy elsewhere (apparmor_restrict_unprivileged_userns). So where the
rule holds, the installed program is used, or ours with a profile of its own; the rule stays as it is for all others.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

PROC = Path("/proc/sys/kernel")
PROFILES = Path("/etc/apparmor.d")
ENABLED = Path("/sys/module/apparmor/parameters/enabled")
INSTALLED = Path("/usr/bin/rootlesskit")
NAME = "containers-course-rootlesskit"


def restricts() -> bool:
    """Whether a program without a profile gets user namespaces without rights."""
    try:
        return (PROC / "apparmor_restrict_unprivileged_userns").read_text().strip() == "1"
    except OSError:
        return False


def rootlesskit(ours: str) -> str:
    """The rootlesskit to run, given the course's own: the installed one where only that is allowed to."""
    if not restricts() or _has_profile(ours):
        return ours
    return str(INSTALLED) if INSTALLED.exists() else ours


def missing(ours: Path) -> list[tuple[str, str]]:
    """What is missing for user namespaces, and the command that brings it. ours: the path of the course's own program,
    whether it lies there already or not.
    """
    if not restricts() or _has_profile(str(ours)) or INSTALLED.exists():
        return []
    seen = "AppArmor (apparmor_restrict_unprivileged_userns) lets only programs it knows make user namespaces"
    if _has_profile(str(INSTALLED)) and shutil.which("apt-get"):
        return [(seen, "sudo apt-get install rootlesskit")]
    file = shlex.quote(str(PROFILES / NAME))
    return [(seen, f"echo {shlex.quote(profile(ours))} | sudo tee {file} && sudo apparmor_parser -r {file}")]


def profile(program: Path) -> str:
    """The text of a profile, of Ubuntu's own form for such programs, for this one (apparmor.d(5))."""
    quoted = _quoted(str(program))
    return (
        f'abi <abi/4.0>,\ninclude <tunables/global>\n\nprofile {NAME} "{quoted}" flags=(unconfined) {{\n  userns,\n}}'
    )


def parser_missing() -> bool:
    """Whether the kernel has AppArmor and the machine no program to load profiles with: engine 20.10 then refuses to
    run containers as root.
    """
    try:
        enabled = ENABLED.read_text().strip() == "Y"
    except OSError:
        return False
    return enabled and not shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin:/bin")


def _quoted(program: str) -> str:
    return program.replace("\\", "\\\\").replace('"', '\\"')


def _has_profile(program: str) -> bool:
    """Whether a file of profiles names this program. Which are loaded only root may read."""
    for file in sorted(PROFILES.glob("*")) if PROFILES.is_dir() else []:
        try:
            lines = file.read_text(errors="replace").splitlines()
        except OSError:
            continue
        if any(_quoted(program) in line and "{" in line and not line.lstrip().startswith("#") for line in lines):
            return True
    return False
