"""What to type to install a program on this system: each distribution has its own package manager and names.

Standard library only: it is asked before anything is installed.
"""

from __future__ import annotations

import shutil

# manager -> (the words that install, its names where they differ from Debian's)
MANAGERS: dict[str, tuple[str, dict[str, str]]] = {
    "apt-get": ("apt-get install", {}),
    "dnf": ("dnf install", {"uidmap": "shadow-utils", "procps": "procps-ng"}),
    "pacman": ("pacman -S", {"uidmap": "shadow", "procps": "procps-ng"}),
    "zypper": ("zypper install", {"uidmap": "shadow"}),
    "apk": ("apk add", {"uidmap": "shadow-uidmap"}),
}


def install(*names: str, root: bool = False) -> str:
    """The command that installs these packages (Debian's names), as root or with sudo."""
    wanted = list(dict.fromkeys(names))
    for manager, (words, theirs) in MANAGERS.items():
        if shutil.which(manager):
            return f"{'' if root else 'sudo '}{words} {' '.join(theirs.get(name, name) for name in wanted)}"
    return f"install {' '.join(wanted)} with your system's package manager"
