"""The course's commands as a user types them, in a home of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from labsupport.environment import checkout


class Course:
    """The commands of the course in a home of their own, as a user types them."""

    def __init__(self, home: Path) -> None:
        self.home = home / "h"
        self.user = home / "user"
        self.user.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
            "LABSUPPORT_HOME": str(self.home),
            "LABSUPPORT_NO_VENV": "1",
            "HOME": str(self.user),
        }
        self.environment.pop("DOCKER_HOST", None)
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "labsupport", *words],
            cwd=checkout(), env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def python(self, code: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Python as a notebook's kernel would, in this home."""
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, cwd=checkout(), env=self.environment, capture_output=True, text=True, timeout=240, check=check
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "labsupport", "start", "--no-browser", *words],
            cwd=checkout(), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def url(self, process: subprocess.Popen[str]) -> str:
        """The address a start prints; it only does once JupyterLab answers."""
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("http"):
            pytest.fail(f"no address: {process.communicate(timeout=60)}")
        return line.strip()

    def status(self) -> dict[str, str]:
        answer: dict[str, str] = json.loads(self.run("status", "--json").stdout)
        return answer

    def processes(self) -> list[str]:
        """Command lines of everything that still runs for this home."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.home) in line:
                found.append(line)
        return found


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
