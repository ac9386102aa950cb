"""Packages are resolved, judged, fetched and unpacked: on a machine whose apt-get, apt-cache and dpkg are played."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport.errors import NoEngine
from labsupport.sandbox import apt, packages, paths

STANZA = """Package: {name}
Version: {version}
Priority: {priority}
Provides: {provides}
Multi-Arch: {multi}
Size: 1000000
Installed-Size: 3000
Description: x
 Package: not-a-field
"""
APT_GET = """#!/bin/sh
case "$*" in
*print-uris*) cat {folder}/uris ;;
*update*) echo update >> {folder}/log ;;
*download*) if [ -e {folder}/fails ]; then cat {folder}/fails >&2; exit 100; fi
    for word; do case $word in *=*.*) case $word in -*) ;; *) touch "${{word%%=*}}_1.0_amd64.deb" ;; esac ;; esac; done
    echo download >> {folder}/log ;;
esac
"""
APT_CACHE = "#!/bin/sh\ncase $* in *pkgnames*) cat {folder}/names ;; *) cat {folder}/shown ;; esac\n"
DPKG = '#!/bin/sh\n[ -e {folder}/full ] && {{ cat {folder}/full >&2; exit 2; }}\nmkdir -p "$3/usr/bin"\n'


class Computer:
    """Folder with the played programs; what apt-get did is in `did`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program("apt-get", APT_GET)
        self.program("apt-cache", APT_CACHE)
        self.program("dpkg", DPKG)
        self.program("dpkg-query", "#!/bin/sh\ncat {folder}/installed\n")
        for name in ("uris", "shown", "names", "installed", "log"):
            (folder / name).touch()

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(folder=self.folder))
        path.chmod(0o755)

    def has(
        self, name: str, *, provides: str = "", multi: str = "no", priority: str = "optional", installed: bool = False
    ) -> None:
        """One more package that the wanted ones need, or that is one of them."""
        self.add("uris", f"'http://mirror.invalid/{name}_1.0_amd64.deb' {name}_1.0_amd64.deb 1000000 MD5Sum:0\n")
        self.add("names", f"{name}\n")
        stanza = STANZA.format(name=name, version="1.0", priority=priority, provides=provides, multi=multi)
        self.add("shown", stanza + "\n")
        if installed:
            self.add("installed", f"{name} installed\n")

    def add(self, name: str, text: str) -> None:
        with (self.folder / name).open("a") as file:
            file.write(text)

    @property
    def did(self) -> list[str]:
        return (self.folder / "log").read_text().split()


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    made = Computer(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LABSUPPORT_PACKAGES", raising=False)
    return made


def quiet(line: str) -> None:
    """Nobody listens."""


def fetched(names: list[str], **more: object) -> list[str]:
    folder = packages.fetch(names, quiet, label="x", **more)  # type: ignore[arg-type]
    files: list[str] = json.loads((folder / packages.STAMP).read_text())["files"]
    return sorted(file.split("_")[0] for file in files)


def test_packages_are_fetched_once(computer: Computer) -> None:
    computer.has("tool")
    assert fetched(["tool"]) == fetched(["tool"]) == ["tool"]
    assert computer.did == ["download"]


def test_what_an_older_course_chose_otherwise_is_fetched_anew_and_serves_without_network(computer: Computer) -> None:
    computer.has("qemu")
    computer.has("qemu-data", installed=True)
    fetched(["qemu"])
    assert fetched(["qemu"], whole=True) == ["qemu", "qemu-data"]
    stamp = paths.packages() / "x" / packages.STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "rules": 1}))
    computer.add("fails", "E: Failed to fetch x  Could not resolve host\n")
    said: list[str] = []
    folder = packages.fetch(["qemu"], said.append, label="x", whole=True)
    assert "older version of the course" in said[-1]
    assert json.loads((folder / packages.STAMP).read_text())["rules"] == 1
    (computer.folder / "fails").unlink()
    fetched(["qemu"], whole=True)
    assert json.loads(stamp.read_text())["rules"] == packages.RULES


def test_a_name_that_only_another_package_provides_leads_to_that_one(computer: Computer) -> None:
    computer.has("libreadline8t64", provides="libreadline8 (= 8.2-6)", multi="same", installed=True)
    assert fetched(["libreadline8"]) == ["libreadline8t64"]


def test_what_is_installed_is_not_fetched_but_what_was_asked_for(computer: Computer) -> None:
    computer.has("qemu", installed=True)
    computer.has("qemu-data", installed=True)
    computer.has("libglib", multi="same", installed=True)
    computer.has("libfdt", multi="same")
    computer.has("libc6", multi="same", priority="required")
    computer.has("uidmap")
    assert fetched(["qemu"]) == ["libfdt", "qemu"]


def test_a_program_that_looks_for_its_data_beside_itself_gets_it_though_it_is_installed(computer: Computer) -> None:
    computer.has("qemu", installed=True)
    computer.has("qemu-data", installed=True)
    computer.has("adduser", priority="important", installed=True)
    computer.has("libglib", multi="same", installed=True)
    assert fetched(["qemu"], whole=True) == ["qemu", "qemu-data"]


def test_an_optional_package_the_release_does_not_have_is_left_out(computer: Computer) -> None:
    computer.has("tool")
    assert fetched(["tool"], optional=["tool-plugin"]) == ["tool"]
    assert fetched(["tool"], optional=["tool-plugin"]) == ["tool"]
    assert computer.did == ["download"]


def test_a_version_that_is_not_wanted_is_not_fetched(computer: Computer) -> None:
    computer.has("tool")
    with pytest.raises(NoEngine) as caught:
        fetched(["tool"], judge=lambda version: f"{version} is too new")
    assert caught.value.seen == "1.0 is too new"
    assert computer.did == []


def test_where_there_is_too_little_room_nothing_is_fetched(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.has("tool")
    usage = type("Usage", (), {"free": 20_000_000})
    monkeypatch.setattr(packages.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(packages.NoRoom) as caught:
        fetched(["tool"])
    assert "20 MB free" in caught.value.seen
    assert "54 MB needed" in caught.value.seen
    assert "LABSUPPORT_HOME=" in caught.value.next_command
    assert computer.did == []
    assert not (paths.packages() / "x.partial").exists()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("fails", "E: Failed to fetch x  Write error - write (122: Disk quota exceeded)"),
        ("fails", "E: You don't have enough free space. - write (28: No space left on device)"),
        ("full", "dpkg-deb: error: ... : failed to write (No space left on device)"),
    ],
)
def test_a_disk_that_fills_up_is_told_as_that_and_the_half_is_removed(
    where: str, said: str, computer: Computer
) -> None:
    computer.has("tool")
    computer.add(where, said)
    with pytest.raises(packages.NoRoom) as caught:
        fetched(["tool"])
    assert "did not fit" in caught.value.message
    assert sorted(path.name for path in paths.packages().iterdir()) == ["x.lock"]
    (computer.folder / where).unlink()
    assert fetched(["tool"]) == ["tool"]


def test_old_lists_are_fetched_anew_and_then_it_is_the_network(computer: Computer) -> None:
    computer.has("tool")
    computer.add("fails", "E: Failed to fetch http://mirror.invalid/tool.deb  404  Not Found")
    with pytest.raises(NoEngine) as caught:
        fetched(["tool"])
    assert "404" in caught.value.seen
    assert "network" in caught.value.next_command
    assert computer.did == ["update"]


@pytest.mark.parametrize("text", ["", "no stanza", "Package: only-a-name"])
def test_text_that_is_no_package_gives_none_or_says_so(text: str) -> None:
    parse: Callable[[str], object] = apt.parse
    assert parse(text) == []
