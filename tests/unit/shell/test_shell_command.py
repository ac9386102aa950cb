"""labsupport.shell.run: what it returns, what it hands on, and what it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from labsupport import shell
from labsupport.errors import CommandError


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(condition, what: str, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def pids_in(file: Path, count: int) -> list[int]:
    def read():
        words = file.read_text().split() if file.exists() else []
        return [int(word) for word in words] if len(words) == count else None

    return wait_for(read, f"{count} pids in {file}")


def test_result_keeps_streams_status_and_command():
    result = shell.run("echo out; echo err >&2; exit 3")
    assert (result.command, result.exit_code) == ("echo out; echo err >&2; exit 3", 3)
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert result.seconds > 0


def test_order_across_streams_is_kept():
    result = shell.run("for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done")
    assert result.output.split() == ["o1", "e1", "o2", "e2", "o3", "e3"]


def test_output_is_handed_on_before_the_command_ends(tmp_path):
    go = tmp_path / "go"
    seen = []

    def on_output(stream, text):
        seen.append((stream, text))
        go.touch()  # the command goes on only when its first line has arrived here

    result = shell.run(f"echo first; while [ ! -e {go} ]; do sleep 0.02; done; echo second >&2", on_output=on_output)
    assert seen == [("stdout", "first\n"), ("stderr", "second\n")]
    assert result.exit_code == 0


def test_script_stops_at_its_first_failure_unless_told_otherwise():
    script = "echo a\nfalse\necho b"
    assert shell.run(script).stdout == "a\n"
    assert shell.run(script, stop_at_first_failure=False).stdout == "a\nb\n"


def test_environment_and_directory_are_the_ones_handed_in(tmp_path):
    result = shell.run('echo "$GREETING from $PWD"', environment={"GREETING": "hi"}, directory=tmp_path)
    assert result.stdout == f"hi from {tmp_path}\n"


def test_standard_input_is_empty_and_there_is_no_terminal():
    assert shell.run("cat; test -t 0 || test -t 1 || echo none").stdout == "none\n"
    assert shell.run("exec 3< /dev/tty").exit_code != 0


def test_characters_split_between_reads_arrive_whole():
    script = r"printf '\303'; sleep 0.2; printf '\251 \377\n'"
    assert shell.run(script).stdout == "é \ufffd\n"


def test_signal_status_is_the_shells():
    assert shell.run("kill -TERM $$").exit_code == 128 + signal.SIGTERM


def test_check_raises_an_error_that_can_be_pasted():
    with pytest.raises(shell.CommandFailed) as caught:
        shell.run("echo before; seq 1 40 >&2; exit 7", check=True)
    text = str(caught.value)
    assert "exit status 7" in text and "echo before; seq 1 40 >&2; exit 7" in text
    assert "stdout: before" in text
    assert "last 12 of 40 lines" in text and "\n    40" in text and "\n    28\n" not in text
    assert caught.value.result.exit_code == 7


def test_missing_folder_is_named():
    with pytest.raises(CommandError, match="cannot run a command in the folder /nowhere/at/all"):
        shell.run("true", directory="/nowhere/at/all")


@pytest.mark.parametrize(
    "spawn",
    [
        pytest.param("sleep 300 & echo $! >> {f}", id="child"),
        pytest.param("(sleep 300 & echo $! >> {f}; wait) &", id="grandchild"),
        pytest.param("setsid sh -c 'echo $$ >> {f}; exec sleep 300' &", id="another session"),
        pytest.param("set -m; sleep 300 & echo $! >> {f}", id="another group"),
        pytest.param("sh -c 'trap \"\" TERM; echo $$ >> {f}; while :; do sleep 1; done' &", id="ignores TERM"),
    ],
)
def test_time_out_ends_everything(tmp_path, spawn):
    file = tmp_path / "pids"
    script = f"echo $$ >> {file}\n{spawn.format(f=file)}\necho started\nsleep 300"
    with pytest.raises(shell.CommandTimedOut) as caught:
        shell.run(script, timeout=1, grace=0.5)
    assert caught.value.result.stdout == "started\n"
    assert "did not end within 1 s" in str(caught.value)
    assert all(gone(pid) for pid in pids_in(file, 2))


def test_interrupt_ends_everything_and_stays_a_keyboard_interrupt(tmp_path):
    file = tmp_path / "pids"

    def press_stop():
        pids_in(file, 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_stop).start()
    with pytest.raises(KeyboardInterrupt):
        shell.run(f"echo $$ > {file}; sleep 300 & echo $! >> {file}; wait")
    assert all(gone(pid) for pid in pids_in(file, 2))


def test_time_out_also_holds_when_the_streams_are_closed():
    with pytest.raises(shell.CommandTimedOut):
        shell.run("exec > /dev/null 2>&1; sleep 300", timeout=0.5)


def test_background_process_lives_on_and_does_not_hold_the_cell():
    began = time.monotonic()
    result = shell.run("sleep 300 & echo $!")
    assert time.monotonic() - began < 60
    pid = int(result.stdout)
    try:
        assert not gone(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_background_process_may_write_after_the_cell(tmp_path):
    done = tmp_path / "done"
    shell.run(f"( sleep 0.3; seq 1 100000; echo more >&2; touch {done} ) &")
    wait_for(done.exists, "the background process to get to its end")


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_dying_process_takes_its_commands_along(tmp_path, death):
    file = tmp_path / "pids"
    script = f"sleep 300 & echo $! >> {file}; sleep 300 & echo $! >> {file}; wait"
    code = f"from labsupport import shell; shell.run({script!r})"
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    pids = pids_in(file, 2)
    os.killpg(process.pid, death)  # as a kernel is killed: with its process group
    process.wait()
    wait_for(lambda: all(gone(pid) for pid in pids), "the commands of the dead process to end")


def test_flood_is_ended(monkeypatch):
    monkeypatch.setattr(shell.command, "LIMIT", 1024 * 1024)
    with pytest.raises(shell.CommandFailed, match="wrote more than 1 MiB"):
        shell.run("yes")
