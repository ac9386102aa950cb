"""Lines that connect a terminal: whatever is in the values, the shell gets exactly these."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from labsupport.cli.main import SHELLS
from labsupport.sandbox import exports
from labsupport.sandbox.session import Sandbox

HOSTILE = 'it\'s "a" $HOME `id` $(id) \\ ; & * é\n two'


def test_the_command_line_knows_the_same_shells() -> None:
    assert SHELLS == exports.SHELLS


def test_values_arrive_whole_and_what_would_lead_elsewhere_goes(tmp_path: Path) -> None:
    box = Sandbox("default", tmp_path, "private", f"unix://{tmp_path}/{HOSTILE}")
    text = "\n".join(exports.lines(box, os.environ, "sh"))
    for shell in ("sh", "bash"):
        done = subprocess.run(
            [shell, "-c", 'DOCKER_CONTEXT=mine; eval "$TEXT"; printf %s "$DOCKER_HOST$DOCKER_CONTEXT"'],
            env={**os.environ, "TEXT": text}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == f"unix://{tmp_path}/{HOSTILE}"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("fish", r"set -gx DOCKER_HOST 'unix:///it\'s \\ here'"),
        ("powershell", r"$env:DOCKER_HOST = 'unix:///it''s \ here'"),
    ],
)
def test_quotes_of_other_shells(tmp_path: Path, shell: str, line: str) -> None:
    box = Sandbox("default", tmp_path, "private", "unix:///it's \\ here")
    assert line in exports.lines(box, {}, shell)


def test_the_line_to_type_is_the_shells_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert exports.command().startswith("sh -c ") and exports.command().endswith("--shell fish' | source")
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert exports.command().startswith('eval "$(cd ')
    assert exports.command("powershell").startswith("Push-Location '")
