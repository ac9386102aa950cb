"""What lessons say of engines and kernels and no cell of theirs runs: each claim, named after its lesson, by a run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from started import started

from labsupport import hub, sandbox
from labsupport.sandbox import processes

pytestmark = [pytest.mark.engine, pytest.mark.slow]


class Engine:
    """An engine asked by its client."""

    def __init__(self, box: sandbox.Sandbox) -> None:
        self.box = box

    def ends(self, *words: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.box.environment(), **variables}
        return subprocess.run(["docker", *words], env=environment, input=text, capture_output=True, text=True)

    def says(self, *words: str, text: str = "", **variables: str) -> str:
        done = self.ends(*words, text=text, **variables)
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def state(self, name: str, field: str) -> str:
        return self.says("inspect", "--format", "{{." + field + "}}", name)

    def until(self, seen: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 60
        while not seen():
            assert time.monotonic() < deadline, f"not within a minute: {what}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def engine(pytestconfig: pytest.Config) -> Iterator[Engine]:
    """An engine of these tests' own, gone with all they made."""
    box = started(pytestconfig, "claims")
    try:
        hub.fill(box)
        made = Engine(box)
        made.says("pull", "-q", "busybox")
        yield made
    finally:
        sandbox.purge("claims")


@pytest.mark.parametrize("builder", ["0", "1"], ids=["classic", "BuildKit"])
def test_05_a_copy_that_uses_an_argument_is_made_anew(engine: Engine, builder: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note\n")
    (tmp_path / "Dockerfile").write_text("FROM busybox\nARG WHERE=one\nCOPY note.txt /same\nCOPY note.txt /$WHERE\n")

    def steps(where: str) -> dict[str, bool]:
        """Destination of each COPY -> whether it came from the cache."""
        done = engine.ends("build", "--build-arg", f"WHERE={where}", str(tmp_path), DOCKER_BUILDKIT=builder,
                           BUILDKIT_PROGRESS="plain")  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        if builder == "0":
            return {to: "Using cache" in rest for to, rest in re.findall(r": COPY note.txt (\S+)\n(.*)", said)}
        return {to: f"#{n} CACHED\n" in said for n, to in re.findall(r"#(\d+) \[.*\] COPY note.txt (\S+)", said)}

    steps("one")
    again = steps("one")
    assert len(again) == 2 and all(again.values())
    assert sorted(steps("two").values()) == [False, True]


def test_05_the_engine_says_which_builder_clients_shall_take(engine: Engine) -> None:
    api = engine.box.client().api
    major = int(engine.box.engine_version.partition(".")[0])
    assert (api.get(f"{api.base_url}/_ping").headers.get("Builder-Version") == "2") == (major >= 23)


def test_05_buildkit_has_rules_by_which_it_tidies_its_cache(engine: Engine) -> None:
    if engine.ends("buildx", "version").returncode:
        pytest.skip("no buildx here")
    assert "GC Policy rule#0" in engine.says("buildx", "inspect")


def test_04_a_folder_is_changed_when_anything_in_it_was_however_deep(engine: Engine) -> None:
    image = engine.says("build", "-q", "-", text="FROM busybox\nRUN mkdir -p /a/b/c && touch /a/b/c/file /a/b/other\n")
    engine.says("run", "--name", "deep", image, "chmod", "700", "/a/b/c/file")
    assert sorted(engine.says("diff", "deep").splitlines()) == ["C /a", "C /a/b", "C /a/b/c", "C /a/b/c/file"]


def test_08_vi_is_a_link_in_the_image(engine: Engine) -> None:
    assert engine.says("run", "--rm", "busybox", "readlink", "-f", "/bin/vi") == "/bin/busybox"


def test_08_runc_takes_home_from_passwd_where_nothing_sets_it(engine: Engine) -> None:
    line = "guest:x:4711:4711::/home/of-4711:/bin/sh"
    image = engine.says("build", "-q", "-", text=f"FROM busybox\nRUN echo {line} >> /etc/passwd\n")
    home = ("sh", "-c", "echo $HOME")
    assert engine.says("run", "--rm", "-u", "4711", image, *home) == "/home/of-4711"
    assert engine.says("run", "--rm", "-u", "4712", image, *home) == "/"
    assert engine.says("run", "--rm", "-u", "4711", "-e", "HOME=/mine", image, *home) == "/mine"
    if engine.box.driver == "private":  # it is not in what the engine gives to runc
        engine.says("run", "-d", "--name", "guest", "-u", "4711", "--stop-signal", "KILL", image, "sleep", "1000")
        shim = processes.parent(int(engine.state("guest", "State.Pid")))
        given = json.loads(Path(f"/proc/{shim}/cwd/config.json").read_text())["process"]
        assert given["user"]["uid"] == 4711
        assert not [each for each in given["env"] if each.startswith("HOME=")]


def test_09_a_policy_of_failures_lets_an_end_with_0_be(engine: Engine) -> None:
    for name, policy in (("well", "on-failure"), ("again", "always")):
        engine.says("run", "-d", "--name", name, "--restart", policy, "busybox", "sleep", "0.1")
    engine.until(lambda: int(engine.state("again", "RestartCount")) >= 2, "two restarts of the other")
    assert [engine.state("well", f) for f in ("State.Status", "State.ExitCode", "RestartCount")] == ["exited", "0", "0"]
    engine.says("rm", "-f", "again")


def test_09_an_engine_that_starts_again_starts_what_did_not_end_with_0(engine: Engine) -> None:
    """What each had when dockerd ended in the usual way: 0 told by a handler, 137 of a signal that nobody handles."""
    if engine.box.driver not in ("private", "rootless"):
        pytest.skip("the engine's process cannot be seen from here")
    ends = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
    engine.says("run", "-d", "--name", "tidy", "--restart", "on-failure", "busybox", "sh", "-c", ends)
    for name, policy in (("deaf", "on-failure"), ("kept", "always"), ("none", "no")):
        words = ("--name", name, "--restart", policy, "--stop-signal", "KILL")
        engine.says("run", "-d", *words, "busybox", "sleep", "1000")
    names = ("tidy", "deaf", "kept", "none")
    before = {name: engine.state(name, "State.StartedAt") for name in names}
    os.kill(int((sandbox.paths.sockets("claims") / "dockerd.pid").read_text()), signal.SIGTERM)

    def anew(name: str) -> bool:
        found = engine.ends("inspect", "--format", "{{.State.StartedAt}}", name)
        return found.returncode == 0 and found.stdout.strip() != before[name]

    engine.until(lambda: anew("kept") and anew("deaf"), "what another engine starts")
    assert {name for name in names if not anew(name)} == {"tidy", "none"}
    assert engine.state("tidy", "State.ExitCode") == "0"


def test_09_runtime_takes_the_name_of_a_shim(engine: Engine) -> None:
    engine.says("run", "--rm", "--runtime", "io.containerd.runc.v2", "busybox", "true")


def test_02_whose_variables_a_process_may_read(engine: Engine) -> None:
    """The same user's, with no fewer capabilities, or whoever has SYS_PTRACE: ptrace(2), "access mode checking"."""
    more = ("--cap-add", "NET_ADMIN")
    words = ("--name", "keeper", "--stop-signal", "KILL", "-e", "KEY=in-here")
    engine.says("run", "-d", *words, *more, "busybox", "sleep", "1000")

    def reads(*options: str) -> bool:
        words = ("run", "--rm", "--pid", "container:keeper", *options, "busybox", "cat", "/proc/1/environ")
        return "KEY=in-here" in engine.ends(*words).stdout

    assert reads(*more)
    assert not reads()
    assert not reads(*more, "--user", "1000")
    assert reads("--cap-add", "SYS_PTRACE")


def test_03_killed_from_outside_after_something_in_it_ran_out_of_memory(engine: Engine) -> None:
    """137 and OOMKilled, and neither the memory nor the kernel has ended it."""
    if engine.says("info", "--format", "{{.MemoryLimit}} {{.CgroupDriver}}") != "true cgroupfs":
        pytest.skip("this engine can't limit memory")
    eats = 'sleep 1; awk "BEGIN { sprintf(\\"%28000000s\\", \\"\\") }"; echo "awk is gone"; sleep 1000'
    engine.says("run", "-d", "--name", "both", "-m", "16m", "--memory-swap", "16m", "busybox", "sh", "-c", eats)
    engine.until(lambda: "awk is gone" in engine.says("logs", "both"), "awk's end")
    assert engine.state("both", "State.Running") == "true"
    engine.says("kill", "both")
    engine.until(lambda: engine.state("both", "State.Running") == "false", "its end")
    assert [engine.state("both", f"State.{each}") for each in ("ExitCode", "OOMKilled")] == ["137", "true"]
