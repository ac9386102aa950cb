"""The rootless engine's runc, on a stand-in for the engine's own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport.sandbox import runc
from labsupport.sandbox.engine import Engine

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a program of sh")
Call = Callable[..., "tuple[subprocess.CompletedProcess[str], list[str]]"]
REAL = '#!/bin/sh\necho "$*" >> "$(dirname "$0")/calls"\n{then}\n'


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """call(words, then=...) runs the program, with a runc beside that ends with the line `then`: (done, its calls)."""

    def _call(*words: str, then: str = "exit 0") -> tuple[subprocess.CompletedProcess[str], list[str]]:
        folder = tmp_path / "engine's own"
        folder.mkdir(exist_ok=True)
        (folder / "runc").write_text(REAL.format(then=then))
        (folder / "runc").chmod(0o755)
        engine = runc.without_cgroups(Engine("28", (str(folder),)), tmp_path / "sandbox")
        done = subprocess.run([engine.find("runc"), *words], capture_output=True, text=True)
        return done, (folder / "calls").read_text().splitlines()

    return _call


def test_it_comes_first_and_passes_on_words_and_exit_status(call: Call) -> None:
    done, calls = call("--root", "/r", "--log=/l", "create", "--bundle", "/b b", "x", then="exit 3")
    assert done.returncode == 3
    assert calls == ["--root /r --log=/l create --bundle /b b x"]


@pytest.mark.parametrize("words", [("exec", "x", "kill", "--all"), ("exec", "x", "ps", "--format", "json")])
def test_a_command_in_a_container_is_no_command_of_runc(call: Call, words: tuple[str, ...]) -> None:
    assert call("--root", "kill", *words, then="exit 1")[1] == ["--root kill " + " ".join(words)]


def test_all_of_a_container_without_cgroup_end_with_its_first_process(call: Call) -> None:
    done, calls = call("--root", "/r", "kill", "--all", "x", "9", then='case "$*" in *--all*) exit 1 ;; esac')
    assert done.returncode == 0
    assert calls == ["--root /r kill --all x 9", "--root /r kill x 9"]


def test_where_there_are_cgroups_runc_is_asked_once(call: Call) -> None:
    assert call("kill", "-a", "x", "9")[1] == ["kill -a x 9"]
    assert call("ps", "--format", "json", "x", then='echo "[1, 2]"')[0].stdout == "[1, 2]\n"


def test_the_processes_of_a_pid_namespace(call: Call, tmp_path: Path) -> None:
    inside = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "sh", "-c", "sleep 60 & wait"]
    with subprocess.Popen(inside, stderr=subprocess.DEVNULL) as outside:
        try:
            first = child_of(outside.pid)
            if not first:
                pytest.skip("this user may make no namespaces here")
            state(tmp_path, first)
            done, _ = call("--root", str(tmp_path), "ps", "--format", "json", "x", then="exit 1")
            listed = json.loads(done.stdout)
            assert listed[0] == first and len(listed) == 2
        finally:
            subprocess.run(["kill", "-9", str(child_of(outside.pid) or outside.pid)], check=False)


def test_a_container_in_the_machines_pid_namespace_is_not_guessed_at(call: Call, tmp_path: Path) -> None:
    state(tmp_path, os.getpid())
    done, calls = call("--root", str(tmp_path), "ps", "--format", "json", "x", then="echo no cgroup >&2; exit 1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "no cgroup\n")
    assert len(calls) == 2


def state(root: Path, first: int) -> None:
    (root / "x").mkdir()
    (root / "x" / "state.json").write_text(json.dumps({"init_process_pid": first}, separators=(",", ":")))


def child_of(pid: int) -> int:
    for _ in range(100):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if found and Path(f"/proc/{found[0]}/task/{found[0]}/children").read_text().split():
            return int(found[0])
        time.sleep(0.02)
    return 0
