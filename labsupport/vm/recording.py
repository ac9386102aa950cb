"""A run of the virtual machine, kept for computers that cannot have one: the same methods, clearly not live.

`python3 -m labsupport.vm.recording` records it anew: it boots the machine and types the lines that lesson 02 types.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labsupport.vm.machine import Machine

LESSON = Path(__file__).parents[2] / "labs" / "02-containers-and-vms" / "lesson.md"
KEPT = LESSON.with_name("files") / "recorded.json"
CELL = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Recorded:
    """Reads like a `Machine`; runs nothing. where says on what machine it was recorded."""

    recorded = True
    pid = 0

    def __init__(self, kept: dict[str, Any]) -> None:
        self.where: str = kept["where"]
        self.kernel: str = kept["kernel"]
        self.accelerator: str = kept["accelerator"]
        self.seconds: float = kept["seconds"]
        self.cpu_seconds: float = kept["cpu_seconds"]
        self.disk: dict[str, int] = kept["disk"]
        self._kept = kept

    def run(self, line: str, timeout: float = 0) -> str:
        """What this line printed when it was recorded; a sentence for a line that was not."""
        known: str | None = self._kept["lines"].get(line)
        return known if known is not None else "(not in the recorded run)\n"

    def type(self, *lines: str) -> None:
        """Print lines with what they printed when they were recorded."""
        for line in lines:
            print(f"vm# {line}    [recorded]")
            print(self.run(line), end="")

    def as_process(self) -> None:
        print("No virtual machine is running on this computer: this is a recorded run.")

    def memory(self) -> int:
        return int(self._kept["memory"])

    def processes(self) -> int:
        return int(self._kept["processes"])

    def log(self) -> str:
        return str(self._kept["log"])

    def stop(self) -> None:
        """Nothing runs."""


def load(path: Path = KEPT) -> Recorded:
    """The committed run."""
    return Recorded(json.loads(path.read_text(encoding="utf-8")))


def typed(lesson: str) -> list[str]:
    """The lines a lesson's source types into the machine: the texts in its calls of `machine.type` and `.run`."""
    found: list[str] = []
    for cell in CELL.findall(lesson):
        if not re.search(r"\bmachine\.(type|run)\(", cell) or cell.startswith("%"):
            continue
        for node in ast.walk(ast.parse(cell)):
            method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if isinstance(node, ast.Call) and method in ("type", "run"):
                found += [str(word.value) for word in node.args if isinstance(word, ast.Constant)]
    return found


def record(machine: Machine, lesson: str, where: str) -> dict[str, Any]:
    """Type a lesson's lines into a machine; everything a Recorded needs, as plain JSON."""
    return {
        "where": where,
        "kernel": machine.kernel,
        "accelerator": machine.accelerator,
        "seconds": round(machine.seconds, 2),
        "cpu_seconds": round(machine.cpu_seconds, 2),
        "memory": machine.memory(),
        "disk": machine.disk,
        "processes": machine.processes(),
        "lines": {line: machine.run(line) for line in typed(lesson)},
        "log": machine.log(),
    }


def main() -> None:
    """Boot, record, write."""
    import datetime
    import os

    from labsupport.vm.booting import boot
    from labsupport.vm.machine import EMULATION, Machine

    machine = boot()
    if not isinstance(machine, Machine):
        raise SystemExit("no machine could be booted: nothing was recorded")
    day = datetime.date.today()
    busy = " that was busy" if os.getloadavg()[0] > (os.cpu_count() or 1) else ""
    where = (
        f"in {day:%B %Y} on an x86-64 computer{busy}, {EMULATION[machine.accelerator]}; "
        f"the boot took {machine.cpu_seconds:.1f} s of a processor's time"
    )
    kept = record(machine, LESSON.read_text(encoding="utf-8"), where)
    machine.stop()
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
