"""Starts and stops that meet, and engines that hang: one JupyterLab, one sandbox, and an end to every wait."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from typed_course import Course, wait_for

from labsupport.sandbox import state

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_two_starts_at_once_share_everything_and_one_of_them_ends_it(course: Course) -> None:
    first, second = course.start("--port", "9540"), course.start("--port", "9550")
    urls = [course.url(process) for process in (first, second)]
    assert urls[0] == urls[1]
    assert wait_for(lambda: first.poll() is not None or second.poll() is not None)
    # who came second has only opened what the first one serves
    server, guest = (first, second) if first.poll() is None else (second, first)
    assert guest.returncode == 0
    assert f"Another start (process {server.pid}) is at work" in guest.communicate()[1]
    servers = [line for line in course.processes() if "-m jupyterlab" in line]
    assert len(servers) == 1, servers
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=60)
    assert wait_for(lambda: not course.processes()), course.processes()


def test_stop_in_the_middle_of_a_start_leaves_nothing(course: Course) -> None:
    process = course.start("--port", "9560")
    # the sandbox boots, JupyterLab comes up beside it
    assert wait_for(lambda: (course.home / "cache/jupyter/jupyter.log").exists(), 120)
    answer = course.run("stop")
    said = process.communicate(timeout=60)[1]
    assert answer.returncode == 0, answer.stderr
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert wait_for(lambda: not course.processes()), course.processes()
    assert course.status()["sandbox"] == "stopped"
    assert course.status()["jupyterlab"] == ""


def stopped(course: Course) -> list[psutil.Process]:
    """The sandbox's engine and its containerd, halted as a kernel under a failing disk would."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if Path(words[0]).name in ("dockerd", "containerd") and str(course.home) in " ".join(words):
            found.append(process)
            process.suspend()
    return found


def test_a_hung_engine_is_named_in_time_and_the_advice_mends_it(course: Course) -> None:
    course.python("from labsupport import sandbox; sandbox.start()")
    lock = course.home / "cache/sandbox/default" / state.LOCK
    supervisor = state.holder(lock)
    os.kill(supervisor, signal.SIGSTOP)  # it would notice, and mend it before anybody asks
    try:
        assert stopped(course)
        began = time.monotonic()
        assert course.status()["sandbox"] == "not answering"
        asked = course.run("status")
        assert asked.returncode == 4
        advice = asked.stderr.split("next: ")[1].strip()
        failed = course.python("from labsupport import sandbox; sandbox.attach()", check=False)
        assert "the sandbox's engine does not answer" in failed.stderr
        assert f"next: {advice}" in failed.stderr
        assert time.monotonic() - began < 180  # 25 s on an idle laptop
    finally:
        os.kill(supervisor, signal.SIGCONT)
    stop, start = advice.split(" && ")
    assert start == "python3 -m labsupport start"
    assert course.run(*stop.split()[3:]).returncode == 0
    process = course.start()
    course.url(process)
    assert course.status()["sandbox"] == "ready"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_a_lost_state_file_does_not_hide_the_sandbox(course: Course) -> None:
    content = ""  # the other kinds of nonsense: tests/unit/sandbox
    course.python("from labsupport import sandbox; sandbox.start()")
    (course.home / "cache/sandbox/default" / state.STATE).write_text(content)
    assert course.status()["sandbox"] == "not answering"
    course.python("from labsupport import sandbox; sandbox.start()")
    assert course.status()["sandbox"] == "ready"
    (course.home / "cache/sandbox/default" / state.STATE).write_text(content)
    assert course.run("stop").returncode == 0
    assert wait_for(lambda: not course.processes()), course.processes()


def test_damaged_engine_data_is_mended_by_what_is_advised(course: Course) -> None:
    """The doctor once said: stop and start, for ever; only a fresh engine is of use."""
    course.python("from labsupport import sandbox; sandbox.start().client().volumes.create('mine')")
    # the engine has done something for the learner: its data is not thrown away unasked
    assert wait_for((course.home / "cache/sandbox/default/events.jsonl").exists)
    course.run("stop")
    database = course.home / "cache/sandbox/default/data/network/files/local-kv.db"
    database.write_bytes(b"\0" * 5000)
    failed = course.python("from labsupport import sandbox; sandbox.start()", check=False)
    assert "the sandbox's engine did not start" in failed.stderr
    for said in (failed.stderr.split("next: ")[1], course.run("status").stderr, course.run("doctor").stdout):
        assert "if it ends like this again: python3 -m labsupport reset" in said
    assert course.run("reset", "--yes").returncode == 0
    assert course.status()["sandbox"] == "ready"
