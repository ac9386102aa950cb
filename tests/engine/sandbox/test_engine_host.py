"""`engine-host` on each driver: where it runs, what passes through, and that what it leaves ends with the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from learners_machine import Computer, LearnersEngine

from labsupport.sandbox.driver import Driver
from labsupport.sandbox.state import Settings

# one after the other: runc's containers in here have the same names
pytestmark = [pytest.mark.engine, pytest.mark.root, pytest.mark.together("engine-host")]

BEGIN = """
import json, os, subprocess, sys, time
from pathlib import Path
from labsupport import hub, sandbox
from labsupport.sandbox import paths, processes
quiet = lambda line: None
sb = sandbox.start(quiet)
hub.fill(sb, quiet)
work = paths.work() / "a folder"
work.mkdir(parents=True, exist_ok=True)
os.chdir(work)
def host(text, stdin=""):
    done = subprocess.run("engine-host " + text, shell=True, env=sb.environment(), input=stdin, capture_output=True,
                          text=True)
    print(text, done, file=sys.stderr)
    return [done.returncode, done.stdout.strip()]
def bundle(*args):
    if not Path("rootfs").is_dir():
        Path("rootfs").mkdir()
        made = "docker create busybox > id; docker export $(cat id) | tar -x -C rootfs && docker rm $(cat id)"
        subprocess.run(made, shell=True, env=sb.environment(), check=True, stdout=sys.stderr)
        assert host("runc spec")[0] == 0
    spec = json.loads(Path("config.json").read_text())
    spec["process"].update(terminal=False, args=args)
    Path("config.json").write_text(json.dumps(spec))
"""

THROUGH = (
    BEGIN
    + """
record = {}
record["status"] = host("sh -c 'exit 7'")
record["not there"] = host("no-such-program")[0]
record["no command"] = host("")[0]
record["input"] = host("sed s/a/b/", "banana")
record["folder"] = host("sh -c pwd")[1] == str(work)
record["programs"] = [host(f"{name} --version")[0] for name in ("runc", "dockerd", "ctr")]
record["list"] = sb.on_engine_host(["true"])[1:], subprocess.run(sb.on_engine_host(["true"])).returncode
bundle("sh", "-c", "echo hello from $(hostname); exit 5")
record["run"] = host("runc run one")
record["kept"] = host("runc list -q")[1]
host("sh -c 'rm -f rootfs/bin/sh'")
record["changed there, seen here"] = Path("rootfs/bin/sh").exists()
if sb.driver != "container":
    engine = int((paths.sockets("default") / "dockerd.pid").read_text())
    record["namespaces"] = [
        host(f"readlink /proc/self/ns/{kind}")[1] == os.readlink(f"/proc/{engine}/ns/{kind}")
        for kind in ("net", "mnt", "user")
    ]
    record["docker"] = host("docker version --format '{{.Server.Version}}'")[1].startswith(sb.engine_version)
print(json.dumps(record))
"""
)

# the seconds are these tests' own: others, which run beside them, let containers sleep too
LEFT = (
    BEGIN
    + """
bundle("sh", "-c", "sleep 86413 & exec sleep 86413")
assert host("runc run --detach left </dev/null >/dev/null 2>&1")[0] == 0
assert host("runc create made </dev/null >/dev/null 2>&1")[0] == 0
subprocess.Popen(sb.on_engine_host(["sleep", "86414"]), start_new_session=True)
pids = [json.loads(host(f"runc state {name}")[1])["pid"] for name in ("left", "made")]
alive = [os.path.exists(f"/proc/{pid}") for pid in pids]
folder = str(sb.directory)
if os.environ.get("HOW") == "killed":
    os.kill(sandbox.status().supervisor, 9)
sandbox.stop()
def commands():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().split(b"\\0")
        except OSError:
            pass
print(json.dumps({
    "alive": alive,
    "after": [os.path.exists(f"/proc/{pid}") for pid in pids],
    "sleeping": sum(words[:1] == [b"sleep"] and words[1:2] in ([b"86413"], [b"86414"]) for words in commands()),
    "state": (paths.sockets("default") / "runc").exists(),
    "told": subprocess.run(sb.on_engine_host(["true"]), capture_output=True, text=True).stderr.splitlines(),
}))
"""
)

PURGE = "import json\nfrom labsupport import sandbox\nsandbox.purge()\nprint(json.dumps(0))"


@pytest.fixture(params=["private", "rootless"])
def place(request: pytest.FixtureRequest, computer: Computer) -> Iterator[tuple[Computer, dict[str, str], bool]]:
    """A fresh computer with a home of the course, for root or for ada."""
    course = computer.course("home", LABSUPPORT_DRIVER=request.param)
    yield computer, course, request.param == "rootless"
    computer.python(PURGE, course, user=request.param == "rootless")


def through(record: dict[str, Any]) -> None:
    assert record["status"] == [7, ""]
    assert record["not there"] in (126, 127)  # docker exec says 126 or 127, by its version
    assert record["no command"] == 2
    assert record["input"] == [0, "bbnana"]
    assert record["folder"]
    assert record["programs"] == [0, 0, 0]
    assert record["list"] == [["true"], 0]
    assert record["run"] == [5, "hello from runc"]
    assert record["kept"] == ""
    assert not record["changed there, seen here"]


def test_a_command_runs_where_the_engine_runs(place: tuple[Computer, dict[str, str], bool]) -> None:
    computer, course, user = place
    record = computer.python(THROUGH, course, user=user)
    through(record)
    assert record["namespaces"] == [True, True, True]
    assert record["docker"]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_runc_left_running_ends_with_the_sandbox(place: tuple[Computer, dict[str, str], bool], how: str) -> None:
    """Also after its supervisor was killed: containers of runc's are nobody's children and carry no mark."""
    computer, course, user = place
    before = groups(course)
    record = computer.python(LEFT, {**course, "HOW": how}, user=user)
    assert record["alive"] == [True, True]
    assert record["after"] == [False, False]
    assert record["sleeping"] == 0
    assert not record["state"]
    assert record["told"][0].startswith("engine-host: the sandbox does not run")
    assert record["told"][-1] == "  next: python3 -m labsupport start"
    assert groups(course) <= before


def groups(course: dict[str, str]) -> set[Path]:
    """Cgroups that a container of this test's, or its sandbox, would leave behind."""
    root = Path("/sys/fs/cgroup")
    folder = f"{course['LABSUPPORT_HOME']}/cache/sandbox/default"
    name = Driver(
        Settings("default", folder, sockets="", driver="", engine={"version": "", "program_folders": []})
    ).cgroup()
    own = {path for path in root.glob(f"**/{name}") if not list(path.glob("**/*/cgroup.procs"))}
    return own | {path for name in ("left", "made") for path in root.glob(f"**/{name}") if path.is_dir()}


@pytest.mark.slow
def test_in_a_container_on_the_learners_engine(learners_engine: LearnersEngine) -> None:
    computer = learners_engine.computer
    course = computer.course("contained", LABSUPPORT_DRIVER="container", DOCKER_HOST=learners_engine.host)
    try:
        through(computer.python(THROUGH, course))
    finally:
        computer.python(PURGE, course)


def test_before_the_first_start_there_is_no_such_program_and_the_call_says_so(computer: Computer) -> None:
    """A script kept from another home leads to one sentence, whatever it is called with."""
    course = computer.course("none")
    code = f"""
import json, subprocess, sys
start = "import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r}); " \\
        "from labsupport.sandbox import engine_host; engine_host.main()"
done = subprocess.run([sys.executable, "-IS", "-c", start, "/nowhere/at/all", "true"], capture_output=True, text=True)
print(json.dumps([done.returncode, done.stderr.splitlines()[0]]))
"""
    assert computer.python(code, course) == [
        4,
        "engine-host: the sandbox does not run, so there is no engine to run this beside",
    ]
