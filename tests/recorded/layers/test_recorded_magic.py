"""`%layers` and `layers` in an IPython, on a recorded engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from test_recorded_engines import Replay

from labsupport.errors import ImageDataError
from labsupport.layers.engine import Reader
from labsupport.notebook import layers_magic


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    reader = Reader(Replay("engine-20.10-overlay2"))  # type: ignore[arg-type]
    monkeypatch.setattr(layers_magic.Layers, "_engine", lambda self: reader)

    def no_registry(self: object, *images: str) -> None:
        raise ImageDataError("no registry")

    monkeypatch.setattr(layers_magic.Layers, "registry", no_registry)
    shell = InteractiveShell()
    layers_magic.register(shell)
    yield shell
    shell.history_manager.end_session()


def run(shell: Any, line: str, capsys: pytest.CaptureFixture[str]) -> str:
    shell.run_line_magic("layers", line)
    return capsys.readouterr().out


def test_named_images_are_drawn_with_their_ledger(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(shell, "app:bk app:classic", capsys)
    assert "layer stacks of 2 images" in out and "a copy for each image: 14.0 MB" in out


def test_options_in_any_order(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "INSTRUCTION" in run(shell, "app:bk --text", capsys)
    assert "Tree of" in run(shell, "--view tree", capsys)
    assert "equal" in run(shell, "--check", capsys)


def test_the_name_layers_is_there(shell: Any) -> None:
    layers = shell.user_ns["layers"]
    assert "3 images" in layers.show().alt
    before = layers.snapshot()
    assert "No image came or went" in layers.compare(before).alt
    assert layers.compare("app:bk", "app:classic").alt.startswith("1 layer in common: 1.98 MB")


@pytest.mark.parametrize(
    "call",
    [
        lambda layers: layers.show("nope"),
        lambda layers: layers.show(view="nope"),
        lambda layers: layers.show("app:bk", "app:classic", view="waste"),
        lambda layers: layers.compare("app:bk"),
        lambda layers: layers.compare("app:bk", "app:bk"),
    ],
)
def test_mistakes_are_clear_errors(shell: Any, call: Any) -> None:
    with pytest.raises(ImageDataError):
        call(shell.user_ns["layers"])
