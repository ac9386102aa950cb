"""Which driver serves on which machine; the machines are played by what lies on PATH and what answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport import system
from labsupport.errors import NoEngine
from labsupport.sandbox import apparmor, choice, engine, outer, rootless

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Linux")
ENGINE = ("dockerd", "containerd", "runc", "iptables", "slirp4netns", "docker", "docker-registry")
Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """play(programs on PATH, root=, outer=): what is here, who asks, which engine answers."""

    def played(*programs: str, root: bool = False, answers: str = "", troubles: bool = False) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name in programs:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(engine.Engine, "search_path", lambda self: str(folder))
        monkeypatch.setattr(choice.sys, "platform", "linux")
        monkeypatch.setattr(choice, "is_root", lambda: root)
        monkeypatch.setattr(outer, "find", lambda: answers)
        missing = [("no newuidmap", "sudo apt-get install uidmap")]
        monkeypatch.setattr(rootless, "missing", lambda: missing if troubles else [])

    monkeypatch.delenv("LABSUPPORT_DRIVER", raising=False)
    return played


def test_with_apt_the_engine_is_the_courses_own_whatever_else_runs(play: Play) -> None:
    play("apt-get", "dpkg", answers="unix:///theirs")
    assert choice.driver() == "rootless"
    play("apt-get", "dpkg", root=True, answers="unix:///theirs")
    assert choice.driver() == "private"


def test_without_apt_installed_programs_come_first(play: Play) -> None:
    play(*ENGINE, "rootlesskit", answers="unix:///theirs")
    assert choice.driver() == "rootless"
    play(root=True, answers="unix:///theirs")
    assert choice.driver() == "private"


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("lacking", ["dockerd", "slirp4netns", "docker-registry"])
def test_without_apt_and_with_less_the_running_engine_serves(lacking: str, root: bool, play: Play) -> None:
    """Fedora, Arch, openSUSE with Docker or Podman running; as root, too."""
    play(*(name for name in (*ENGINE, "rootlesskit") if name != lacking), root=root, answers="unix:///theirs")
    assert choice.driver() == "container"


def test_the_registry_has_two_names(play: Play) -> None:
    play(*ENGINE[:-1], "registry", root=True)
    assert choice.driver() == "private"


@pytest.mark.parametrize(
    ("manager", "root", "words"),
    [
        ("dnf", False, "sudo dnf install podman && systemctl --user enable --now podman.socket"),
        ("pacman", True, "pacman -S podman && systemctl enable --now podman.socket"),
        ("zypper", False, "sudo zypper install podman"),
        ("", False, "with your system's package manager"),
    ],
)
def test_without_apt_and_without_an_engine_it_is_said_what_to_install(
    manager: str, root: bool, words: str, play: Play
) -> None:
    play(*filter(None, [manager]), root=root)
    with pytest.raises(NoEngine) as caught:
        choice.driver()
    assert words in caught.value.next_command
    assert "dockerd" in caught.value.seen


def test_each_system_has_its_own_words(play: Play) -> None:
    play("dnf")
    assert system.install("uidmap", "curl") == "sudo dnf install shadow-utils curl"
    play("apt-get")
    assert system.install("uidmap", root=True) == "apt-get install uidmap"


@pytest.fixture
def ubuntu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with Ubuntu's rule, without an installed rootlesskit and without any profile."""
    for name in ("proc", "apparmor.d", "usr"):
        (tmp_path / name).mkdir()
    (tmp_path / "proc/apparmor_restrict_unprivileged_userns").write_text("1\n")
    monkeypatch.setattr(apparmor, "PROC", tmp_path / "proc")
    monkeypatch.setattr(apparmor, "PROFILES", tmp_path / "apparmor.d")
    monkeypatch.setattr(apparmor, "INSTALLED", tmp_path / "usr/rootlesskit")
    return tmp_path


OURS = Path('/home/ada/a "b"/rootlesskit')


def test_without_the_rule_ours_runs(ubuntu: Path) -> None:
    for content in ("0\n", ""):
        (ubuntu / "proc/apparmor_restrict_unprivileged_userns").write_text(content)
        assert apparmor.rootlesskit("/ours") == "/ours"
        assert apparmor.missing(OURS) == []


def test_with_the_rule_the_installed_program_runs(ubuntu: Path) -> None:
    apparmor.INSTALLED.touch()
    assert apparmor.rootlesskit("/ours") == str(apparmor.INSTALLED)
    assert apparmor.missing(OURS) == []


def test_ubuntus_profile_is_for_the_installed_program(ubuntu: Path, play: Play) -> None:
    play("apt-get")
    text = f"profile rootlesskit {apparmor.INSTALLED} flags=(unconfined) {{\n  userns,\n}}\n"
    (apparmor.PROFILES / "rootlesskit").write_text(text)
    from labsupport.sandbox import apparmor as asked

    ((seen, command),) = asked.missing(OURS)
    assert "apparmor_restrict_unprivileged_userns" in seen
    assert command == "sudo apt-get install rootlesskit"


def test_else_ours_gets_a_profile_and_the_rule_stays(ubuntu: Path) -> None:
    ((_, command),) = apparmor.missing(OURS)
    assert "sysctl" not in command
    assert f"apparmor_parser -r {apparmor.PROFILES / apparmor.NAME}" in command
    (apparmor.PROFILES / apparmor.NAME).write_text(apparmor.profile(OURS))
    assert apparmor.missing(OURS) == []
    assert apparmor.rootlesskit(str(OURS)) == str(OURS)


def test_the_printed_command_writes_just_that_profile(ubuntu: Path, tmp_path: Path) -> None:
    import subprocess

    ((_, command),) = apparmor.missing(OURS)
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, text in (("sudo", 'exec "$@"'), ("apparmor_parser", f'echo "$@" > {tmp_path}/loaded')):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    subprocess.run(["sh", "-ec", command], env={"PATH": f"{folder}:{os.defpath}"}, check=True, capture_output=True)
    file = apparmor.PROFILES / apparmor.NAME
    assert file.read_text() == apparmor.profile(OURS) + "\n"
    assert r'"/home/ada/a \"b\"/rootlesskit"' in file.read_text()
    assert (tmp_path / "loaded").read_text() == f"-r {file}\n"


def test_apparmor_without_its_parser_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apparmor, "ENABLED", tmp_path / "enabled")
    monkeypatch.setattr(apparmor.shutil, "which", lambda *_, **__: None)
    assert not apparmor.parser_missing()
    (tmp_path / "enabled").write_text("Y\n")
    assert apparmor.parser_missing()
    monkeypatch.setattr(apparmor.shutil, "which", lambda *_, **__: "/sbin/apparmor_parser")
    assert not apparmor.parser_missing()
