"""Committed outputs are the learner's, not those of the machine that built them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from labsupport.lessons import lint
from labsupport.lessons.place import anywhere


@pytest.mark.parametrize("folder", ["{home}/cache/sandbox/default/run", "{temporary}/containers-course-0a1b2c3d4e"])
def test_the_builders_folders_are_written_as_a_learners(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    where = folder.format(home=tmp_path, temporary=tempfile.gettempdir())
    cell = new_code_cell("%%shell\necho $DOCKER_HOST")
    cell.outputs = [new_output("stream", name="stdout", text=f"unix://{where}/docker.sock\n")]
    notebook = new_notebook(cells=[cell])
    assert list(lint.no_home(notebook, tmp_path))
    made = anywhere(notebook)
    assert made.cells[0].outputs[0].text == (
        "unix:///home/ada/.cache/containers-course/sandbox/default/run/docker.sock\n"
    )
    assert list(lint.no_home(made, tmp_path)) == []
