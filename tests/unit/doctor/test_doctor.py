"""Findings from payloads and from machines that are not this one; no engine is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labsupport.doctor import engine, lessons, machine, report
from labsupport.doctor.finding import Finding, Level, fail, ok, warn
from labsupport.errors import NoEngine

VERSION = {"Version": "28.5.2", "ApiVersion": "1.51", "MinAPIVersion": "1.24"}
INFO: dict[str, Any] = {
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "CgroupVersion": "2",
    "CgroupDriver": "systemd",
    "MemoryLimit": True,
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "Architecture": "x86_64",
    "OSType": "linux",
}


def judged(version: dict[str, Any] | None = None, **info: Any) -> dict[str, Finding]:
    facts = engine.Facts("private", {**VERSION, **(version or {})}, {**INFO, **info})
    return {finding.subject: finding for finding in engine.judge(facts, "unix:///run/x.sock")}


def test_a_good_engine_has_nothing_to_mend() -> None:
    found = judged()
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert found["engine"].seen == "28.5.2, API 1.51 (oldest it speaks: 1.24)"
    assert found["storage"].seen == "overlay2, graph driver"
    assert found["cgroups"].seen == "version 2, driver systemd"


def test_the_containerd_image_store_is_told_from_a_graph_driver() -> None:
    status = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert judged(Driver="overlayfs", DriverStatus=status)["storage"].seen == "overlayfs, containerd image store"


def test_vfs_is_a_warning() -> None:
    assert judged(Driver="vfs")["storage"].level is Level.WARN


@pytest.mark.parametrize("info", [{"CgroupDriver": "none"}, {"MemoryLimit": False}])
def test_an_engine_without_limits(info: dict[str, Any]) -> None:
    found = judged(**info)["cgroups"]
    assert found.level is Level.WARN
    assert "no effect" in found.seen


def test_cgroups_that_a_log_in_would_bring() -> None:
    assert "log in" in judged(CgroupDriver="none", CgroupVersion="2")["cgroups"].mend
    assert not judged(CgroupDriver="none", CgroupVersion="1")["cgroups"].mend


def test_rootless_is_named() -> None:
    assert "rootless" in judged(SecurityOptions=["name=rootless"])["root"].seen
    assert judged(SecurityOptions=None)["root"].seen == "the engine runs as root"


@pytest.mark.parametrize(
    ("number", "level"),
    [("19.03.15", Level.WARN), ("20.10.24+dfsg1", Level.OK), ("28.5.2+dfsg4", Level.OK), ("dev", Level.OK)],
)
def test_the_oldest_engine_that_was_tried(number: str, level: Level) -> None:
    assert judged({"Version": number})["engine"].level is level


@pytest.mark.parametrize(("name", "level"), [("darwin", Level.OK), ("win32", Level.WARN), ("freebsd14", Level.WARN)])
def test_other_systems(name: str, level: Level) -> None:
    assert machine.system(name, "arm64").level is level


def test_windows_is_told_about_wsl() -> None:
    assert machine.system("win32", "AMD64").mend == "wsl --install"


def test_no_driver_says_what_to_install() -> None:
    def none() -> str:
        raise NoEngine("no engine", seen="no newuidmap", next_command="sudo apt-get install uidmap")

    assert machine.driver("linux", none) == fail("driver", "no engine (no newuidmap)", "sudo apt-get install uidmap")
    assert machine.driver("linux", lambda: "rootless").level is Level.OK


def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Usage:
        free = 0

    monkeypatch.setattr(machine.shutil, "disk_usage", lambda place: Usage)  # type: ignore[attr-defined]
    levels = []
    for Usage.free in (500_000_000, 2_000_000_000, 9_000_000_000):
        levels.append(machine.disk(tmp_path / "not" / "made" / "yet").level)
    assert levels == [Level.FAIL, Level.WARN, Level.OK]


def test_a_lesson_declares_its_needs() -> None:
    assert lessons.needs_of("---\njupyter:\n  x: 1\nneeds: [cgroup, 'root']\n---\n# Title\n") == ["cgroup", "root"]
    assert lessons.needs_of("# Title\n\nneeds: [cgroup]\n") == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, needs in (("00-start", ""), ("06-limits", "needs: [cgroup]\n"), ("99-odd", "needs: [luck]\n")):
        folder = tmp_path / "labs" / name
        folder.mkdir(parents=True)
        (folder / "lesson.md").write_text(f"---\n{needs}---\n# A lesson\n")
    return tmp_path


def test_lessons_that_will_not_work_are_named_with_the_reason(checkout: Path) -> None:
    found = lessons.findings(checkout, engine.Facts("rootless", VERSION, {**INFO, "CgroupDriver": "none"}))
    assert [finding.subject for finding in found] == ["lessons", "lesson 06-limits", "lesson 99-odd"]
    assert found[0].seen == "work here: 00"
    assert "can't limit memory" in found[1].seen
    assert "does not know" in found[2].seen


def test_a_met_need_is_no_finding(checkout: Path) -> None:
    found = lessons.findings(checkout, engine.Facts("private", VERSION, INFO))
    assert found[0].seen == "work here: 00, 06"


def test_without_an_engine_nothing_is_promised(checkout: Path) -> None:
    found = lessons.findings(checkout, engine.Facts())
    assert (found[0].level, found[0].seen) == (Level.WARN, "can be judged once the sandbox runs: 00, 06")


def test_the_courses_own_lessons_declare_only_known_needs() -> None:
    sources = sorted(Path(__file__).parents[3].glob("labs/*/lesson.md"))
    assert sources
    for source in sources:
        assert set(lessons.needs_of(source.read_text(encoding="utf-8"))) <= set(lessons.NEEDS), source


def test_text_says_the_level_as_a_word_and_how_to_mend_it() -> None:
    text = report.as_text([ok("a", "fine"), fail("disk", "full", "df -h")])
    assert text.splitlines() == [
        "OK    a     fine",
        "FAIL  disk  full",
        "            mend it: df -h",
        "",
        "1 OK, 0 WARN, 1 FAIL",
    ]


def test_json_and_exit_status_agree() -> None:
    assert json.loads(report.as_json([warn("a", "b", "c")])) == {
        "ok": True,
        "findings": [{"level": "WARN", "subject": "a", "seen": "b", "mend": "c"}],
    }
    assert json.loads(report.as_json([fail("a", "b")]))["ok"] is False
    assert report.exit_status([fail("a", "b")]) == 1
    assert report.exit_status([]) == 0


def test_the_reasons_are_those_of_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(need: str, driver: str, platform: str = "linux", **info: Any) -> Finding:
        monkeypatch.setattr(lessons.sys, "platform", platform)
        return lessons._unmet("03-x", need, engine.Facts(driver, VERSION, {**INFO, **info}))

    assert "the engine is in a container on yours" in reason("linux", "container").seen
    assert "virtual machine" in reason("linux", "container", "darwin").seen
    assert "log in as this user" in reason("cgroup", "rootless", CgroupVersion="2").mend
    assert "sudo python3 -m labsupport start" in reason("cgroup", "rootless", CgroupVersion="1").mend
    assert reason("cgroup", "private").mend == ""


def test_what_engines_could_not_do_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labsupport.sandbox import apparmor, known

    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.delenv("LABSUPPORT_PACKAGES", raising=False)
    monkeypatch.setattr(apparmor, "parser_missing", lambda: False)
    assert machine.engines(lambda: "private") == []
    known.record_failure("sid-1+release-2", "private", "docker cp: chmod x")
    (found,) = machine.engines(lambda: "private")
    assert (found.level, found.seen) == (Level.FAIL, "no engine passed here: sid: docker cp: chmod x")
    known.record_chosen("newest", "private", "trixie-3+release-2")
    (found,) = machine.engines(lambda: "private")
    assert (found.level, found.seen[:39]) == (Level.OK, "the engine from trixie passed; sid was "[:39])
    monkeypatch.setattr(apparmor, "parser_missing", lambda: True)
    assert machine.engines(lambda: "private")[-1].level is Level.WARN
    assert machine.engines(lambda: "rootless")[-1:] == []
