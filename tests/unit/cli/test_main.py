"""Errors become their own lines and exit statuses: a learner never sees a traceback."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from labsupport import sandbox
from labsupport.cli import main
from labsupport.errors import NoEngine


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_DEBUG", raising=False)
    return tmp_path


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def status() -> None:
        raise error

    monkeypatch.setattr(sandbox, "status", status)
    return main.run(["status"])


def test_a_course_error_is_its_three_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    error = NoEngine("nothing here runs containers", seen="no dockerd", next_command="apt-get install docker.io")
    assert raising(error, monkeypatch) == NoEngine.exit_code
    assert capsys.readouterr().err == (
        "nothing here runs containers\n  seen: no dockerd\n  next: apt-get install docker.io\n"
    )


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_a_fault_of_ours_keeps_its_traceback_in_a_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(ZeroDivisionError("division by zero"), monkeypatch) == main.BUG
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in shown
    assert "Traceback" not in shown
    assert "Traceback" in (home / "cache" / "fault.txt").read_text()


def test_a_fault_on_a_full_disk_is_still_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "cache").write_text("a file where the folder should be")
    assert raising(ZeroDivisionError(), monkeypatch) == main.BUG
    assert "LABSUPPORT_DEBUG=1" in capsys.readouterr().err


def test_a_wrong_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["start", "--prot", "9000"]) == 2
    assert "--port" in capsys.readouterr().err


def test_help_names_every_command_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in main.course.commands:
        assert re.search(rf"^  {name} +[A-Z]", shown, re.MULTILINE), name


def test_status_without_a_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["status"]) == 4
    assert re.search(r"^sandbox +stopped$", capsys.readouterr().out, re.MULTILINE)


def test_stop_with_nothing_to_stop(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["stop"]) == 0
    assert capsys.readouterr().err == "Nothing was running.\n"


def test_purge_leaves_the_learners_work(home: Path) -> None:
    (home / "work").mkdir()
    (home / "work" / "mine.ipynb").write_text("mine")
    (home / "cache" / "packages").mkdir(parents=True)
    assert main.run(["stop", "--purge"]) == 0
    assert [path.name for path in home.iterdir()] == ["work"]


def test_reset_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "reset", lambda report: pytest.fail("reset without an answer"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert main.run(["reset"]) == 130
