"""What runc's own state says about containers left running, and how much of it is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from labsupport.sandbox import processes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads proc(5)")


def state(root: Path, name: str, **told: object) -> None:
    (root / name).mkdir(parents=True)
    (root / name / "state.json").write_text(json.dumps(told))


def test_a_process_is_known_by_its_number_and_when_it_began(tmp_path: Path) -> None:
    there = processes.stat(os.getpid())
    assert there is not None
    began = int(there.started)
    state(tmp_path, "ours", init_process_pid=os.getpid(), init_process_start=began)
    state(tmp_path, "reused", init_process_pid=os.getppid(), init_process_start=began + 1)
    state(tmp_path, "ended", init_process_pid=0, init_process_start=0)
    state(tmp_path, "odd", init_process_pid="x")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn/state.json").write_text('{"init_pro')
    assert processes.runc_containers(tmp_path) == {os.getpid()}
    assert processes.runc_containers(tmp_path / "nowhere") == set()


def test_state_and_empty_cgroups_go_and_nothing_else_does(tmp_path: Path) -> None:
    empty, full = tmp_path / "cgroups/empty", tmp_path / "cgroups/full"
    empty.mkdir(parents=True)
    (full / "process").mkdir(parents=True)
    root = tmp_path / "runc"
    state(root, "one", cgroup_paths={"": str(empty), "cpu": str(full), "pids": str(tmp_path / "gone")})
    state(root, "two", cgroup_paths=None)
    processes.remove_runc_state(root)
    assert not root.exists()
    assert not empty.exists()
    assert full.exists()
