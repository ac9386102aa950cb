"""A lesson's own engine: what the kill matrix sees, whom it refuses to signal, and that nothing of it is left."""

from __future__ import annotations

from typing import Any

import pytest
from learners_machine import Computer, LearnersEngine

pytestmark = [pytest.mark.engine, pytest.mark.root]

BEGIN = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
from labsupport import hub, sandbox
from labsupport.errors import CourseError
from labsupport.sandbox import own, paths, processes, state
from labsupport.sandbox.own import family, keeper, trials
quiet = lambda line: None
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
def shell(text):
    done = subprocess.run(text, shell=True, env=sb.environment(), capture_output=True, text=True)
    print(text, done, file=sys.stderr)
    return done.stdout.strip() if done.returncode == 0 else done.returncode
def gone(pids, seconds=10):
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if family.process(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
"""

MATRIX = (
    BEGIN
    + """
engine = own.start(sb)
record = {"matrix": [[o.key, o.alive_down, o.alive_back, o.state] for o in trials.run(engine, quiet)]}
record["kept"] = [o.key for o in trials.kept(sb.directory)] == [b.key for b in trials.BLOWS]

engine.client("run", "-d", "--name", "one", "busybox", "sleep", "1000", check=True)
shim = family.process(engine.shim("one"))
record["shim"] = [shim.name, shim.parent in (engine.pid("dockerd"), engine.pid("containerd"))]
record["runc"] = [one.name for one in family.rows(engine.members()) if one.name == "runc"]
def network(pid):
    return os.readlink(f"/proc/{pid}/ns/net")
sandboxs = paths.sockets("default").joinpath("dockerd.pid").read_text()
record["networks"] = network(engine.pid("dockerd")) not in (network("self"), network(sandboxs))

stranger = subprocess.Popen(["sleep", "1000"])
def refused(who):
    try:
        engine.signal(who, "KILL")
    except CourseError as error:
        return error.message.endswith("no signal was sent")
record["refused"] = [refused(who) for who in (stranger.pid, os.getppid(), 1, 0, -1, "sleep")]
record["spared"] = stranger.poll() is None
stranger.kill()
stranger.wait()

folder = shell("own-engine dir")
before = engine.first_process("one")
engine.configure(live_restore=True)
shell("own-engine signal dockerd HUP")
record["reloaded"] = [engine.info()["LiveRestoreEnabled"], engine.first_process("one") == before]
chatty = 'n=0; while true; do n=$((n+1)); echo "line $n"; done'
engine.client("run", "-d", "--name", "chatty", "busybox", "sh", "-c", chatty, check=True)
def written():
    return int(Path(f"/proc/{talker}/io").read_text().split("wchar:")[1].split()[0])
talker = engine.first_process("chatty")
shell("own-engine signal dockerd KILL")
deadline = time.monotonic() + 20
first, second = -1, 0
while first != second and time.monotonic() < deadline:
    first = written()
    time.sleep(0.5)
    second = written()
record["blocked"] = first == second
shell("own-engine dockerd")
while written() == second and time.monotonic() < deadline:
    time.sleep(0.05)
record["goes on"] = written() > second
engine.client("kill", "chatty", check=True)
lines = engine.client("logs", "chatty").splitlines()
# what dockerd had read and not written is lost with it, in one place; what waited in the pipes is not
numbers = [int(word) for line in lines if (word := line.split()[-1]).isdigit()]
record["gaps"] = sum(later != earlier + 1 for earlier, later in zip(numbers, numbers[1:])) <= 2

pids = engine.members()
record["started"] = len(pids) >= 4
engine.stop()
record["left"] = [gone(pids), engine.folder.exists(), engine.sockets.exists()]
sandbox.purge()
print(json.dumps(record))
"""
)


def expected() -> dict[str, Any]:
    return {
        "matrix": [
            ["term", False, False, "exited (7)"],
            ["kill", True, False, "exited (7)"],
            ["term-live", True, True, "running"],
            ["kill-live", True, True, "running"],
            ["containerd", True, True, "running"],
            ["shim", False, False, "exited (137)"],
        ],
        "kept": True,
        "shim": ["containerd-shim-runc-v2", False],
        "runc": [],
        "networks": True,
        "refused": [True] * 6,
        "spared": True,
        "reloaded": [True, True],
        "blocked": True,
        "goes on": True,
        "gaps": True,
        "started": True,
        "left": [[], False, False],
    }


@pytest.mark.slow
@pytest.mark.parametrize("wish", ["newest", "release"])
def test_what_happens_and_that_the_machine_stays_as_it_was(learners_engine: LearnersEngine, wish: str) -> None:
    before = learners_engine.inventory()
    computer = learners_engine.computer
    assert computer.python(MATRIX, computer.course("own", LABSUPPORT_ENGINE=wish)) == expected()
    learners_engine.must_be_as(before)


@pytest.mark.slow
def test_as_an_ordinary_user(computer: Computer) -> None:
    assert computer.python(MATRIX, computer.course("own"), user=True) == expected()


ENDS = (
    BEGIN
    + """
notebook = '''
from labsupport.sandbox import own
engine = own.start()
engine.client("run", "-d", "--name", "one", "busybox", "sleep", "1000", check=True)
print("ready", flush=True)
import time
time.sleep(1000)
'''
record = {}
for end in ("notebook", "stop", "supervisor"):
    sb = sandbox.start(quiet)
    kernel = subprocess.Popen([sys.executable, "-c", notebook], stdout=subprocess.PIPE, text=True)
    assert kernel.stdout.readline() == "ready\\n"
    engine = own.attach(sb)
    pids = engine.members()
    kernel.kill()
    kernel.wait()
    kernel.stdout.close()
    if end == "notebook":
        record[end] = [len(gone(pids, 1)) == len(pids), engine.state("one")["Running"]]
        continue
    if end == "stop":
        # an orphan, which only its cgroup tells from a stranger's process
        os.kill(engine.pid("containerd"), signal.SIGKILL)
        os.kill(engine.shim("one"), signal.SIGKILL)
        sandbox.stop()
    else:
        os.kill(state.read_state(sb.directory).supervisor, signal.SIGKILL)
    record[end] = [len(pids) >= 5, gone(pids)]
sandbox.purge()
record["left"] = sorted(str(path) for path in Path(os.environ["LABSUPPORT_HOME"]).rglob("own*"))
print(json.dumps(record))
"""
)


@pytest.mark.slow
def test_it_outlives_a_notebook_and_ends_with_the_sandbox(computer: Computer) -> None:
    record = computer.python(ENDS, computer.course("ends"))
    assert record == {"notebook": [True, True], "stop": [True, []], "supervisor": [True, []], "left": []}


def test_where_there_can_be_none_it_says_so(learners_engine: LearnersEngine) -> None:
    code = """
        import json, subprocess
        from labsupport import sandbox
        from labsupport.sandbox import own
        sb = sandbox.start(lambda line: None)
        said = []
        recorded = own.start_or_recorded(said.append)
        up = subprocess.run(["own-engine", "up"], env=sb.environment(), capture_output=True, text=True)
        sandbox.purge()
        print(json.dumps([recorded.recorded, said[0][:13], up.returncode, "on Linux only" in up.stderr]))
    """
    course = learners_engine.computer.course("none", LABSUPPORT_DRIVER="container", DOCKER_HOST=learners_engine.host)
    assert learners_engine.computer.python(code, course) == [True, "RECORDED RUN:", 3, True]
