"""The engine's programs: where they lie and which version they are, whichever way this machine got them.

`get()` prefers the newest engine that all lessons were run on and that suits this machine's kernel (see known.py), then
its own release's, then what nobody has tried; what failed its trial here (see trial.py) is left out. So a suite that
moves to another version changes nothing for a learner. LABSUPPORT_ENGINE=release asks for the release's. Programs are
run once (`dockerd --version`) before they are trusted: a package built for a newer C library fails there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from labsupport import system
from labsupport.errors import NoEngine
from labsupport.sandbox import known, packages, state, variables

Report = Callable[[str], None]

# What a private engine needs beside dockerd: the runtime, packet filtering, user-mode networking, rootlesskit, the
# registry of the hub and the userland of the course's images.
RELEASE_PACKAGES = (
    *("docker.io", "containerd", "runc", "iptables", "slirp4netns", "rootlesskit"),
    *("docker-registry", "busybox-static"),
)
# Debian 12's docker.io has the client in it and no BuildKit client exists; later releases have packages for them.
RELEASE_OPTIONAL = ("docker-cli", "docker-buildx")
NEWER_PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd")

DOCTOR, START = "python3 -m labsupport doctor", "python3 -m labsupport start"
REGISTRIES = ("docker-registry", "registry")  # Debian's name of the registry's program, and its own
# (folder of packages, suite) -> the version that the suite's lists name: they are read once in a start
_OFFERED: dict[tuple[str, str], str] = {}
_PROGRAM_FOLDERS = ("usr/local/bin", "usr/bin", "usr/sbin", "bin", "sbin")


@dataclasses.dataclass(frozen=True)
class Engine:
    """Programs of one engine: version, and the folders to search for programs and for shared libraries."""

    version: str
    program_folders: tuple[str, ...]
    library_folders: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    identity: str = ""  # another for every other set of packages

    @property
    def major(self) -> int:
        """The first number of the version; 0 when it is not known."""
        return int(self.version.split(".")[0] or 0)

    def find(self, program: str) -> str:
        """Path of a program: in the engine's own folders first, then on PATH; "" when there is none."""
        return shutil.which(program, path=self.search_path()) or ""

    def search_path(self) -> str:
        return os.pathsep.join((*self.program_folders, os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))

    def environment(self) -> dict[str, str]:
        """The variables with which the engine's own programs run, whatever session starts them."""
        made = variables.made(self.search_path())
        if self.library_folders:
            made["LD_LIBRARY_PATH"] = os.pathsep.join(self.library_folders)
            made["XTABLES_LIBDIR"] = os.pathsep.join(f"{folder}/xtables" for folder in self.library_folders)
        return made


def wish() -> str:
    """Which engine LABSUPPORT_ENGINE asks for. Raises NoEngine for a word it cannot be."""
    wished = os.environ.get("LABSUPPORT_ENGINE", "newest")
    if wished not in ("newest", "release"):
        raise NoEngine(
            f"LABSUPPORT_ENGINE is {wished!r}: it can be newest or release", next_command="unset LABSUPPORT_ENGINE"
        )
    return wished


def get(report: Report, driver: str = "") -> Engine:
    """The engine to use with this driver on this Linux machine, fetched if need be; the one chosen before, if any.

    Where every engine has failed its trial it is the first of them. Raises NoEngine where none can be had at all.
    """
    wished = wish()
    if not packages.available():
        return _installed()
    release = packages.fetch(RELEASE_PACKAGES, report, optional=RELEASE_OPTIONAL, label="release")
    _link_iptables(release)
    suites = packages.newer_suites() if wished == "newest" else []
    if engine := _chosen(known.chosen(wished, driver), suites, release):
        return engine
    failed, found, said = known.failures(driver), [], set()
    for only_known in (True, False):
        for suite in (*suites, ""):
            try:
                engine = _candidate(suite, release, only_known, report)
            except NoEngine as error:
                told = f"no engine from {suite or 'this release'} ({error.seen or error.message}); trying the next"
                if told not in said:
                    report(told)
                said.add(told)
                continue
            found.append(engine)
            if engine.identity not in failed:
                return engine
    if not found:
        raise NoEngine("no engine runs on this machine", seen="; ".join(sorted(said)), next_command=DOCTOR)
    return found[0]


def _chosen(identity: str, suites: list[str], release: Path) -> Engine | None:
    """The engine of this identity, if its packages are still here."""
    for roots in [*((release.with_name(suite), release) for suite in suites), (release,)] if identity else []:
        if _identity(roots) == identity:
            with contextlib.suppress(NoEngine):
                return _checked(roots)
    return None


def _candidate(suite: str, release: Path, only_known: bool, report: Report) -> Engine:
    """The engine of a suite over the release's packages ("": theirs). Raises NoEngine where it is not wanted."""

    offer = (str(release.parent), suite)

    def judge(version: str) -> str:
        _OFFERED[offer] = version
        return f"{version}: {why}" if only_known and (why := known.why_not(version)) else ""

    roots: tuple[Path, ...] = (release,)
    if suite:
        if offer in _OFFERED and (why := judge(_OFFERED[offer])):
            raise NoEngine("not the first choice", seen=why)
        roots = (packages.fetch(NEWER_PACKAGES, report, label=suite, suite=suite, judge=judge), release)
    engine = _checked(roots)
    if why := judge(engine.version):
        raise NoEngine("not the first choice", seen=why)
    return engine


def client_only() -> Engine:
    """The client alone, where another engine's container holds the rest."""
    return Engine(version="", program_folders=())


def absent(*, rootless: bool) -> list[str]:
    """What an engine of the learner's own lacks among this machine's programs; [] where packages can be fetched."""
    if packages.available():
        return []
    names = [
        "dockerd",
        "containerd",
        "runc",
        "iptables",
        "slirp4netns",
        "docker",
        *(["rootlesskit"] if rootless else []),
    ]
    lacking = [name for name in names if not client_only().find(name)]
    return lacking if any(map(client_only().find, REGISTRIES)) else [*lacking, REGISTRIES[0]]


def _installed() -> Engine:
    """The engine's programs as they are installed on this machine, without packages of our own."""
    if missing := absent(rootless=False):
        raise NoEngine(
            "this machine has no container engine, and no apt-get to fetch one with",
            seen=f"not found: {', '.join(missing)}",
            next_command=f"{system.install('podman')}, then: {START}",
        )
    return _checked(())


def _identity(roots: tuple[Path, ...]) -> str:
    """A word for what was unpacked into these folders; "" where one of them holds nothing (yet)."""
    words = []
    for root in roots:
        try:
            content = (root / packages.STAMP).read_bytes()
        except OSError:
            return ""
        words.append(f"{root.name}-{hashlib.sha256(content).hexdigest()[:12]}")
    return "+".join(words)


def _checked(roots: tuple[Path, ...]) -> Engine:
    """The engine whose programs lie below these folders; they are run once, and what they said is kept beside them."""
    programs = tuple(str(root / folder) for root in roots for folder in _PROGRAM_FOLDERS if (root / folder).is_dir())
    # bookworm's packages still put some libraries into /lib: unpacked, that is a folder of its own
    libraries = tuple(
        str(folder)
        for root in roots
        for lib in ("usr/lib", "lib")
        for folder in sorted(root.glob(f"{lib}/*-linux-gnu*"))
    )
    engine = Engine("", programs, libraries, tuple(str(root) for root in roots), _identity(roots))
    kept = roots[0] / "runs-here.json" if roots else None
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        if kept and (answer := json.loads(kept.read_text()))["roots"] == [root.name for root in roots]:
            return dataclasses.replace(engine, version=answer["version"])
    version = ""
    for program in ("dockerd", "containerd", "runc"):
        said = _version(engine, program)
        if program == "dockerd":
            version = said.split("version ")[1].split(",")[0].split("+")[0]
            if not roots:
                engine = dataclasses.replace(engine, identity=f"{engine.find(program)} {version}")
    with contextlib.suppress(OSError):  # somebody else's folder: asked again next time
        if kept:
            state.write_json(kept, {"version": version, "roots": [root.name for root in roots]})
    return dataclasses.replace(engine, version=version)


def _version(engine: Engine, program: str) -> str:
    try:
        done = subprocess.run(
            [engine.find(program) or program, "--version"],
            env=engine.environment(),
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngine(f"{program} does not run here", seen=str(error)) from error
    if done.returncode:
        raise NoEngine(f"{program} does not run here", seen=done.stderr.strip().splitlines()[-1])
    return done.stdout


def _link_iptables(root: Path) -> None:
    """Give the unpacked iptables the names dockerd calls: installing the package would make them with alternatives."""
    folder = root / "usr/sbin"
    for name in ("iptables", "ip6tables"):
        for suffix in ("", "-save", "-restore"):
            link = folder / f"{name}{suffix}"
            if (folder / "xtables-nft-multi").exists() and not link.is_symlink():
                link.symlink_to("xtables-nft-multi")
