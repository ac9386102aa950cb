"""Tab completion in `%%shell` cells: docker's own answers, and the magics' options.

Docker answers completion requests itself (`docker __complete`, the interface behind its shell completion scripts):
subcommands, options, and the names of containers, images, networks and volumes that are really there (20.10's client:
subcommands only).
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_COMMAND = re.compile(r"(?:^|[|;&(`])\s*(?:%shell\s+|sudo\s+)?docker\s+([^|;&(`]*)$")
_SECONDS = 2.0


def register(shell: Any, environment: Callable[[], Mapping[str, str]], options: Mapping[str, Iterable[str]]) -> None:
    """Hook the completions into IPython; options maps each magic's name to its options."""

    def docker(_shell: Any, event: Any) -> list[str]:
        return docker_completions(event.text_until_cursor, event.symbol, environment())

    shell.set_hook("complete_command", docker, re_key=r".*\bdocker\s")
    for name, names in options.items():
        known = sorted(names)

        def magic_options(_shell: Any, event: Any, known: list[str] = known) -> list[str]:
            return [each for each in known if each.startswith(event.symbol)] if event.symbol.startswith("-") else []

        shell.set_hook("complete_command", magic_options, str_key=name)


def docker_completions(line: str, symbol: str, environment: Mapping[str, str]) -> list[str]:
    """What may stand in place of `symbol`, the end of `line`; [] when docker does not say so in time."""
    found = _COMMAND.search(line)
    if not found:
        return []
    words = found[1].split(" ")
    before, word = [each for each in words[:-1] if each], words[-1]
    if not word.endswith(symbol):
        return []
    # IPython asks about the part behind the last `:` or `=`; docker about the whole word.
    kept = word[: len(word) - len(symbol)]
    offered = _ask(["docker", "__complete", *before, word], environment)
    return [each[len(kept) :] for each in offered if each.startswith(word)]


def _ask(argv: list[str], environment: Mapping[str, str]) -> list[str]:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        # One candidate a line with its description behind a tab; the last line is ":" and a number of flags.
        lines = done.stdout.splitlines()
        return [line.partition("\t")[0] for line in lines if line and not line.startswith((":", "_activeHelp_"))]
    return []
