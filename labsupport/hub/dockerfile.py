"""Read the Dockerfiles of the course's own images: the instructions that need no container to run.

The grammar is the Dockerfile reference's: one instruction a line, `#` comments, `\\` at a line's end continues it,
and a JSON array is the exec form. RUN, ADD, multi-stage builds and build arguments are refused by name: the
hub is filled without starting a container, so that nothing of it is left in the learner's engine.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from labsupport.errors import HubError

SUPPORTED = ("FROM", "COPY", "ENV", "LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "USER", "WORKDIR", "STOPSIGNAL")


@dataclass(frozen=True)
class Instruction:
    """One instruction; text is all that follows its name, exec_form the JSON array's items, if it is one."""

    name: str
    text: str
    exec_form: tuple[str, ...] | None = None

    def words(self) -> list[str]:
        """The words of the instruction, quotes taken off as a shell does."""
        return list(self.exec_form) if self.exec_form is not None else shlex.split(self.text)

    def argv(self) -> list[str]:
        """What CMD and ENTRYPOINT store: the exec form as it is, the shell form behind `/bin/sh -c`."""
        return list(self.exec_form) if self.exec_form is not None else ["/bin/sh", "-c", self.text]

    def pairs(self) -> dict[str, str]:
        """The KEY=value pairs of ENV and LABEL."""
        pairs = {}
        for word in self.words():
            key, equals, value = word.partition("=")
            if not equals or not key:
                raise HubError(f"{self.name} {self.text}: expected KEY=value", seen=word)
            pairs[key] = value
        return pairs


def parse(text: str, where: str = "Dockerfile") -> list[Instruction]:
    """Return the instructions of a Dockerfile; raise HubError for one the hub's builder does not carry out."""
    instructions = []
    pending = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        pending += stripped
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        instructions.append(_instruction(pending, f"{where}:{number}"))
        pending = ""
    if pending:
        raise HubError(f"{where}: the last line ends in a backslash", seen=pending)
    if [instruction.name for instruction in instructions].count("FROM") != 1 or instructions[0].name != "FROM":
        raise HubError(f"{where}: expected exactly one FROM, as the first instruction")
    return instructions


def base(instructions: list[Instruction]) -> str:
    """Return what the image is FROM: "scratch" or NAME:TAG."""
    name = instructions[0].text.strip()
    return name if name == "scratch" or ":" in name else f"{name}:latest"


def _instruction(line: str, where: str) -> Instruction:
    name, _, text = line.partition(" ")
    name, text = name.upper(), text.strip()
    if name not in SUPPORTED:
        raise HubError(f"{where}: {name} is not an instruction the hub's builder carries out", seen=" ".join(SUPPORTED))
    if text.startswith("--"):
        raise HubError(f"{where}: {name} takes no options here", seen=text)
    return Instruction(name, text, _exec_form(text) if name in ("COPY", "CMD", "ENTRYPOINT") else None)


def _exec_form(text: str) -> tuple[str, ...] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None
