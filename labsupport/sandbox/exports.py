"""The sandbox's environment as lines that a shell takes over: what connects a terminal that the course did not open."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping

from labsupport.sandbox import paths
from labsupport.sandbox.session import NOT_INHERITED, Sandbox

# shell -> how it sets a variable (name, value), how it unsets one (name), how it reads these lines (command)
_SHELLS: dict[str, tuple[Callable[[str, str], str], Callable[[str], str], Callable[[str], str]]] = {
    "sh": (
        lambda name, value: f"export {name}={shlex.quote(value)}",
        lambda name: f"unset {name}",
        lambda command: f'eval "$({command})"',
    ),
    "fish": (
        # fish, "Quotes": only these two are special between single quotes. PATH is a list there.
        lambda name, value: f"set -gx {name} " + _fish(value.split(":") if name == "PATH" else [value]),
        lambda name: f"set -e {name}",
        lambda command: f"sh -c {shlex.quote(command)} | source",
    ),
    "powershell": (
        lambda name, value: f"$env:{name} = '" + value.replace("'", "''") + "'",
        lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        lambda command: f"{command} | Out-String | Invoke-Expression",
    ),
}
SHELLS = tuple(_SHELLS)


def lines(sandbox: Sandbox, now: Mapping[str, str], shell: str) -> list[str]:
    """Commands of this shell that turn the environment `now` into the sandbox's.

    What must not be inherited is unset whether it is there or not: a shell may keep variables it does not export.
    """
    put, remove, _ = _SHELLS[shell]
    wanted = sandbox.environment()
    changed = {name: value for name, value in sorted(wanted.items()) if now.get(name) != value or name in NOT_INHERITED}
    # the rest is this process's own affair
    set_ = [put(name, value) for name, value in changed.items() if re.fullmatch(r"[A-Za-z_]\w*", name)]
    return set_ + [remove(name) for name in NOT_INHERITED if name not in wanted]


def command(shell: str = "") -> str:
    """The line that connects a terminal with this shell (the user's own, by default), wherever it is typed."""
    shell = shell or usual()
    if shell == "powershell":
        folder = "'" + str(paths.CHECKOUT).replace("'", "''") + "'"
        read = _SHELLS[shell][2]("python -m labsupport env --shell powershell")
        return f"Push-Location {folder}; {read}; Pop-Location"
    option = "" if shell == "sh" else f" --shell {shell}"
    return _SHELLS[shell][2](f"cd {shlex.quote(str(paths.CHECKOUT))} && python3 -m labsupport env{option}")


def usual() -> str:
    """The kind of shell that this user's terminals run."""
    if os.name == "nt":
        return "powershell"
    return "fish" if os.environ.get("SHELL", "").endswith("/fish") else "sh"


def _fish(words: list[str]) -> str:
    return " ".join("'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'" for word in words)
