"""The small programs on PATH: what they are called with arrives, wherever they are called from."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from labsupport.sandbox import own, programs
from labsupport.sandbox.own import command


def test_words_and_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    program = tmp_path / "a folder" / "say"
    programs.write(program, ["printf", "%s|", "it's", "$HOME"], before="cd /\n")
    done = subprocess.run([program, "two words", "*"], capture_output=True, text=True, check=True)
    assert done.stdout == "it's|$HOME|two words|*|"


def test_a_module_is_called_from_any_folder_even_one_with_a_module_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "labsupport.py").write_text("raise SystemExit('a stranger')")
    program = tmp_path / "bin" / "engine-host"
    programs.write(program, programs.calling("labsupport.sandbox.engine_host", str(tmp_path / "none"), site=False))
    done = subprocess.run([program, "true"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        4,
        "engine-host: the sandbox does not run, so there is no engine to run this beside",
    )


def test_the_exit_status_is_what_main_returned(tmp_path: Path) -> None:
    program = tmp_path / "own-engine"
    programs.write(program, programs.calling("labsupport.sandbox.own.command", str(tmp_path)))
    done = subprocess.run([program, "ps"], cwd="/", capture_output=True, text=True)
    assert done.returncode == 4
    assert "the sandbox does not run" in done.stderr


def test_what_a_program_has_to_fetch_is_no_output_of_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the lesson's cell differs the first time it is run on a machine, and only then."""

    def fetch(folder: Path, report: Callable[[str], None]) -> str:
        report("fetching crun")
        return str(folder / "crun")

    monkeypatch.setattr(own, "attach", lambda sandbox: SimpleNamespace(folder=tmp_path))
    monkeypatch.setattr(command.crun, "fetch", fetch)
    command.run(SimpleNamespace(directory=tmp_path), "crun", [])  # type: ignore[arg-type]
    assert capsys.readouterr() == (f"{tmp_path / 'crun'}\n", "")
