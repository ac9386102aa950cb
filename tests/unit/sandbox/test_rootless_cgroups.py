"""Whether the rootless engine's containers get cgroups: from the user's own systemd, on a machine that is played."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from labsupport.sandbox import rootless

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Linux")
NONE = ["--exec-opt", "native.cgroupdriver=cgroupfs"]
SLICE = ["--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", "course_a.slice"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without cgroup version 2, without systemd."""
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(rootless, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(rootless, "RUNTIME", tmp_path / "user")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)  # the path of a socket may have 107 bytes only
    return tmp_path


@pytest.fixture
def bus(machine: Path) -> Iterator[Path]:
    path = machine / "user" / str(os.getuid()) / "bus"
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path.relative_to(machine)))
        yield path


def delegate(machine: Path) -> None:
    folder = machine / f"cgroup/user.slice/user-{os.getuid()}.slice"
    folder.mkdir(parents=True)
    (folder / "cgroup.controllers").write_text("memory pids\n")


def test_without_systemd_it_does_without(machine: Path) -> None:
    assert rootless.cgroup_options("course-a") == NONE
    assert rootless.bus_variables() == {}


def test_a_log_in_session_gives_cgroups(machine: Path, bus: Path) -> None:
    delegate(machine)
    assert rootless.cgroup_options("course-a") == SLICE
    assert rootless.bus_variables() == {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"}


def test_after_su_nobody_can_be_asked(machine: Path) -> None:
    delegate(machine)
    assert rootless.cgroup_options("course-a") == NONE


def test_a_bus_without_a_slice_is_not_enough(bus: Path) -> None:
    assert rootless.cgroup_options("course-a") == NONE


def test_an_address_that_leads_nowhere_any_more(bus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus,guid=1")
    assert rootless.bus_variables() == {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"}


def test_an_address_of_another_kind_is_believed(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delegate(machine)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=/tmp/dbus-1")
    assert rootless.cgroup_options("course-a") == SLICE
