"""`test`: install what tests need from the system, then run pytest on everything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from labsupport import environment
from labsupport.doctor import programs
from labsupport.steps import say

QUICK = "not engine and not browser and not slow"
# what only one process can do, or a number of processes that was asked for
ALONE = (
    "-n",
    "--numprocesses",
    "--dist",
    "-s",
    "--capture=no",
    "--pdb",
    "--trace",
    "-x",
    "--exitfirst",
    "--collect-only",
)


def run_tests(
    arguments: list[str], *, install: bool, require_engine: bool, quick: bool = False, lesson: str = ""
) -> int:
    """Run the whole suite, or what the arguments (pytest's own) choose; return pytest's exit status.

    quick leaves out all that needs an engine or a browser, lesson all that is not that lesson's. On CI (the variable
    CI is set) a test skipped for want of an engine is a failure.
    """
    root = environment.checkout()
    if install and not quick:
        programs.provide([*programs.LESSONS, *programs.TESTS], say)
    if require_engine or os.environ.get("CI", "").lower() in ("1", "true"):
        arguments = ["--require-engine", *arguments]
    command = [sys.executable, "-m", "pytest", *words(arguments, root, quick=quick, lesson=lesson)]
    say("$ " + " ".join(["python", *command[1:]]))
    process = subprocess.Popen(command, cwd=root)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # pytest got the same Ctrl-C: let it take its sandboxes away
        process.wait()
        raise


def words(arguments: Sequence[str], root: Path, *, quick: bool = False, lesson: str = "") -> list[str]:
    """What pytest is called with: in several processes, unless files or one process are asked for."""
    chosen = ["-m", QUICK] if quick else []
    chosen += [f"--lesson={lesson}"] if lesson else []
    files = [each for each in arguments if not each.startswith("-") and (root / each.partition("::")[0]).exists()]
    if files or any(each.startswith(ALONE) for each in arguments):
        return [*chosen, *arguments]
    return ["-n", str(processes(quick)), *chosen, *arguments]


def processes(quick: bool) -> int:
    """How many at a time. Tests with an engine wait for it half of their time: two for each processor."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if quick else 2 * processors
