"""What goes wrong in real rooms: each ends in recovery or in one clear message, and nothing is lost or left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from learners_machine import Computer

from labsupport.sandbox import processes

pytestmark = [pytest.mark.engine, pytest.mark.root]

START = """
import json, os, subprocess, sys, time
from labsupport import hub, sandbox
from labsupport.errors import CourseError
from labsupport.sandbox import paths, state
quiet = lambda line: None
def sh(text):
    done = subprocess.run(text, shell=True, env=sb.environment(), capture_output=True, text=True)
    return [done.returncode, (done.stdout + done.stderr).strip()]
"""


@pytest.fixture
def home(computer: Computer) -> Iterator[dict[str, str]]:
    """The course's environment on a fresh computer; whatever a test leaves running is ended."""
    course = computer.course("home")
    yield course
    computer.python("import json\nfrom labsupport import sandbox\nsandbox.purge()\nprint(json.dumps(0))", course)


def left(home: dict[str, str]) -> set[int]:
    return processes.leftovers(f"{home['LABSUPPORT_HOME']}/cache/sandbox/default")


def test_a_killed_engine_comes_back_with_its_images_and_says_so(computer: Computer, home: dict[str, str]) -> None:
    code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
sh("docker run -d --name sleeper busybox sleep 1000")
engine = int((paths.sockets("default") / "dockerd.pid").read_text())
os.kill(engine, 9)
while sandbox.status().restarts == 0 or sandbox.status().status != "ready":
    time.sleep(0.02)
again = sandbox.attach()
time.sleep(0.3)
count = sh("docker ps -aq --filter name=sleeper | wc -l")
print(json.dumps([sb.notices(), sb.notices(), count, sh("docker start sleeper")]))
"""
    first, second, count, restarted = computer.python(code, home)
    assert "was started again" in first[0] and "SIGKILL" in first[0]
    assert second == []
    assert count == [0, "1"]
    assert restarted == [0, "sleeper"]


def test_a_killed_supervisor_is_replaced(computer: Computer, home: dict[str, str]) -> None:
    code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
sh("docker run -d --name sleeper busybox sleep 1000")
os.kill(sandbox.status().supervisor, 9)
while state.supervised(sb.directory):
    time.sleep(0.01)
before = sandbox.status().status
sb = sandbox.start(quiet)
print(json.dumps([before, sh("docker ps -aq --filter name=sleeper | wc -l"), sh("docker run --rm busybox true")[0]]))
"""
    assert computer.python(code, home) == ["stopped", [0, "1"], 0]


def test_locks_and_sockets_of_a_power_cut_do_not_matter(computer: Computer, home: dict[str, str]) -> None:
    """Everything is killed at once; files say the sandbox is ready, and sockets and process ids lie about."""
    code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
sh("docker pull busybox")
print(json.dumps(sandbox.status().supervisor))
"""
    supervisor = computer.python(code, home)
    for pid in {supervisor, *left(home)}:
        os.kill(pid, signal.SIGKILL)
    folder = Path(home["LABSUPPORT_HOME"]) / "cache/sandbox/default"
    assert json.loads((folder / "state.json").read_text())["status"] == "ready"
    code = f"""{START}
sb = sandbox.start(quiet)
print(json.dumps([sh("docker images -q busybox | wc -l"), sandbox.status().status]))
"""
    assert computer.python(code, home) == [[0, "1"], "ready"]


def test_two_starts_at_once_share_one_engine(computer: Computer, home: dict[str, str]) -> None:
    code = f"""{START}
sb = sandbox.start(quiet)
print(json.dumps([sandbox.status().supervisor, sh("docker info -f {{{{.ID}}}}")]))
"""
    both = [
        subprocess.Popen(
            computer.argv(sys.executable, "-c", code), env=computer.environment(home), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    first, second = (json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in both)
    assert first == second


def test_two_homes_have_two_engines_that_do_not_meet(computer: Computer, home: dict[str, str]) -> None:
    """Two checkouts with homes of their own: different engines, ports and registries at the same time."""
    other = computer.course("other")
    code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
sh("docker pull busybox")
print(json.dumps([sb.registry_url, sh("docker images -q | wc -l"), sh("docker info -f {{{{.ID}}}}")[1]]))
"""
    first = computer.python(code, home)
    try:
        second = computer.python(code, other)
        assert first[1] == second[1] == [0, "1"]
        assert first[0] != second[0], "both registries on one port"
        assert first[2] != second[2]
    finally:
        computer.python("import json\nfrom labsupport import sandbox\nsandbox.purge()\nprint(json.dumps(0))", other)


def test_a_port_in_use_on_the_machine_is_named(computer: Computer, home: dict[str, str]) -> None:
    """The learner's own web server keeps its port; the engine's error says whose it is."""
    argv = computer.argv(sys.executable, "-m", "http.server", "8081", "--bind", "127.0.0.1")
    own = subprocess.Popen(argv, env=computer.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
failed = sh("docker run -d --name one -p 8081:80 web")
sh("docker rm one")
print(json.dumps([failed, sh("docker run -d -p 8082:80 web")[0]]))
"""
        (status, text), other = computer.python(code, home)
        assert status == 125
        assert "port 8081 of this machine's 127.0.0.1 is already in use by another program" in text
        assert other == 0
    finally:
        own.kill()
        own.wait()


def test_a_registry_port_in_use_is_replaced_by_another(computer: Computer, home: dict[str, str]) -> None:
    """macOS keeps 5000 for itself, for one; the engine's own side keeps the number all the same."""
    argv = computer.argv(sys.executable, "-m", "http.server", "5000", "--bind", "127.0.0.1")
    own = subprocess.Popen(argv, env=computer.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        code = f"""{START}
time.sleep(0.5)
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
print(json.dumps([sb.registry_url, sh("docker pull -q 127.0.0.1:5000/library/busybox")]))
"""
        url, pulled = computer.python(code, home)
        assert url.startswith("http://127.0.0.1:") and not url.endswith(":5000")
        assert pulled == [0, "127.0.0.1:5000/library/busybox:latest"]
    finally:
        own.kill()
        own.wait()


def test_a_full_disk_is_named(computer: Computer, home: dict[str, str]) -> None:
    small = computer.folder / "small"
    small.mkdir()
    computer.run("mount", "-t", "tmpfs", "-o", "size=200k,mode=777", "tmpfs", str(small))
    course = {**home, "LABSUPPORT_HOME": str(small)}
    done = computer.python(f"{START}\nsandbox.start(quiet)", course, check=False)
    assert done.returncode != 0
    assert "EngineFailed: the disk that holds the sandbox is full" in done.stderr
    assert "next: free some space, then: python3 -m labsupport start" in done.stderr
    assert not processes.leftovers(f"{small}/cache/sandbox/default")
    computer.run("mount", "-o", "remount,size=1g", str(small))
    code = f"{START}\nsb = sandbox.start(quiet)\nprint(json.dumps(sandbox.status().status))\nsandbox.purge()"
    assert computer.python(code + "\nprint(json.dumps('ready'))", course) == "ready"


def test_a_read_only_home_says_what_to_set(computer: Computer, home: dict[str, str]) -> None:
    code = """
import json
from labsupport import sandbox
from labsupport.errors import CourseError
try:
    sandbox.start(lambda line: None)
except CourseError as error:
    print(json.dumps([error.message, error.seen, error.next_command]))
"""
    sealed = computer.folder / "sealed"
    sealed.mkdir()
    computer.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(sealed))
    env = {
        "HOME": str(sealed),
        "LABSUPPORT_HOME": "",
        "LABSUPPORT_PACKAGES": home["LABSUPPORT_PACKAGES"],
        "XDG_CACHE_HOME": "",
    }
    message, seen, command = computer.python(code, env)
    assert "cannot create the folder" in message
    assert "Read-only file system" in seen
    assert "LABSUPPORT_HOME" in command


def test_without_packages_and_network_one_message(computer: Computer, home: dict[str, str]) -> None:
    """A fresh machine, nothing fetched yet, no network."""
    code = f"""{START}
try:
    sandbox.start(quiet)
except CourseError as error:
    print(json.dumps([type(error).__name__, error.message, error.next_command]))
"""
    kind, message, command = computer.python(code, {**home, "LABSUPPORT_PACKAGES": f"{computer.folder}/none"})
    assert kind == "NoEngine"
    assert "could not fetch the packages" in message
    assert "network" in command


@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.8, 1.2])
def test_an_interrupted_start_is_finished_by_the_next(computer: Computer, home: dict[str, str], seconds: float) -> None:
    """SIGKILL at several moments, which no program can prepare for."""
    process = subprocess.Popen(
        computer.argv(sys.executable, "-c", f"{START}\nsandbox.start(quiet)"), env=computer.environment(home)
    )
    time.sleep(seconds)
    process.kill()
    process.wait()
    code = f"""{START}
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
print(json.dumps(sh("docker run --rm busybox echo well")))
"""
    status, text = computer.python(code, home)
    assert status == 0 and "well" in text


def test_the_engines_own_files_are_closed_to_others(computer: Computer, home: dict[str, str]) -> None:
    """Who can reach the socket of a rootful engine is root: nobody else may."""
    computer.python(f"{START}\nsandbox.start(quiet)\nprint(json.dumps(0))", home)
    sock = f"{home['LABSUPPORT_HOME']}/cache/sandbox/default/run/docker.sock"
    done = computer.run("curl", "-s", "--unix-socket", sock, "http://x/_ping", user=True, check=False)
    assert done.returncode != 0 and done.stdout == ""
