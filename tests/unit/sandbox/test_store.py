"""The image store is chosen once, pinned both ways, and stays with the sandbox's data. No engine is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labsupport.doctor import machine
from labsupport.doctor.finding import Level
from labsupport.errors import SandboxError
from labsupport.sandbox import lifecycle, state, store
from labsupport.sandbox.driver import Driver


@pytest.fixture(autouse=True)
def no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABSUPPORT_STORE", raising=False)


def kept(folder: Path, name: str) -> Path:
    made = state.Settings("default", str(folder), str(folder), "private", {"version": "28.5", "program_folders": []})
    made.store = name
    state.write_json(folder / state.SETTINGS, made)
    return folder


@pytest.mark.parametrize(
    ("had", "wished", "chosen"),
    [
        ("", "", "graph"),
        ("", "containerd", "containerd"),
        ("containerd", "", "containerd"),
        ("containerd", "containerd", "containerd"),
        ("graph", "graph", "graph"),
    ],
)
def test_the_wish_counts_at_the_first_boot_and_the_data_after_it(
    had: str, wished: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABSUPPORT_STORE", wished)
    assert store.choose(kept(tmp_path, had) if had else tmp_path) == chosen


@pytest.mark.parametrize(("had", "wished"), [("graph", "containerd"), ("containerd", "graph")])
def test_data_of_one_store_is_not_given_to_the_other(
    had: str, wished: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    folder = tmp_path / "cache/sandbox/default"
    folder.mkdir(parents=True)
    kept(folder, had)
    monkeypatch.setenv("LABSUPPORT_STORE", wished)
    with pytest.raises(SandboxError) as caught:
        lifecycle.start()
    assert store.NAMES[had] in caught.value.message
    assert f"LABSUPPORT_STORE={wished}" in caught.value.seen
    assert "unset LABSUPPORT_STORE" in caught.value.next_command
    assert "labsupport reset" in caught.value.next_command
    found = machine.image_store(folder)
    assert (found.level, found.mend) == (Level.FAIL, caught.value.next_command)
    # both ways out
    store.forget(folder)
    assert store.choose(folder) == wished
    kept(folder, had)
    monkeypatch.delenv("LABSUPPORT_STORE")
    assert store.choose(folder) == had


def test_a_sandbox_made_before_there_was_a_choice_has_a_graph_driver(tmp_path: Path) -> None:
    old = {"name": "default", "directory": "/d", "sockets": "/s", "driver": "private"}
    (tmp_path / state.SETTINGS).write_text(json.dumps(old))
    assert store.kept(tmp_path) == "graph"


def test_a_word_that_is_no_store_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_STORE", "overlay2")
    with pytest.raises(SandboxError, match="graph or containerd"):
        store.choose(tmp_path)


def test_an_engine_that_would_ignore_the_wish_is_refused() -> None:
    with pytest.raises(SandboxError, match="24"):
        store.check("containerd", 20)
    for name, major in (("graph", 20), ("containerd", 24), ("containerd", 0)):
        store.check(name, major)


@pytest.mark.parametrize(("name", "pinned"), [("graph", False), ("containerd", True)])
def test_the_engine_is_told_either_way(name: str, pinned: bool, tmp_path: Path) -> None:
    Driver(state.read_settings(kept(tmp_path, name))).dockerd()
    configuration = json.loads((tmp_path / "daemon.json").read_text())
    assert configuration["features"] == {"containerd-snapshotter": pinned}
