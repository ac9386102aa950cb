"""Notebooks the course hands out are trusted by the course's JupyterLab, and by no other."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from labsupport.jupyter import settings, trust


def test_a_signed_notebook_is_trusted_until_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / "home"))
    cell = nbformat.v4.new_code_cell("1", id="a")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<b style='color:red'>1</b>"})]
    path = tmp_path / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    trust.sign([path, tmp_path / "picture.svg"])

    notary = NotebookNotary(data_dir=str(settings.folder() / "data"))
    notebook = nbformat.read(path, as_version=4)
    assert notary.check_signature(notebook)
    notebook.cells[0].outputs[0].data["text/html"] = "<script>"
    assert not notary.check_signature(notebook)
    notary.store.close()
