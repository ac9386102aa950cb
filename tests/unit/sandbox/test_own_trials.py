"""What is kept of the kill matrix, and what is told where no engine can be killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.sandbox import own
from labsupport.sandbox.own import recording, trials

SHOT = trials.Outcome("kill", "dockerd KILL, live-restore off", True, False, "exited", 7)


def test_kept_and_read_again(tmp_path: Path) -> None:
    assert trials.kept(tmp_path) == []
    trials.keep(tmp_path, [SHOT])
    assert trials.kept(tmp_path) == [SHOT]


def test_a_broken_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / trials.KEPT).write_text('[{"key": "kill"}]')
    assert trials.kept(tmp_path) == []


def test_told_in_one_line() -> None:
    line = trials.told(SHOT)
    assert line.startswith("dockerd KILL, live-restore off")
    assert line.endswith("while it is gone: alive  started again: dead   State: exited (7)")


def test_the_recorded_run_has_every_blow_and_says_that_it_is_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    kept = recording.load("no engine here")
    assert [outcome.key for outcome in kept.outcomes] == [blow.key for blow in trials.BLOWS]
    assert own.matrix(kept) == kept.outcomes
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(trials.BLOWS)
    assert all(line.endswith("[recorded]") for line in lines)
    assert kept.variables()["OWN_DIR"] == ""
