"""apt-get with folders of its own: it resolves, downloads and verifies packages, and installs nothing.

Nothing here needs root: lists, cache and archives lie in a folder of the course's (apt-get(8), apt.conf(5)). Packages
are resolved as for an empty machine, so the answer does not depend on what is installed, and a name that only another
package provides (libreadline8 is libreadline8t64 since Debian 13) leads to that one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labsupport.errors import NoEngine

Report = Callable[[str], None]

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What every Debian has. And uidmap, whose programs are set-user-id root: only an installed package is, and an ordinary
# user's unpacked copy would be found first, and fail.
_BASE = ("important", "standard")
_NEVER = ("uidmap",)


class Failed(Exception):
    """A command ended with an error; the text is the last line it wrote."""


@dataclass(frozen=True)
class Package:
    """One version of a package, as the lists have it; sizes in bytes."""

    name: str
    version: str
    provides: tuple[str, ...]
    priority: str
    library: bool
    download: int
    unpacked: int


class Apt:
    """apt-get for a folder; the machine's lists are used while they serve. suite "" is the machine's own release."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.folder = folder
        self.archives = folder / "archives"
        self.suite = suite
        self.own_lists = bool(suite)
        (self.archives / "partial").mkdir(parents=True)
        (folder / "apt" / "cache").mkdir(parents=True)
        if suite:
            self._source(suite)

    def forget(self) -> None:
        """Remove the lists and what was downloaded."""
        for name in ("apt", "archives"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def choose(self, names: Sequence[str], optional: Sequence[str] = (), *, whole: bool = False) -> list[Package]:
        """The packages to fetch: those named, and for the own release what they depend on and is not installed here.

        Their lists are fetched now where own_lists says so, else the machine's serve. optional ones are left out where
        the release has none of that name. whole also takes what is installed, but for libraries and for what every
        Debian has: programs that look for their data beside themselves want that.
        Raises Failed.
        """
        if self.own_lists:
            self._update()
        there = set(self.apt("apt-cache", "pkgnames").split()) if optional else set()
        asked = [*names, *(name for name in optional if name in there)]
        if self.suite:
            return self._shown(asked)
        lines = self.apt("apt-get", "install", "--yes", "--no-install-recommends", "--print-uris", *asked).splitlines()
        closure = self._shown([line.split()[1].split("_", 1)[0] for line in lines if line.startswith("'")])
        installed = _installed()
        return [package for package in closure if self._wanted(package, asked, installed, whole)]

    @staticmethod
    def _wanted(package: Package, asked: Sequence[str], installed: set[str], whole: bool) -> bool:
        if {package.name, *package.provides} & set(asked):
            return True
        if package.name in _NEVER or package.priority == "required":
            return False
        if package.name in installed:
            return whole and not package.library and package.priority not in _BASE
        return True

    def download(self, chosen: Sequence[Package]) -> list[Path]:
        """Fetch these packages; return the files. Raises Failed."""
        self.apt("apt-get", "download", *(f"{package.name}={package.version}" for package in chosen), cwd=self.archives)
        return sorted(self.archives.glob("*.deb"))

    def apt(self, program: str, *words: str, cwd: Path | None = None) -> str:
        options = [f"Dir::Cache={self.folder}/apt/cache", f"Dir::Cache::archives={self.archives}"]
        options += ["APT::Sandbox::User=", "Acquire::Retries=2", "Acquire::Languages=none", "Debug::NoLocking=1"]
        options += ["Dir::State::status=/dev/null"]
        if self.own_lists:
            options.append(f"Dir::State::lists={self.folder}/apt/lists")
        if self.suite:
            options += [f"Dir::Etc::sourcelist={self.folder}/apt/sources.list", "Dir::Etc::sourceparts=-"]
        return run([program, "-q", *(f"-o{option}" for option in options), *words], cwd or self.folder)

    def _update(self) -> None:
        (self.folder / "apt" / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        self.apt("apt-get", "update")

    def _shown(self, names: Sequence[str]) -> list[Package]:
        return parse(self.apt("apt-cache", "show", "--no-all-versions", *names))

    def _source(self, suite: str) -> None:
        """Write a source line for another suite of the mirror this machine already uses."""
        codename = os_release().get("VERSION_CODENAME", "")
        targets = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"], self.folder)
        mirror = next((line.split()[0] for line in targets.splitlines() if line.endswith(f" {codename}")), "")
        if not mirror or not KEYRING.exists():
            raise NoEngine(f"this machine has no Debian mirror to read {suite} from", seen=codename)
        (self.folder / "apt" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")


def parse(stanzas: str) -> list[Package]:
    """Packages of a text in the format of deb-control(5)."""
    found = []
    for stanza in re.split(r"\n\s*\n", stanzas):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if not {"Package", "Version"} <= set(fields):
            continue
        provides = tuple(word.split()[0] for word in fields.get("Provides", "").split(",") if word.strip())
        found.append(
            Package(
                fields["Package"],
                fields["Version"],
                provides,
                "required" if fields.get("Essential") == "yes" else fields.get("Priority", "optional"),
                fields.get("Multi-Arch") == "same",  # deb-control(5): only libraries can be that
                int(fields.get("Size", 0)),
                int(fields.get("Installed-Size", 0)) * 1024,
            )
        )
    return found


def run(argv: list[str], cwd: Path) -> str:
    """What a command writes. Raises Failed with its last line."""
    done = subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()
        told = next((line for line in lines if line.startswith("E:")), lines[-1])
        raise Failed(f"{argv[0]}: {told}")
    return done.stdout


def _installed() -> set[str]:
    rows = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], Path("/")).splitlines()
    return {row.split()[0] for row in rows if row.endswith(" installed")}


def os_release() -> dict[str, str]:
    """The lines of os-release(5), {} where there is none."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key: value.strip('"') for key, value in pairs}
