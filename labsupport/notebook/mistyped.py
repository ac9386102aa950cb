"""What is often typed into a cell and means something else there: answered in a sentence, without a traceback."""

from __future__ import annotations

import functools
import inspect
import re
import shutil
from collections.abc import Callable
from typing import Any, TypeVar

from labsupport.errors import CommandError, LessonError
from labsupport.exercises.answers import words

_COMMAND = re.compile(r"\s*[!$#]?\s*([a-z][a-z0-9_.+-]*)(?:\s|$)")
Called = TypeVar("Called", bound=Callable[..., Any])


def called(example: str) -> Callable[[Called], Called]:
    """Decorator: a call with other arguments than the function has is a LessonError that shows how it is called."""

    def decorate(function: Called) -> Called:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            try:
                signature.bind(*given, **named)
            except TypeError as error:
                seen = ", ".join([*map(words, given), *(f"{name}={words(value)}" for name, value in named.items())])
                name = getattr(function, "__name__", "this")
                raise LessonError(f"{name} {error}", seen=f"{name}({seen})", next_command=example) from None
            return function(*given, **named)

        return call  # type: ignore[return-value]

    return decorate


def register(shell: Any) -> None:
    """Have this IPython say what to do about a command of the shell in a Python cell."""

    def handle(
        shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None
    ) -> None:
        typed = error.text or "" if isinstance(error, SyntaxError) else str(getattr(error, "name", "") or "")
        if command := shell_command(typed, only_docker=not isinstance(error, SyntaxError)):
            said = CommandError(
                f"`{command}` is a command for the shell, and this cell is Python",
                seen=" ".join(typed.split())[:80],
                next_command=f"put the line %%shell above it; a single command can also be: %shell {command} ...",
            )
            shell._showtraceback(type(said), said, said._render_traceback_())
        elif isinstance(error, SyntaxError):
            shell.showsyntaxerror()
        else:
            shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)

    shell.set_custom_exc((SyntaxError, NameError), handle)


def shell_command(typed: str, *, only_docker: bool = False) -> str:
    """The program that a line begins with, when it is one that this computer has; else ""."""
    found = _COMMAND.match(typed)
    if not found or (only_docker and found[1] != "docker"):
        return ""
    return found[1] if found[1] == "docker" or shutil.which(found[1]) else ""
