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


class SlowEngine:
    """An engine whose container outlives its shim by many looks, as in a slow machine, and then is killed."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.signalled = False

    def client(self, *words: str, check: bool = False) -> str:
        return ""

    def containerd(self) -> None: ...

    def dockerd(self) -> None: ...

    def info(self) -> dict[str, bool]:
        return {"LiveRestoreEnabled": False}

    def first_process(self, container: str) -> int:
        return 7

    def shim(self, container: str) -> int:
        return 6

    def signal(self, who: object, name: str) -> None:
        self.signalled = True

    def state(self, container: str) -> dict[str, object]:
        self.looks -= self.signalled
        alive = self.looks > 0
        return {"Running": alive, "Status": "running" if alive else "exited", "ExitCode": 0 if alive else 137}


def test_the_end_that_follows_a_shims_is_waited_for_however_late(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine(looks=200)
    monkeypatch.setattr(trials, "_began", lambda pid: "now" if engine.looks > 0 else "")
    monkeypatch.setattr(trials, "SETTLE_SECONDS", 0.02)
    shim = next(blow for blow in trials.BLOWS if blow.who == "shim")
    outcome = trials.deal(engine, shim)  # type: ignore[arg-type]
    assert (outcome.alive_down, outcome.alive_back, outcome.state) == (False, False, "exited (137)")
