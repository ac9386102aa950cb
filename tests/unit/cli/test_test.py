"""What `test` calls pytest with."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.cli.test import QUICK, processes, words

ROOT = Path(__file__).parents[3]
SEVERAL = ["-n", str(processes(False))]


@pytest.mark.parametrize("arguments", [[], ["-k", "layers"], ["--junitxml=times.xml"]])
def test_all_of_it_runs_in_several_processes(arguments: list[str]) -> None:
    assert words(arguments, ROOT) == [*SEVERAL, *arguments]


@pytest.mark.parametrize(
    "arguments", [["tests/unit"], ["tests/unit/cli/test_test.py::test_this"], ["-n", "3"], ["-n0"], ["--pdb"], ["-x"]]
)
def test_files_and_what_one_process_does_are_left_to_pytest(arguments: list[str]) -> None:
    assert words(arguments, ROOT) == arguments


def test_quick_and_lesson_choose() -> None:
    assert words([], ROOT, quick=True)[-2:] == ["-m", QUICK]
    assert words([], ROOT, lesson="03")[-1] == "--lesson=03"
    assert words(["-x"], ROOT, lesson="03") == ["--lesson=03", "-x"]
