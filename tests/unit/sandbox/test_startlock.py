"""One start at a time, with real processes: the next one waits, and `stop` ends the one at work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labsupport.cli import main
from labsupport.errors import SandboxError
from labsupport.sandbox import lifecycle, marked, paths, startlock

# a start as far as the lock is concerned: says when it has it, undoes when it is interrupted, goes on when told
A_START = """
import signal, sys, time
from labsupport.cli.start import signals_as_interrupt
from labsupport.sandbox import startlock
with signals_as_interrupt():
    try:
        with startlock.held(lambda pid: print("waits for", pid, flush=True)):
            try:
                print("at work", flush=True)
                sys.stdin.readline()
            except KeyboardInterrupt:
                time.sleep(0.5)
                print("undone", flush=True)
                raise
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    return tmp_path


def a_start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", A_START],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=paths.CHECKOUT,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_second_waits_says_for_whom_and_goes_on() -> None:
    first = a_start()
    assert said(first) == "at work"
    assert startlock.holder() == first.pid
    second = a_start()
    assert said(second) == f"waits for {first.pid}"
    first.communicate("go on\n")
    assert said(second) == "at work"
    second.communicate("go on\n")
    assert (first.returncode, second.returncode) == (0, 0)
    assert startlock.holder() == 0


def test_stop_ends_a_start_that_is_at_work_and_waits_for_its_undo(capsys: pytest.CaptureFixture[str]) -> None:
    process = a_start()
    assert said(process) == "at work"
    assert main.run(["stop"]) == 0
    out, _ = process.communicate()
    assert (process.returncode, out) == (130, "undone\n")
    assert f"Ending the start that is at work (process {process.pid})" in capsys.readouterr().err


def test_a_start_that_was_killed_holds_nothing() -> None:
    process = a_start()
    assert said(process) == "at work"
    process.kill()
    process.communicate()
    with startlock.held(seconds=1):
        assert startlock.holder() == os.getpid()


def test_waiting_has_an_end_and_the_advice_mends_it() -> None:
    process = a_start()
    assert said(process) == "at work"
    with pytest.raises(SandboxError) as caught, startlock.held(seconds=0.2):
        pass
    assert caught.value.seen == f"process {process.pid}"
    assert main.run(caught.value.next_command.split()[3:]) == 0
    process.communicate()
    with startlock.held(seconds=1):
        pass


def test_a_boot_that_hangs_in_another_process_is_named_with_what_ends_it() -> None:
    folder = marked.make(paths.sandbox("default"))
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys, time\nfrom labsupport.sandbox import lifecycle, paths\n"
         "with lifecycle._starting(paths.sandbox('default')): print('boots', flush=True); time.sleep(1000)"],
        stdout=subprocess.PIPE, text=True, cwd=paths.CHECKOUT,
    )  # fmt: skip
    assert said(process) == "boots"
    assert lifecycle.status().status == "stopped"  # it has not written that it starts
    with pytest.raises(SandboxError) as caught, lifecycle._starting(folder, seconds=0.2):
        pass
    first = caught.value.next_command.split(" && ")[0]
    assert first == f"kill {process.pid}"
    subprocess.run(first.split(), check=True)
    process.communicate()
    with lifecycle._starting(folder, seconds=5):
        pass


def test_a_lock_file_removed_by_a_purge_is_not_shared_with_a_new_one() -> None:
    with startlock.held():
        process = a_start()
        assert said(process).startswith("waits for")
        (paths.cache() / "start.lock").unlink()
        with startlock.held(seconds=5):
            pass
    assert said(process) == "at work"
    began = time.monotonic()
    process.communicate("go on\n")
    assert time.monotonic() - began < 20
