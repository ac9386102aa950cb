"""`start` for real: what it starts, what it says, what it leaves behind, and what happens when it is interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from labsupport.environment import checkout

pytestmark = [pytest.mark.engine, pytest.mark.slow]


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


@pytest.fixture
def course(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Course]:
    request.getfixturevalue("sb")  # skips, with the reason, where no engine can run
    made = Course(tmp_path)
    try:
        yield made
    finally:
        for process in made.started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        made.run("stop", "--purge")


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def fetch(url: str) -> int:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_start_serves_a_lesson_and_ctrl_c_ends_all_of_it(course: Course) -> None:
    process = course.start("--port", "9470")
    url = course.url(process)
    assert fetch(url) == 200
    address, token = url.split("/lab")[0], url.split("token=")[1]
    assert fetch(f"{address}/api/status?token={token}") == 200
    assert fetch(f"{address}/api/status") == 403
    assert fetch(f"{address}/api/contents/notebooks/00-start-here.ipynb?content=0&token={token}") == 200
    assert course.status()["sandbox"] == "ready"

    doctor = json.loads(course.run("doctor", "--json").stdout)
    subjects = {finding["subject"] for finding in doctor["findings"]}
    assert doctor["ok"]
    assert {"system", "packages", "disk", "sandbox", "engine", "storage", "cgroups", "architecture"} <= subjects

    second = course.run("start", "--no-browser")
    assert (second.returncode, second.stdout.strip()) == (0, url)

    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.strip().splitlines()[-1] == f"Stopped. Your work is in {course.home}/work"
    assert "Traceback" not in said
    assert wait_for(lambda: not course.processes()), course.processes()
    assert course.status()["sandbox"] == "stopped"
    assert [path.name for path in course.user.iterdir() if path.name != ".cache"] == []


def test_a_port_in_use_is_said_and_the_next_one_taken(course: Course) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = course.start("--port", str(port))
        url = course.url(process)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    found = re.search(r"127\.0\.0\.1:(\d+)", url)
    assert found is not None
    assert int(found.group(1)) > port
    assert f"Port {port} is in use; JupyterLab listens on {found.group(1)}." in said


def test_a_sandbox_that_ran_before_goes_on(course: Course) -> None:
    code = "from labsupport import sandbox; sandbox.start()"
    subprocess.run([sys.executable, "-c", code], cwd=checkout(), env=course.environment, check=True)
    process = course.start("--port", "9480")
    course.url(process)
    process.send_signal(signal.SIGINT)
    assert "the sandbox ran before and goes on" in process.communicate(timeout=60)[1]
    assert course.status()["sandbox"] == "ready"
    assert course.status()["jupyterlab"] == ""


def test_a_killed_start_is_cleaned_up_by_stop(course: Course) -> None:
    process = course.start("--port", "9490")
    course.url(process)
    process.kill()
    process.communicate()
    assert course.status()["jupyterlab"] != ""
    assert course.run("stop").returncode == 0
    assert wait_for(lambda: not course.processes()), course.processes()


@pytest.mark.parametrize("moment", ["Starting the sandbox", "starting the engine", "Filling the hub", "JupyterLab"])
def test_interrupted_at_any_step_then_started_again(course: Course, moment: str) -> None:
    process = course.start("--port", "9500")
    assert process.stderr is not None
    seen = ""
    while moment not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=90)[1]
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert wait_for(lambda: not course.processes()), course.processes()

    again = course.start("--port", "9500")
    assert fetch(course.url(again)) == 200
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)
    assert again.returncode == 130


def test_purge_removes_all_but_the_work(course: Course) -> None:
    process = course.start("--port", "9510")
    course.url(process)
    (course.home / "work" / "mine.txt").write_text("mine")
    answer = course.run("stop", "--purge")
    process.communicate(timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert process.returncode in (0, 130)
    assert not course.processes()
    assert [path.name for path in course.home.iterdir()] == ["work"]
    assert (course.home / "work" / "mine.txt").read_text() == "mine"


def test_a_home_that_cannot_be_written(course: Course) -> None:
    course.environment["LABSUPPORT_HOME"] = "/proc/no"
    answer = course.run("start", "--no-browser")
    assert answer.returncode not in (0, 70), answer.stderr
    assert "/proc/no" in answer.stderr
    assert "LABSUPPORT_HOME" in answer.stderr
    assert "Traceback" not in answer.stderr
