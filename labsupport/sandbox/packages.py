"""Debian and Ubuntu packages, fetched and unpacked into the cache: nothing is installed on the learner's machine.

`apt-get` resolves, downloads and verifies (apt-get(8), apt-secure(8)); `dpkg -x` unpacks (dpkg(1)). Neither needs root
here: apt gets folders of its own. An engine unpacked this way cannot start by itself, takes no system service,
and goes away with the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from labsupport.errors import NoEngine
from labsupport.sandbox import paths

Report = Callable[[str], None]

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def available() -> bool:
    """Whether this machine has apt and dpkg."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg"))


def fetch(names: Iterable[str], report: Report, *, label: str = "own", suite: str = "") -> Path:
    """Fetch and unpack packages with what they need, once; return the folder that holds usr/, bin/ ...

    suite "" is the machine's own release, with dependencies that are not installed here. Another suite ("sid",
    "trixie") is read from the same mirror, without dependencies: the caller checks that the programs run.
    Raises NoEngine when a package cannot be had.
    """
    from filelock import FileLock

    wanted = sorted(names)
    folder = paths.packages() / label
    stamp = folder / "packages.json"
    if _holds(stamp, wanted):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoEngine(
            f"cannot create the folder {folder.parent}",
            seen=str(error.strerror),
            next_command="choose a folder you can write to: export LABSUPPORT_HOME=/path/to/folder",
        ) from error
    with FileLock(f"{folder}.lock"):
        if _holds(stamp, wanted):
            return folder
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        archives = partial / "archives"
        (archives / "partial").mkdir(parents=True)
        apt = _Apt(partial, suite)
        files = apt.download(wanted, report)
        for file in files:
            _run(["dpkg", "-x", str(file), str(partial)], partial)
        shutil.rmtree(archives)
        apt.forget()
        (partial / "packages.json").write_text(
            json.dumps({"wanted": wanted, "suite": suite, "files": sorted(file.name for file in files)}, indent=1)
        )
        shutil.rmtree(folder, ignore_errors=True)
        # a rename is atomic: an interrupted start never leaves half an engine under the final name
        partial.rename(folder)
    return folder


def _holds(stamp: Path, wanted: list[str]) -> bool:
    try:
        return set(wanted) <= set(json.loads(stamp.read_text())["wanted"])
    except (OSError, ValueError, KeyError):
        return False


class _Apt:
    """apt-get with private folders; the host's lists are used while they serve."""

    def __init__(self, partial: Path, suite: str) -> None:
        self.partial = partial
        self.archives = partial / "archives"
        self.suite = suite
        self.own_lists = bool(suite)
        if suite:
            self._source(suite)

    def forget(self) -> None:
        shutil.rmtree(self.partial / "apt", ignore_errors=True)

    def download(self, names: list[str], report: Report) -> list[Path]:
        attempts = [True] if self.own_lists else [False, True]
        error = ""
        for own_lists in attempts:
            self.own_lists = own_lists
            try:
                if own_lists:
                    self._update()
                names_all = sorted(set(names) | (set() if self.suite else self._missing(names)))
                report(f"fetching {', '.join(names)}")
                self._apt("download", *names_all, cwd=self.archives)
                return sorted(self.archives.glob("*.deb"))
            except _Failed as failed:
                error = str(failed)
        raise NoEngine(
            f"could not fetch the packages {', '.join(names)}",
            seen=error,
            next_command="check the network, then: python3 -m labsupport start",
        )

    def _missing(self, names: list[str]) -> set[str]:
        """The dependencies of these packages that are not installed on this machine."""
        lines = self._apt("install", "--yes", "--no-install-recommends", "--print-uris", *names).splitlines()
        closure = {line.split()[1].split("_", 1)[0] for line in lines if line.startswith("'")}
        installed = _run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"], self.partial)
        return closure - {line.split()[0] for line in installed.splitlines() if line.endswith(" installed")}

    def _source(self, suite: str) -> None:
        """Write a source line for another suite of the mirror this machine already uses."""
        codename = _os_release().get("VERSION_CODENAME", "")
        targets = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"], self.partial)
        mirror = next((line.split()[0] for line in targets.splitlines() if line.endswith(f" {codename}")), "")
        if not mirror or not KEYRING.exists():
            raise NoEngine(f"this machine has no Debian mirror to read {suite} from", seen=codename)
        folder = self.partial / "apt"
        folder.mkdir(parents=True)
        (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")

    def _update(self) -> None:
        (self.partial / "apt" / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        self._apt("update")

    def _apt(self, *words: str, cwd: Path | None = None) -> str:
        options = [f"Dir::Cache={self.partial}/apt/cache", f"Dir::Cache::archives={self.archives}"]
        options += ["APT::Sandbox::User=", "Acquire::Retries=2", "Acquire::Languages=none", "Debug::NoLocking=1"]
        if self.own_lists:
            options.append(f"Dir::State::lists={self.partial}/apt/lists")
        if self.suite:
            options += [f"Dir::Etc::sourcelist={self.partial}/apt/sources.list", "Dir::Etc::sourceparts=-"]
        (self.partial / "apt" / "cache").mkdir(parents=True, exist_ok=True)
        return _run(["apt-get", "-q", *(f"-o{option}" for option in options), *words], cwd or self.partial)


class _Failed(Exception):
    """A command ended with an error; the text is the last line it wrote."""


def _run(argv: list[str], cwd: Path) -> str:
    done = subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()
        raise _Failed(f"{' '.join(argv[:1] + argv[-2:])}: {lines[-1]}")
    return done.stdout


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


def newer_suites() -> list[str]:
    """Suites of this machine's mirror that may hold a newer engine, newest first."""
    return ["sid", "trixie"] if _os_release().get("ID") == "debian" else []
