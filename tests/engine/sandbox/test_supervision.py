"""The supervisor: an engine that hangs is replaced, a removed folder ends it, and no session's variables matter."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from learners_machine import Computer

from labsupport.sandbox import processes, state

pytestmark = [pytest.mark.engine, pytest.mark.root]

START = """
import json, os, signal, subprocess, time
from labsupport import hub, sandbox
from labsupport.sandbox import paths
sb = sandbox.start(lambda line: None)
def sh(text):
    done = subprocess.run(text, shell=True, env=sb.environment(), capture_output=True, text=True)
    return [done.returncode, (done.stdout + done.stderr).strip()]
"""


@pytest.fixture
def home(computer: Computer) -> Iterator[dict[str, str]]:
    course = computer.course("home")
    yield course
    computer.python("import json\nfrom labsupport import sandbox\nsandbox.purge()\nprint(json.dumps(0))", course)


def test_the_usual_folders_of_a_user_serve(computer: Computer) -> None:
    """What nearly everybody has: no LABSUPPORT_HOME. The supervisor has no packages to ask where the platform's are."""
    home = computer.folder / "usual"
    home.mkdir()
    course = computer.course("home") | {"LABSUPPORT_HOME": "", "HOME": str(home), "XDG_CACHE_HOME": ""}
    code = START + "print(json.dumps([sb.client().ping(), str(sb.directory)]))\nsandbox.purge()"
    done = computer.run(sys.executable, "-c", code, env=course)
    assert json.loads(done.stdout) == [True, str(home / ".cache/containers-course/sandbox/default")]
    assert not (home / ".cache/containers-course").exists()


def left(cache: Path) -> set[int]:
    folder = str(cache / "sandbox/default")
    return processes.leftovers(folder) | processes.supervisors(folder)


def test_an_engine_that_hangs_is_started_again(computer: Computer, home: dict[str, str]) -> None:
    code = f"""{START}
before = int((paths.sockets("default") / "dockerd.pid").read_text())
os.kill(before, signal.SIGSTOP)
began = time.monotonic()
# the notice is the last that it does
while not (sb.directory / "notices.jsonl").exists() and time.monotonic() - began < 200:
    time.sleep(0.1)
sb = sandbox.attach()
print(json.dumps([sandbox.status().restarts, sh("docker ps -q"), (sb.directory / "notices.jsonl").read_text()]))
"""
    restarts, listed, notices = computer.python(code, home)
    assert restarts == 1
    assert listed == [0, ""]
    assert "did not answer any more" in notices


def test_a_removed_folder_ends_everything(computer: Computer, home: dict[str, str]) -> None:
    """`rm -rf` of the cache while the sandbox runs, with a container in it."""
    cache = Path(home["LABSUPPORT_HOME"]) / "cache"
    code = f"""{START}
hub.fill(sb, lambda line: None)
sh("docker run -d busybox sleep 1000")
print(json.dumps(sh("docker ps -q | wc -l")))
"""
    assert computer.python(code, home) == [0, "1"]
    assert left(cache)
    shutil.rmtree(cache, ignore_errors=True)
    deadline = time.monotonic() + 60
    while (found := left(cache)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not found
    own = state.Settings("default", str(cache / "sandbox/default"), "", "").own_name
    assert not [*Path("/sys/fs/cgroup").glob(own), *Path("/sys/fs/cgroup").glob(f"*/{own}")]


def test_a_start_after_the_folder_was_removed_is_not_fought(computer: Computer, home: dict[str, str]) -> None:
    cache = Path(home["LABSUPPORT_HOME"]) / "cache"
    first = computer.python(f"{START}\nprint(json.dumps(sandbox.status().supervisor))", home)
    shutil.rmtree(cache, ignore_errors=True)
    second, running = computer.python(
        f"{START}\nprint(json.dumps([sandbox.status().supervisor, sh('docker ps')[0]]))", home
    )
    assert running == 0
    deadline = time.monotonic() + 60
    while processes.stat(first) and time.monotonic() < deadline:
        time.sleep(0.05)
    code = f"{START}\nprint(json.dumps([sandbox.status().supervisor, sandbox.status().restarts]))"
    assert computer.python(code, home) == [second, 0], "the old supervisor ended what was the new one's"


def test_the_variables_of_a_session_do_not_matter(computer: Computer, home: dict[str, str]) -> None:
    """Of root's at a console, where pam_systemd made a folder that the engine does not see; and of a service."""
    hostile = {
        "XDG_RUNTIME_DIR": "/run/user/0",
        "NOTIFY_SOCKET": "/run/systemd/notify",
        "LISTEN_FDS": "1",
        "LISTEN_PID": "1",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus",
        "LD_PRELOAD": "",
        "DOCKER_HOST": "tcp://192.0.2.1:2375",
    }
    code = f"""{START}
hub.fill(sb, lambda line: None)
sh("docker run -d --name box busybox sleep 1000")
record = [sh("docker exec box echo well"), sh("engine-host sh -c 'echo $XDG_RUNTIME_DIR'")]
record += [sh("docker cp /etc/hostname box:/x")[0], sh("docker cp box:/x - | wc -c")[0]]
print(json.dumps(record))
"""
    assert computer.python(code, {**home, **hostile}) == [[0, "well"], [0, ""], 0, 0]
