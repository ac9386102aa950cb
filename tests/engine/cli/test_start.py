"""`start` for real: what it starts, what it says, what it leaves behind, and what happens when it is interrupted."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from typed_course import Course, wait_for

from labsupport.environment import checkout

pytestmark = [pytest.mark.engine, pytest.mark.slow]


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
