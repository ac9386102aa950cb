"""`verify` on notebooks that are decided before anything is run: statuses, words, the XML."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labsupport.cli import main
from labsupport.lessons import find

LESSON = find("00")[0]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABSUPPORT_SEED", raising=False)


def test_the_notebook_as_handed_out_fails_and_the_xml_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["verify", str(LESSON.learner), "--junitxml", str(tmp_path / "found.xml")]) == 1
    assert "FAIL  00.1     cleared: " in capsys.readouterr().out
    suite = ElementTree.parse(tmp_path / "found.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("failures") == suite.get("tests") == "2"


def test_whose_notebook_it_is_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(LESSON.learner, tmp_path / "mine.ipynb")
    assert main.run(["verify", str(tmp_path / "mine.ipynb")]) == 2
    assert "next: python3 -m labsupport verify --seed SEED" in capsys.readouterr().err
    assert main.run(["verify", "--seed", "ada", str(tmp_path / "mine.ipynb")]) == 1


def test_a_folder_that_is_not_there_is_made_as_advised(tmp_path: Path) -> None:
    wanted = tmp_path / "reports" / "found.xml"
    assert main.run(["verify", str(LESSON.learner), "--junitxml", str(wanted)]) == 2
    wanted.parent.mkdir(parents=True)
    assert main.run(["verify", str(LESSON.learner), "--junitxml", str(wanted)]) == 1
    assert wanted.exists()


@pytest.mark.parametrize("name", ["none.ipynb", "text.ipynb", "03-run-containers.ipynb"])
def test_what_is_no_notebook_of_the_lesson_is_two_lines(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.ipynb").write_text("no notebook")
    shutil.copy(LESSON.learner, tmp_path / "03-run-containers.ipynb")
    assert main.run(["verify", "--seed", "ada", str(tmp_path / name)]) == 2
    shown = capsys.readouterr().err
    assert name in shown
    assert "Traceback" not in shown
