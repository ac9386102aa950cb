"""`layers --archive`: what it reads, what it chooses, and what it says when there is nothing to read."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from labsupport.errors import ImageDataError
from labsupport.layers.command import layers_command
from labsupport.oci.writing import File, Recipe, archive, layer

ONE = layer([File("one", b"1" * 100)])
RAW = archive([Recipe("one:1", [ONE]), Recipe("two:2", [ONE, layer([File("two")])])])


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "both.tar").write_bytes(RAW)
    return tmp_path / "both.tar"


def test_a_mistyped_path_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ImageDataError, match="cannot be read") as caught:
        layers_command(None, archive=tmp_path / "no such file.tar")
    assert "No such file" in caught.value.seen and caught.value.next_command == f"ls -l {tmp_path}"
    (tmp_path / "empty.tar").touch()
    with pytest.raises(ImageDataError, match="holds no image"):
        layers_command(None, archive=tmp_path / "empty.tar")


def test_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RAW)))
    assert layers_command(None, archive="-").count("INSTRUCTION") == 2


def test_the_images_that_are_asked_for(saved: Path) -> None:
    text = layers_command(None, ["two:2"], archive=saved, files=True)
    assert text.startswith("two:2") and "one:1" not in text and "ADDED" in text
    with pytest.raises(ImageDataError, match="no image three") as caught:
        layers_command(None, ["three"], archive=saved)
    assert caught.value.seen == "one:1, two:2"


def test_the_check(saved: Path) -> None:
    lines = layers_command(None, ["two:2"], archive=saved, check=True).splitlines()
    assert "ARCHIVE" in lines[0] and len(lines) == 3
    assert all(line.startswith("two:2: ") and line.endswith("equal") for line in lines[1:])
