"""`test`: install what tests need from the system, then run pytest on everything."""

from __future__ import annotations

import os
import subprocess
import sys

from labsupport import environment
from labsupport.doctor import programs
from labsupport.steps import say


def run_tests(arguments: list[str], *, install: bool, require_engine: bool) -> int:
    """Run the whole suite, or what the arguments (pytest's own) choose; return pytest's exit status.

    On CI (the variable CI is set) a test skipped for want of an engine is a failure.
    """
    root = environment.checkout()
    if install:
        programs.provide([*programs.LESSONS, *programs.TESTS], say)
    if require_engine or os.environ.get("CI", "").lower() in ("1", "true"):
        arguments = ["--require-engine", *arguments]
    command = [sys.executable, "-m", "pytest", *arguments]
    say("$ " + " ".join(["python", *command[1:]]))
    process = subprocess.Popen(command, cwd=root)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # pytest got the same Ctrl-C: let it take its sandboxes away
        process.wait()
        raise
