"""Which engine is taken: the versions the course was tried with, this machine's kernel, and what failed here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport.errors import NoEngine
from labsupport.sandbox import choice, engine, known, marked, packages, state, trial

VERSIONS = {"sid": "28.5.2", "trixie": "26.1.5", "": "20.10.24"}
Report = Callable[[str], None]


class Mirror:
    """A Debian mirror with an engine in each suite; what was fetched is kept."""

    def __init__(self, versions: dict[str, str]) -> None:
        self.versions, self.fetched = versions, []

    def fetch(
        self, names: tuple[str, ...], report: Report, *, suite: str = "", label: str = "", **more: object
    ) -> Path:
        version = self.versions[suite]
        folder = paths_of(label)
        if not (folder / packages.STAMP).exists():
            if (judge := more.get("judge")) and (why := judge(version)):  # type: ignore[operator]
                raise NoEngine("not wanted", seen=why)
            self.fetched.append(suite)
        for name in ("dockerd", "containerd", "runc", "docker"):
            program = folder / "usr/bin" / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f"#!/bin/sh\necho '{name} version {version}, build 1'\n")
            program.chmod(0o755)
        (folder / packages.STAMP).write_text(json.dumps({"wanted": list(names), "files": [version]}))
        return folder


def paths_of(label: str) -> Path:
    return packages.paths.packages() / label


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_PACKAGES", raising=False)
    monkeypatch.delenv("LABSUPPORT_ENGINE", raising=False)
    made = Mirror(dict(VERSIONS))
    monkeypatch.setattr(packages, "available", lambda: True)
    monkeypatch.setattr(packages, "newer_suites", lambda: ["sid", "trixie"])
    monkeypatch.setattr(packages, "fetch", made.fetch)
    monkeypatch.setattr(known, "kernel", lambda: "6.18.0")
    return made


def quiet(line: str) -> None:
    """Nobody listens."""


@pytest.mark.parametrize(
    ("version", "release", "why"),
    [
        ("28.5.2", "6.6.0-generic", ""),
        ("28.5.2", "6.1.0-49-amd64", "needs Linux 6.6"),
        ("28.5.2", "5.15.0-91-generic", "needs Linux 6.6"),
        ("26.1.5", "6.1.0-49-amd64", ""),
        ("20.10.24", "4.19", ""),
        ("29.0.1", "6.18.0", "not tried"),
        ("", "6.18.0", "not tried"),
    ],
)
def test_what_is_known_of_an_engine_on_a_kernel(version: str, release: str, why: str) -> None:
    told = known.why_not(version, release)
    assert why in told
    assert bool(told) == bool(why)


@pytest.mark.parametrize(("kernel", "version"), [("6.18.0", "28.5.2"), ("6.1.0-49-amd64", "26.1.5")])
def test_the_newest_known_engine_for_this_kernel_is_taken(
    kernel: str, version: str, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "kernel", lambda: kernel)
    assert engine.get(quiet, "private").version == version
    assert ("sid" in mirror.fetched) == (version == "28.5.2"), "an engine that is not used was fetched"


def test_the_lists_of_a_suite_that_is_not_wanted_are_read_once(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes a slow machine minutes, and a start chooses more than once: before a trial and after it."""
    monkeypatch.setattr(known, "kernel", lambda: "6.1.0-49-amd64")
    read: list[str] = []

    def fetch(*names: object, label: str, suite: str = "", **others: object) -> Path:
        read.append(suite)
        return mirror.fetch(*names, label=label, suite=suite, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(packages, "fetch", fetch)
    assert [engine.get(quiet, "private").version for _ in range(2)] == ["26.1.5", "26.1.5"]
    assert read.count("sid") == 1


def test_a_suite_that_moves_changes_nothing(mirror: Mirror) -> None:
    mirror.versions["sid"] = "29.0.0"
    assert engine.get(quiet, "private").version == "26.1.5"
    mirror.versions.update({"sid": "30.1.0", "trixie": "29.0.0", "": "29.0.0"})
    assert engine.get(quiet, "private").version == "26.1.5"  # fetched before, and still known


def test_an_unknown_engine_is_better_than_none(mirror: Mirror) -> None:
    mirror.versions.update({"sid": "30.1.0", "trixie": "29.0.0", "": "27.5.1"})
    assert engine.get(quiet, "private").version == "30.1.0"


def trials(monkeypatch: pytest.MonkeyPatch, fails: dict[str, str]) -> list[str]:
    """Play the trial: it fails for these versions. Returns the versions tried so far."""
    tried: list[str] = []

    def run(settings: state.Settings, programs: engine.Engine) -> str:
        tried.append(programs.version)
        return fails.get(programs.version, "")

    monkeypatch.setattr(trial, "run", run)
    return tried


def start(tmp_path: Path, lines: list[str]) -> str:
    return choice._tried("default", tmp_path / "cache/sandbox/default", "private", lines.append).version


def test_an_engine_that_fails_its_trial_gives_way_to_the_next(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = trials(monkeypatch, {"28.5.2": "docker cp: chmod x: no such file"})
    lines: list[str] = []
    assert start(tmp_path, lines) == "26.1.5"
    assert "engine 28.5.2 does not work here: docker cp: chmod x: no such file" in lines
    assert tried == ["28.5.2", "26.1.5"]
    assert start(tmp_path, lines) == "26.1.5"
    assert tried == ["28.5.2", "26.1.5"], "a second start paid for a trial"


def test_another_kernel_or_another_set_of_packages_is_tried_anew(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = trials(monkeypatch, {})
    assert start(tmp_path, []) == "28.5.2"
    monkeypatch.setattr(known, "kernel", lambda: "6.19.0")
    assert start(tmp_path, []) == "28.5.2"
    assert tried == ["28.5.2"] * 2
    (paths_of("sid") / packages.STAMP).write_text('{"files": ["other"]}')
    mirror.versions["sid"] = "28.5.3"
    for name in ("sid", "release"):
        (paths_of(name) / "runs-here.json").unlink(missing_ok=True)
    (paths_of("sid") / packages.STAMP).unlink()
    assert start(tmp_path, []) == "28.5.3"
    assert tried == ["28.5.2", "28.5.2", "28.5.3"]


def test_where_all_fail_the_first_goes_on_and_says_what_fails(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = dict.fromkeys(VERSIONS.values(), "docker exec: no")
    tried = trials(monkeypatch, fails)
    lines: list[str] = []
    assert start(tmp_path, lines) == "28.5.2"
    assert lines[-1] == "no engine passed here; it goes on with 28.5.2. What fails: docker exec: no"
    assert len(tried) == 3
    fails.clear()  # whatever was missing was installed
    assert start(tmp_path, lines) == "28.5.2"
    assert not known.failures("private")


def test_where_engines_are_shared_and_read_only_the_outcome_is_kept_too(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known.os, "access", lambda path, mode: not str(path).endswith("/packages"))
    tried = trials(monkeypatch, {})
    assert start(tmp_path, []) == start(tmp_path, []) == "28.5.2"
    assert len(tried) == 1
    assert (packages.paths.cache() / marked.TRIALS).exists()
