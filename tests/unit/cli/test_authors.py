"""The commands of those who write lessons, as far as they need no engine."""

from __future__ import annotations

import pytest

from labsupport import lessons, sandbox
from labsupport.cli import authors
from labsupport.cli.main import run
from labsupport.lessons import lint


def test_a_whole_lesson_has_nothing_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lint", "00"]) == 0
    assert "Nothing to mend" in capsys.readouterr().err


def test_what_is_wrong_is_said_before_anything_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lint, "RULES", (lambda notebook, folder: ["a rule that this lesson breaks"],))
    monkeypatch.setattr(lessons, "build", lambda *words: pytest.fail("built in spite of it"))
    assert run(["build", "00"]) == 1
    said = capsys.readouterr()
    assert said.out == "00: a rule that this lesson breaks\n"
    assert "1 to mend" in said.err


@pytest.mark.parametrize("words", [["lint", "77"], ["record", "77"], ["prove", "77.1"]])
def test_a_lesson_that_is_not_there_starts_nothing(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sandbox, "start", lambda *words, **more: pytest.fail("a sandbox was started"))
    assert run(words) != 0
    assert "next: " in (said := capsys.readouterr().err) or "seen: " in said


def test_every_command_is_in_the_help_once(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    said = capsys.readouterr().out
    assert [said.count(f"\n  {command.name} ") for command in authors.COMMANDS] == [1] * len(authors.COMMANDS)
