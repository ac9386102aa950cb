"""Each driver, for real: the same behaviour towards the learner, and a learner's machine that stays as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from learners_machine import PORTS_ARE_TAKEN, Computer, LearnersEngine

from labsupport.sandbox import paths

pytestmark = [pytest.mark.engine, pytest.mark.root]

# What every driver must do; the last line printed is the record. Harm is done on purpose.
SESSION = """
import json, os, subprocess, sys, time, urllib.request
from pathlib import Path
from labsupport import hub, sandbox
from labsupport.sandbox import store

record = {}
started = time.monotonic()
def step(name):
    print(f'{time.monotonic() - started:6.1f} s  {name}', file=sys.stderr)

def docker(text, fails=False):
    step(text)
    done = subprocess.run("docker " + text, shell=True, env=sb.environment(), capture_output=True, text=True)
    assert fails or done.returncode == 0, (text, done)
    return done.stdout.strip()

def page(port=8080, seconds=0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status
        except OSError:
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)

sb = sandbox.start(lambda line: None)
hub.fill(sb, lambda line: None)
record["driver"], record["version"] = sb.driver, sb.engine_version
record["store"] = store.of(sb.client().info())
record["images at first"] = docker("images -q")
record["hello"] = "Pulling from library/hello-world" in docker("run hello-world 2>&1")
docker("run -d --name page -p 8080:80 web")
record["page"] = page(seconds=10)
docker("stop -t 1 page")
record["page of a stopped container"] = page()
docker("start page")
record["page again"] = page(seconds=10)
docker("run -d --name local -p 127.0.0.1:8081:80 web")
record["page on 127.0.0.1 alone"] = page(8081, seconds=0 if sb.driver == "container" else 10)
docker("rm -f local")
record["and gone"] = page(8081)
record["login"] = docker("login -u learner -p containers 127.0.0.1:5001 2>/dev/null")
docker("tag hello-world 127.0.0.1:5001/mine/hello")
record["push"] = "digest: sha256:" in docker("push 127.0.0.1:5001/mine/hello")
work = sandbox.paths.work()
docker(f"run --rm -v {work}:/w busybox touch /w/made-in-a-container")
record["work"] = (work / "made-in-a-container").exists()
outside = Path(os.environ["OUTSIDE"])
docker(f"run --rm -v {outside}:/o busybox sh -c 'touch /o/harm; rm -f /o/precious'", fails=True)
record["outside"] = sorted(path.name for path in outside.iterdir())
# busybox's test -w says yes to root: written as it is, or set to the mode it has
harm = ["f=/host/proc/sys/kernel/core_pattern; now=$(cat $f) && echo $now > $f", "chmod 755 /host/sys/kernel"]
harm += ["f=/host/proc/irq/default_smp_affinity; now=$(cat $f) && echo $now > $f", "echo h > /host/proc/sysrq-trigger"]
lines = "; ".join(f"({line}) 2>/dev/null && echo done" for line in harm)
record["harm to kernel settings"] = docker(f"run --rm -v /:/host busybox sh -c '{lines}'", fails=True)
docker("rm -f $(docker ps -aq)")
docker("rmi -f $(docker images -q)")
record["images at last"] = docker("images -q")
record["sdk"] = subprocess.run(["python3", "-c", "0"]).returncode == 0 and sb.client().ping()
docker("pull -q busybox")
step("reset")
sandbox.reset(lambda line: None)
record["images after reset"] = docker("images -q")
record["hello after reset"] = "Hello" in docker("run hello-world")
sandbox.stop()
record["stopped"] = sandbox.status().status
step("purge")
sandbox.purge()
step("purged")
record["left"] = sorted(str(path) for path in Path(os.environ["LABSUPPORT_HOME"]).rglob("*"))
print(json.dumps(record))
"""


def expected(driver: str, home: str, store: str = "graph") -> dict[str, Any]:
    """What SESSION must print."""
    return {
        "driver": driver,
        "store": store,
        "images at first": "",
        "hello": True,
        "page": 200,
        "page of a stopped container": None,
        "page again": 200,
        "page on 127.0.0.1 alone": 200 if driver != "container" else None,
        "and gone": None,
        "login": "Login Succeeded",
        "push": True,
        "work": True,
        "outside": ["precious"],
        "harm to kernel settings": "",
        "images at last": "",
        "sdk": True,
        "images after reset": "",
        "hello after reset": True,
        "stopped": "stopped",
        "left": [f"{home}/work", f"{home}/work/made-in-a-container"],
    }


def run_session(computer: Computer, home: str, *, user: bool = False, **env: str) -> dict[str, Any]:
    outside = computer.folder / "outside"
    outside.mkdir(exist_ok=True)
    outside.chmod(0o777)
    (outside / "precious").write_text("do not lose me")
    course = computer.course(home, OUTSIDE=str(outside), **env)
    record: dict[str, Any] = computer.python(SESSION, course, user=user)
    print(json.dumps(record, indent=1))
    return record


@pytest.mark.slow
@pytest.mark.parametrize("wish", ["newest", "release"])
def test_private_leaves_the_learners_engine_alone(learners_engine: LearnersEngine, wish: str) -> None:
    before = learners_engine.inventory()
    assert before["page"] == "200"
    record = run_session(learners_engine.computer, "private", LABSUPPORT_ENGINE=wish, DOCKER_HOST=learners_engine.host)
    version = record.pop("version")
    assert record == expected("private", f"{learners_engine.computer.folder}/course/private")
    assert version.startswith("20.10") == (wish == "release")
    learners_engine.must_be_as(before)


@pytest.mark.slow
@pytest.mark.parametrize("wish", ["newest", "release"])
def test_rootless_leaves_the_learners_engine_alone(learners_engine: LearnersEngine, wish: str) -> None:
    before = learners_engine.inventory()
    record = run_session(learners_engine.computer, "rootless", user=True, LABSUPPORT_ENGINE=wish)
    version = record.pop("version")
    assert record == expected("rootless", f"{learners_engine.computer.folder}/course/rootless")
    assert version.startswith("20.10") == (wish == "release")
    learners_engine.must_be_as(before)


@pytest.mark.slow
def test_container_leaves_the_learners_engine_alone(learners_engine: LearnersEngine) -> None:
    computer, choice = learners_engine.computer, {"LABSUPPORT_DRIVER": "container", "DOCKER_HOST": learners_engine.host}
    choice["LABSUPPORT_STORE"] = "containerd"
    before = learners_engine.inventory()
    assert computer.python(PORTS_ARE_TAKEN, computer.course("contained", **choice)) == []
    record = run_session(computer, "contained", **choice)
    record.pop("version")
    assert record == expected("container", f"{learners_engine.computer.folder}/course/contained", "containerd")
    learners_engine.must_be_as(before)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_lessons_leave_the_learners_engine_alone(learners_engine: LearnersEngine) -> None:
    """Lessons, solved, on a machine whose engine is busy; the shell it is started from points to that engine."""
    before = learners_engine.inventory()
    lessons = Path(__file__).parents[2] / "notebooks/test_nbval.py"
    computer = learners_engine.computer
    # all images removed, ports published, a second engine: what could do harm is in the first two
    chosen = "solutions and newest and (00 or 01)"
    course = computer.course("lessons", DOCKER_HOST=learners_engine.host)
    computer.run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--require-engine", "-k", chosen),
        str(lessons),
        # for pytest's own folders and the learner's mktemp, and for a kernel's history
        env=course | {"TMPDIR": course["LABSUPPORT_HOME"], "IPYTHONDIR": f"{course['LABSUPPORT_HOME']}/ipython"},
        timeout=850,
    )
    learners_engine.must_be_as(before)


def test_nothing_of_a_purged_sandbox_is_left_in_cgroups_or_processes(computer: Computer) -> None:
    course = computer.course("trace", LABSUPPORT_SANDBOX="trace")
    code = """
        import json, subprocess
        from labsupport import hub, sandbox
        from labsupport.sandbox import processes
        sb = sandbox.start(lambda line: None)
        hub.fill(sb, lambda line: None)
        subprocess.run("docker run -d -m 64m busybox sleep 1000", shell=True, env=sb.environment(), check=True)
        folder = str(sb.directory)
        during = len(processes.leftovers(folder))
        sandbox.purge()
        print(json.dumps([during, len(processes.leftovers(folder))]))
    """
    during, after = computer.python(code, course)
    assert during >= 5
    assert after == 0
    assert not list(Path("/sys/fs/cgroup").glob("**/containers-course-trace*"))
    assert not paths.sockets("trace").exists()
