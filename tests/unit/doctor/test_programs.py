"""Missing programs: installed where that is allowed, named with what to type where it is not."""

from __future__ import annotations

import shutil

import pytest

from labsupport import furnish
from labsupport.doctor import programs
from labsupport.doctor.finding import Level

HERE: set[str] = set()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Debian machine on which only the programs in HERE exist."""
    HERE.clear()
    HERE.add("apt-get")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name in HERE else None)
    monkeypatch.setattr(programs.sys, "platform", "linux")  # type: ignore[attr-defined]
    monkeypatch.setattr(programs, "_distribution", lambda: "debian")
    monkeypatch.setattr(programs, "_is_root", lambda: True)
    monkeypatch.setattr(furnish, "apt_install", lambda packages: HERE.update({"curl", "ps", "chromium"}))
    return monkeypatch


def test_root_on_debian_gets_them_and_is_told_why(machine: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    assert programs.provide(programs.LESSONS, said.append) == []
    assert said == [
        "curl is not here: lessons ask web servers in containers with it.",
        "ps is not here: `docker top` asks it for the processes of a container.",
    ]


def test_what_is_there_is_not_installed_again(machine: pytest.MonkeyPatch) -> None:
    HERE.update({"curl", "ps"})
    machine.setattr(furnish, "apt_install", lambda packages: pytest.fail("installed"))
    said: list[str] = []
    assert programs.provide(programs.LESSONS, said.append) == []
    assert said == []


def test_without_the_right_to_it_says_what_to_type(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(programs, "_is_root", lambda: False)
    machine.setattr(furnish, "apt_install", lambda packages: pytest.fail("installed"))
    HERE.add("ps")
    said: list[str] = []
    assert [program.name for program in programs.provide(programs.LESSONS, said.append)] == ["curl"]
    assert said[-1] == "  To have it: sudo apt-get install curl"


def test_no_network_is_no_reason_to_stop(machine: pytest.MonkeyPatch) -> None:
    def fails(packages: list[str]) -> None:
        raise furnish.EnvironmentFailed("apt-get could not install curl.", seen="no network")

    machine.setattr(furnish, "apt_install", fails)
    said: list[str] = []
    assert len(programs.provide(programs.LESSONS, said.append)) == 2
    assert "no network" in said[-1]


def test_ubuntus_chromium_is_not_tried(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(programs, "_distribution", lambda: "ubuntu")
    machine.setattr(furnish, "apt_install", lambda packages: pytest.fail("installed"))
    said: list[str] = []
    assert programs.provide(programs.TESTS[:1], said.append) == list(programs.TESTS[:1])


def test_the_doctor_names_what_is_missing(machine: pytest.MonkeyPatch) -> None:
    HERE.add("curl")
    found = programs.finding()
    assert (found.level, found.mend) == (Level.WARN, "apt-get install procps")
    HERE.add("ps")
    assert programs.finding().level is Level.OK


def test_without_apt_the_packages_are_named(machine: pytest.MonkeyPatch) -> None:
    HERE.clear()
    assert "curl procps" in programs.command(programs.LESSONS)


def test_a_shared_library_is_looked_for_where_the_linker_looks() -> None:
    assert programs.Program("libc.so.6", "libc6", "").is_here()
    if programs.sys.platform == "linux":  # type: ignore[attr-defined]
        assert not programs.Program("libnosuchthing.so.9", "none", "").is_here()
