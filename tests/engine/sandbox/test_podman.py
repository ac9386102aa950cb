"""The sandbox as a container on Podman: it serves, and Podman has afterwards what it had before."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from learners_machine import PORTS_ARE_TAKEN, Computer
from learners_podman import LearnersPodman

from labsupport.errors import NoEngine
from labsupport.sandbox import engine, state

pytestmark = [pytest.mark.engine, pytest.mark.root]

SESSION = """
import json, os, subprocess, time, urllib.request
from pathlib import Path
from labsupport import hub, sandbox

record = {}

def docker(text):
    done = subprocess.run("docker " + text, shell=True, env=sb.environment(), capture_output=True, text=True)
    assert done.returncode == 0, (text, done)
    return done.stdout.strip()

def page(port, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status
        except OSError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)

sb = sandbox.start(lambda line: None)
hub.fill(sb, lambda line: None)
record["driver"] = sb.driver
record["pull"] = "Pull complete" in docker("pull busybox")
record["run"] = docker("run --rm busybox echo hello")
docker("run -d -p 8080:80 web")
record["page"] = page(8080)
work = sandbox.paths.work()
(work / "Dockerfile").write_text("FROM busybox\\nRUN echo built > /it\\nCMD [\\"cat\\", \\"/it\\"]\\n")
docker(f"build -q -t built {work}")
record["build"] = docker(f"run --rm -v {work}:/w built cat /it /w/Dockerfile").splitlines()[:2]
record["limit"] = docker("run -d -m 32m --name limited busybox sleep 100") and docker(
    "inspect -f '{{.HostConfig.Memory}}' limited")
engine_host = sb.directory / "bin/engine-host"
record["engine-host"] = subprocess.run([engine_host, "runc", "--version"], env=sb.environment()).returncode
sandbox.purge()
print(json.dumps(record))
"""


@pytest.fixture
def podman(computer: Computer, programs: engine.Engine, pytestconfig: pytest.Config) -> Iterator[LearnersPodman]:
    try:
        made = LearnersPodman(computer, programs)
    except NoEngine as error:
        if pytestconfig.getoption("--require-engine"):
            raise
        pytest.skip(f"no Podman here: {error}")
    try:
        yield made
    finally:
        made.close()


def test_podman_serves_the_sandbox_and_stays_as_it_was(podman: LearnersPodman) -> None:
    computer = podman.computer
    course = computer.course("podman", LABSUPPORT_DRIVER="container", DOCKER_HOST=podman.host)
    directory = f"{course['LABSUPPORT_HOME']}/cache/sandbox/default"
    podman.furnish(state.Settings("default", directory, "", "container").own_name)
    before = podman.inventory()
    assert not set(computer.python(PORTS_ARE_TAKEN, course))
    record = computer.python(SESSION, course)
    print(json.dumps(record))
    assert record == {
        "driver": "container",
        "pull": True,
        "run": "hello",
        "page": 200,
        "build": ["built", "FROM busybox"],
        "limit": str(32 << 20),
        "engine-host": 0,
    }
    after = podman.inventory()
    assert {kind: (before[kind], after[kind]) for kind in before if after[kind] != before[kind]} == {}
