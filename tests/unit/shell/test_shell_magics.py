"""%%shell, %shell and %%session in a real kernel, on this machine's own commands (no engine)."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from kernels import PLAIN_ENGINE, kernel


@pytest.fixture(scope="module")
def ipython():
    with kernel() as running:
        assert running.run(PLAIN_ENGINE).error == ""
        yield running


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pids_in(file: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        words = file.read_text().split() if file.exists() else []
        if len(words) == count:
            return [int(word) for word in words]
        time.sleep(0.02)
    raise AssertionError(f"no {count} pids in {file}")


def test_both_streams_arrive_in_their_order(ipython):
    seen = ipython.run("%%shell\necho one\necho two >&2\nsleep 0.1\necho three")
    assert seen.error == ""
    assert seen.streams == [("stdout", "one\n"), ("stderr", "two\n"), ("stdout", "three\n")]


def test_output_comes_while_the_command_runs(ipython, tmp_path):
    go = tmp_path / "go"
    message = ipython.begin(f"%%shell\necho first\nwhile [ ! -e {go} ]; do sleep 0.05; done\necho second")
    first = ipython.client.get_iopub_msg(timeout=30)
    while first["msg_type"] != "stream":
        first = ipython.client.get_iopub_msg(timeout=30)
    assert first["content"]["text"] == "first\n"
    go.touch()
    assert ipython.finish(message).text("stdout") == "second\n"


def test_a_variable_that_nobody_has_set_ends_the_script(ipython):
    seen = ipython.run("%%shell --keep-going\ncd $NOBODYS\necho ${NOBODYS:-default}\npwd")
    assert "NOBODYS: unbound variable" in seen.text("stderr")
    assert seen.text("stdout") == ""
    assert 'os.environ["NOBODYS"]' in seen.traceback


def test_a_scripts_own_variable_may_begin_unset(ipython):
    seen = ipython.run('%%shell\nuntil [ "$now" = "$before" ]; do :; done\necho $HOME >/dev/null\necho done')
    assert (seen.error, seen.text("stdout")) == ("", "done\n")


def test_failure_fails_the_cell_with_a_verdict_and_no_traceback(ipython):
    seen = ipython.run("%%shell\necho before\nls /no/such/thing\necho never")
    assert seen.text("stdout") == "before\n"
    assert "/no/such/thing" in seen.text("stderr")
    assert seen.traceback == "CommandError: exit status 2"


@pytest.mark.parametrize(("driver", "ran"), [("private", True), ("rootless", True), ("container", False)])
def test_a_look_from_outside_only_where_there_is_something_to_see(ipython, driver, ran):
    ipython.run(f"engine.driver = {driver!r}")
    said = ipython.run("%%shell --outside\necho looked").text("stdout")
    assert said == "looked\n" if ran else said.startswith("Skipped: the engine is in a virtual machine")
    ipython.run("del engine.driver")


def test_expected_failure(ipython):
    assert ipython.run("%%shell --fails\nexit 3").text("stdout") == "[exit status 3, as expected]\n"
    seen = ipython.run("%%shell --fails\ntrue")
    assert "exit status 0, but this cell expects its commands to fail" in seen.traceback


def test_keep_going(ipython):
    seen = ipython.run("%%shell --keep-going\nfalse\necho after")
    assert (seen.text("stdout"), seen.error) == ("after\n", "")


def test_result_is_kept_also_of_a_failure(ipython):
    ipython.run("%%shell --out kept\necho out; echo err >&2; exit 4")
    seen = ipython.run("print(kept.exit_code, repr(kept.stdout), repr(kept.stderr), kept.seconds > 0)")
    assert seen.text("stdout") == "4 'out\\n' 'err\\n' True\n"


def test_quiet_shows_the_output_only_when_it_went_wrong(ipython):
    assert ipython.run("%%shell --quiet\necho hidden").streams == []
    seen = ipython.run("%%shell --quiet\necho reason; exit 1")
    assert seen.streams == []
    assert "reason" in seen.traceback and "exit status 1" in seen.traceback


def test_line_magic_hands_the_command_on_as_it_is_typed(ipython):
    seen = ipython.run("home = 'python'\n%shell --timeout 20 printf '%s|' -a '{{.Id}}  {home}' \"$((1+1))\"")
    assert seen.text("stdout") == "-a|{{.Id}}  {home}|2|"


def test_unknown_option_is_a_usage_error(ipython):
    seen = ipython.run("%%shell --nope\ntrue")
    assert seen.streams == [("stderr", "UsageError: unrecognized arguments: --nope\n")]


def test_time_out_ends_the_cell(ipython, tmp_path):
    file = tmp_path / "pids"
    seen = ipython.run(f"%%shell --timeout 1\necho $$ > {file}; sleep 300 & echo $! >> {file}; echo started; wait")
    assert seen.text("stdout") == "started\n"
    assert "did not end within " in seen.traceback and "Traceback" not in seen.traceback
    assert all(gone(pid) for pid in pids_in(file, 2))


def test_stop_button_ends_everything_and_the_kernel_lives(ipython, tmp_path):
    file = tmp_path / "pids"
    message = ipython.begin(f"%%shell\necho $$ > {file}; setsid sleep 300 & echo $! >> {file}; sleep 300")
    pids = pids_in(file, 2)
    ipython.manager.interrupt_kernel()
    seen = ipython.finish(message)
    assert seen.traceback.startswith("CommandError: interrupted")
    assert all(gone(pid) for pid in pids)
    assert ipython.run("%shell echo still here").text("stdout") == "still here\n"


def test_stop_button_ends_a_session(ipython, tmp_path):
    file = tmp_path / "pids"
    message = ipython.begin(f"%%session\nsh -c 'echo $$ > {file}; exec sleep 300'\nnever typed")
    pids = pids_in(file, 1)
    ipython.manager.interrupt_kernel()
    assert ipython.finish(message).traceback.startswith("CommandError: interrupted")
    assert all(gone(pid) for pid in pids)


SLOW_TO_TELL = """
import time
from labsupport.shell import processes
processes.Watch.add = lambda *told: time.sleep(60)
"""


@pytest.mark.parametrize("meanwhile", ["", SLOW_TO_TELL], ids=["running", "just-begun"])
def test_killed_kernel_leaves_nothing_behind(tmp_path, meanwhile):
    file = tmp_path / "pids"
    with kernel() as running:
        running.run(PLAIN_ENGINE + meanwhile)
        running.begin(f"%%shell\necho $$ > {file}; sleep 300 & echo $! >> {file}; wait")
        pids = pids_in(file, 2)
        running.manager.shutdown_kernel(now=True)
        deadline = time.monotonic() + 30
        while not all(gone(pid) for pid in pids):
            assert time.monotonic() < deadline, "the commands outlived their kernel"
            time.sleep(0.05)


def test_progress_is_stored_once(ipython):
    seen = ipython.run(r"""%%shell
for n in $(seq 1 100); do printf 'loading %s%%\r' $n; done; echo
echo '5dfb6648ab99: Pulling fs layer'; echo '5dfb6648ab99: Download complete'; echo '5dfb6648ab99: Pull complete'
""")
    assert seen.text("stdout") == "loading 100%\n5dfb6648ab99: Pull complete\n"


def test_huge_output_is_shown_in_part_and_kept_whole(ipython):
    seen = ipython.run("%%shell --out kept\nseq 1 200000")
    assert len(seen.text("stdout")) < 300_000 and "only the first 256 KiB are shown" in seen.text("stdout")
    assert ipython.run("print(len(kept.stdout.split()))").text("stdout") == "200000\n"


def test_notice_of_the_engine_comes_once_before_the_output(ipython):
    ipython.run("engine.told = ['the engine had ended (exit 137); it was started again']")
    seen = ipython.run("%shell echo hello")
    assert seen.streams == [
        ("stderr", "[sandbox] the engine had ended (exit 137); it was started again\n"),
        ("stdout", "hello\n"),
    ]
    assert ipython.run("%shell echo hello").text("stderr") == ""


def test_terminal_needed_is_explained_not_run(ipython, tmp_path):
    seen = ipython.run(f"%%shell\ntouch {tmp_path}/ran\ndocker run -it --rm busybox sh")
    assert seen.traceback.startswith("CommandError: this needs a terminal, and a cell has none: docker run -it")
    assert "%%session" in seen.traceback and "terminal beside this notebook" in seen.traceback
    assert not (tmp_path / "ran").exists()


def test_session_shows_what_a_terminal_shows(ipython):
    seen = ipython.run("%%session --out kept\nenv -i PS1='$ ' PATH=$PATH sh -i\ntest -t 0 && echo tty\nexit 5\n")
    assert seen.text("stdout") == "$ test -t 0 && echo tty\ntty\n$ exit 5\n[exit status 5]\n"
    assert ipython.run("print(kept.exit_code, kept.typed[1])").text("stdout") == "5 exit 5\n"


def test_session_that_ends_too_soon_fails_without_traceback(ipython):
    seen = ipython.run("%%session\necho gone; exit 125\nhostname\nexit")
    assert seen.text("stdout") == "gone\n"
    assert seen.traceback.startswith("CommandError: the session ended before 'hostname' could be typed")


def test_help_names_the_options(ipython):
    shown = ipython.run("%%shell?").help
    for part in ("--timeout SECONDS", "--fails", "--out NAME", "stop button"):
        assert part in shown
    assert "docker run -it --rm busybox sh" in ipython.run("%%session?").help


def test_options_are_completed(ipython):
    assert ipython.complete("%%shell --ti") == ["--timeout"]
    assert "--prompt" in ipython.complete("%%session --")
