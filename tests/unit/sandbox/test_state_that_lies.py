"""Status, stop and attach where the files in a sandbox's folder and what really runs do not agree."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport.errors import EngineFailed
from labsupport.sandbox import lifecycle, marked, paths, state

# a supervisor as far as its lock is concerned
SUPERVISOR = """
import sys, time
from labsupport.sandbox import state
lock = state.try_lock(state.Path(sys.argv[1]) / state.LOCK)
state.write_holder(lock)
print("holds it", flush=True)
time.sleep(1000)
"""
NONSENSE = [b"", b"{", b"[]", b"null", b'"ready"', b'{"status": 1}', b'{"status": "ready", "more": 2}', b"\xff\xfe"]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_SANDBOX", raising=False)
    return marked.make(paths.sandbox("default"))


@pytest.fixture
def supervisor(directory: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(directory)], stdout=subprocess.PIPE, text=True, cwd=paths.CHECKOUT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holds it\n"
    yield process
    process.kill()
    process.communicate()


def test_a_state_that_cannot_be_read_is_no_traceback(directory: Path) -> None:
    for content in NONSENSE:
        (directory / state.STATE).write_bytes(content)
        assert lifecycle.status().status == "stopped"


def test_a_supervisor_whose_state_is_lost_is_seen_named_and_ended(
    directory: Path, supervisor: subprocess.Popen[str]
) -> None:
    for content in NONSENSE:
        (directory / state.STATE).write_bytes(content)
        assert lifecycle.status().status == "not answering"
    began = time.monotonic()
    with pytest.raises(EngineFailed) as caught:
        lifecycle.attach()
    assert time.monotonic() - began < 10
    assert caught.value.next_command == "python3 -m labsupport stop && python3 -m labsupport start"
    assert lifecycle.stop()
    assert supervisor.wait(10) != 0
    assert lifecycle.status().status == "stopped"


def test_a_start_that_has_written_its_state_and_has_no_supervisor_yet(directory: Path) -> None:
    """The state is newer than the lock: it is starting, as long as somebody is at it."""
    state.write_json(directory / state.STATE, state.State(status="starting"))
    assert lifecycle.status().status == "stopped"
    with lifecycle._starting(directory):
        assert lifecycle.status().status == "starting"
    assert lifecycle.status().status == "stopped"


def test_an_engine_that_should_be_ready_is_asked(directory: Path, supervisor: subprocess.Popen[str]) -> None:
    ready = state.State(status="ready", supervisor=supervisor.pid, docker_host=f"unix://{directory}/nobody.sock")
    state.write_json(directory / state.STATE, ready)
    assert lifecycle.status().status == "not answering"


def test_nonsense_among_the_notices_is_skipped(directory: Path) -> None:
    state.add_notice(directory, "one")
    with (directory / state.NOTICES).open("ab") as file:
        file.write(b'\xff\xfe\n\n{"a": 1}\nnull\n')
    state.add_notice(directory, "two")
    texts, offset = state.notices(directory, 0)
    assert texts == ["one", "two"]
    assert offset == (directory / state.NOTICES).stat().st_size
