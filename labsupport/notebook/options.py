"""The options of a magic (IPython.core.magic_arguments), and the command behind them left exactly as it was typed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any, TypeVar

from IPython.core import magic as ipython_magic
from IPython.core import magic_arguments

Magic = TypeVar("Magic", bound=Callable[..., Any])

# IPython's decorators have no types, or types that no method fits.
_magic: Any = ipython_magic
_arguments: Any = magic_arguments

_WORD = re.compile(r"\s*(\S+)")
_QUOTED = re.compile(r"""\s*("[^"]*"|'[^']*'|\S+)""")


def magic(name: str, *, cell_only: bool = False) -> Callable[[Magic], Magic]:
    """Decorator, below the options: the method serves `%%name`, and `%name` unless cell_only."""
    decorator: Callable[[Magic], Magic] = (_magic.cell_magic if cell_only else _magic.line_cell_magic)(name)
    return decorator


def described(function: Magic) -> Magic:
    """Decorator, above the options: `%%name?` shows them after the docstring.

    `{...}` and `$...` in the magic's line reach it as they are: they are docker's and the shell's.
    """
    decorated: Magic = _magic.no_var_expand(_arguments.magic_arguments()(function))
    return decorated


def option(name: str, **settings: Any) -> Callable[[Magic], Magic]:
    """Decorator: one option, with the settings of argparse's add_argument."""
    decorator: Callable[[Magic], Magic] = _arguments.argument(name, **settings)
    return decorator


def split(function: Callable[..., Any], line: str) -> tuple[argparse.Namespace, str]:
    """The parsed options at the beginning of `line`, and the rest.

    A plain argparse would take `-a` of `%shell docker ps -a` for its own and lose the quotes.
    Raises UsageError (IPython) for an option the magic does not have.
    """
    parser: argparse.ArgumentParser = function.parser  # type: ignore[attr-defined]
    known = parser._option_string_actions
    taken: list[str] = []
    at = 0
    while word := _WORD.match(line, at):
        option, equals, _ = word[1].partition("=")
        if not option.startswith("-"):
            break
        at = word.end()
        if option == "--":
            break
        taken.append(word[1])
        action = known.get(option)
        if action is not None and action.nargs != 0 and not equals and (value := _QUOTED.match(line, at)):
            taken.append(value[1].strip("\"'") if value[1][0] in "\"'" else value[1])
            at = value.end()
    return parser.parse_args(taken), line[at:].strip()


def names(function: Callable[..., Any]) -> list[str]:
    """The magic's own option names."""
    parser: argparse.ArgumentParser = function.parser  # type: ignore[attr-defined]
    return [name for name in parser._option_string_actions if name.startswith("--") and name != "--help"]
