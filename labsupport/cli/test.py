"""`test`: install what tests need from the system, then run pytest on everything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

from labsupport import environment, furnish
from labsupport.cli.steps import say


@dataclass(frozen=True)
class Tool:
    """A program that some tests need and pip can't bring."""

    program: str
    package: str
    why: str


TOOLS = (Tool("chromium", "chromium", "the browser tests open JupyterLab in a headless Chromium"),)


def run_tests(arguments: list[str], *, install: bool, require_engine: bool) -> int:
    """Run the whole suite, or what the arguments (pytest's own) choose; return pytest's exit status.

    On CI (the variable CI is set) a test skipped for want of an engine is a failure.
    """
    root = environment.checkout()
    if install:
        _install_tools()
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


def _install_tools() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool.program) is None]
    if not missing:
        return
    for tool in missing:
        say(f"{tool.program} is not here: {tool.why}.")
    packages = [tool.package for tool in missing]
    # Ubuntu's chromium package is a stub that wants snapd, which a container or a WSL has not
    debian = sys.platform == "linux" and _distribution() == "debian"
    if not debian:
        say("  Those tests are skipped. To have them: install " + ", ".join(packages))
    elif os.geteuid() != 0:
        say("  Those tests are skipped. To have them: sudo apt-get install " + " ".join(packages))
    else:
        try:
            furnish.apt_install(packages)
        except furnish.EnvironmentFailed as error:
            say(f"{error}\n  Those tests are skipped.")


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""
