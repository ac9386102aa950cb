"""An engine is waited for, and booted again where only its own time limit was too short for this machine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labsupport.sandbox import ready

SLOW = "failed to start containerd: timeout waiting for containerd to start\n"


class Played:
    """A driver whose boots write these lines into the engine's log; one that writes "" answers."""

    def __init__(self, folder: Path, *said: str) -> None:
        self.said = list(said)
        self.stops = 0
        self.driver: Any = SimpleNamespace(engine_log=folder / "engine.log", stop=self.stop)

    def boot(self) -> str:
        if line := self.said.pop(0):
            with self.driver.engine_log.open("a") as log:
                log.write(line)
            raise RuntimeError(f"engine ended: {line}")
        return "ready"

    def stop(self) -> None:
        self.stops += 1


def test_an_engine_whose_containerd_was_too_slow_is_booted_again(tmp_path: Path) -> None:
    played = Played(tmp_path, SLOW, SLOW, "")
    assert ready.patiently(played.driver, played.boot) == "ready"
    assert (played.stops, played.said) == (2, [])


def test_it_is_not_booted_for_ever(tmp_path: Path) -> None:
    played = Played(tmp_path, *[SLOW] * (ready.MOST_BOOTS + 1))
    with pytest.raises(RuntimeError, match="timeout waiting"):
        ready.patiently(played.driver, played.boot)
    assert len(played.said) == 1


def test_another_reason_is_told_at_once_whatever_an_earlier_boot_said(tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text(SLOW)
    played = Played(tmp_path, "no such storage driver\n", "")
    with pytest.raises(RuntimeError, match="no such storage driver"):
        ready.patiently(played.driver, played.boot)
    assert (played.stops, played.said) == (0, [""])
