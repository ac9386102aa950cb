"""Run lessons' solutions top to bottom in the sandbox that `start` left running, and say what failed.

Runs on the machine that is tried, in the course's environment: .venv/bin/python tests/machines/solutions.py 00 01 ...
Prints lines of JSON on stdout: first what the machine is, then one line for each lesson as soon as it has ended.
All cells are run, after a failed one too: one slow run tells all that it can. A cell fails when it raises, takes longer
than --seconds, or holds a check that does not pass. The executed notebooks are kept in --keep.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from labsupport import sandbox
from labsupport.lessons.place import begin_anew, environment
from labsupport.lessons.source import Cell, Lesson, find, tags

NOT_PASSED = re.compile(r"^(✘ fail|· wait|! trouble)\b.*", re.MULTILINE)
NOT_HERE = re.compile(r"^It can't be done here: ", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def facts(sb: sandbox.Sandbox) -> dict[str, str]:
    """What the course runs on: asked of the system and of the engine, not of settings."""
    info, driver = sb.client().info(), sb.driver
    containerd = "containerd" in str(dict(info.get("DriverStatus") or ()).get("driver-type", ""))
    return {
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "kernel": platform.release(),
        "cgroup": f"v{2 if Path('/sys/fs/cgroup/cgroup.controllers').exists() else 1}",
        "user": "root" if os.geteuid() == 0 else "ordinary user",
        "driver": driver,
        "store": f"{'containerd' if containerd else 'graph driver'}, {info['Driver']}",
        "engine": info["ServerVersion"],
        "python": platform.python_version(),
    }


def run(lesson: Lesson, sb: sandbox.Sandbox, seconds: int, keep: Path) -> dict[str, Any]:
    """A lesson's result: pass or fail, the failing cells, how many exercises said that they can't be done here."""
    begin_anew(sb)
    began = time.monotonic()
    notebook = nbformat.read(lesson.solution, as_version=4)
    numbers = {cell.id: cell.get("execution_count") for cell in notebook.cells}
    client = NotebookClient(
        notebook, timeout=seconds, interrupt_on_timeout=True, allow_errors=True, kernel_name="python3",
        resources={"metadata": {"path": str(lesson.solution.parent)}},
    )  # fmt: skip
    failing = []
    try:
        client.execute(env={**os.environ, **environment(sb)})
    except DeadKernelError as error:
        failing.append({"cell": None, "source": "", "said": str(error)})
    took = time.monotonic() - began
    keep.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, keep / lesson.solution.name)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if said := wrong(cell):
            failing.append({"cell": numbers[cell.id], "source": cell.source.splitlines()[0], "said": said[-1500:]})
    return {
        "lesson": lesson.name,
        "result": "fail" if failing else "pass",
        "failing": failing,
        "not_here": sum(bool(NOT_HERE.search(text(cell))) for cell in code),
        "seconds": round(took),
    }


def wrong(cell: Cell) -> str:
    """What is wrong with an executed cell; "" where nothing is."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and "raises-exception" not in tags(cell):
        return f"{text(cell)[-700:]}\n{errors[0].ename}: {errors[0].evalue}"
    return text(cell) if NOT_PASSED.search(text(cell)) else ""


def text(cell: Cell) -> str:
    """What a cell printed and showed, without colours."""
    parts = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", []))
    return COLOURS.sub("", "\n".join(parts))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("lessons", nargs="*", help="the numbers of lessons; none: only what the machine is")
    asked.add_argument("--seconds", type=int, default=1800, help="the longest a cell may take (default: %(default)s)")
    kept = Path(tempfile.gettempdir()) / f"tried-solutions-{os.geteuid()}"
    asked.add_argument("--keep", type=Path, default=kept, help="default: %(default)s")
    args = asked.parse_args()
    sb = sandbox.attach()
    print(json.dumps(facts(sb)), flush=True)
    for number in args.lessons:
        for lesson in find(number):
            print(json.dumps(run(lesson, sb, args.seconds, args.keep)), flush=True)


if __name__ == "__main__":
    main()
