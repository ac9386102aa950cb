"""The engine's programs: where they lie and which version they are, whichever way this machine got them.

`get()` prefers the newest engine the machine can get and falls back step by step to its own release's
(LABSUPPORT_ENGINE=release asks for that one). Programs are run once (`dockerd --version`) before they are trusted:
a package built for a newer C library fails there, not in front of a learner.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from labsupport.errors import NoEngine
from labsupport.sandbox import packages, state

Report = Callable[[str], None]

# What a private engine needs beside dockerd: the runtime, packet filtering, user-mode networking, rootlesskit, the
# registry of the hub and the userland of the course's images. Not uidmap: its programs are set-user-id root, which only
# an installed package is; an ordinary user's unpacked copy would be found first, and fail.
RELEASE_PACKAGES = (
    *("docker.io", "containerd", "runc", "iptables", "slirp4netns", "rootlesskit"),
    *("docker-registry", "busybox-static"),
)
NEWER_PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd")

_PROGRAM_FOLDERS = ("usr/local/bin", "usr/bin", "usr/sbin", "bin", "sbin")


@dataclasses.dataclass(frozen=True)
class Engine:
    """Programs of one engine: version, and the folders to search for programs and for shared libraries."""

    version: str
    program_folders: tuple[str, ...]
    library_folders: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()

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
        """The variables with which the engine's own programs run."""
        variables = {**os.environ, "PATH": self.search_path()}
        if self.library_folders:
            variables["LD_LIBRARY_PATH"] = os.pathsep.join(self.library_folders)
            variables["XTABLES_LIBDIR"] = os.pathsep.join(f"{folder}/xtables" for folder in self.library_folders)
        # a proxy or a context meant for the learner's own engine must not reach this one
        for name in [name for name in variables if name.startswith(("DOCKER_", "REGISTRY_", "OTEL_"))]:
            del variables[name]
        return variables


def get(report: Report) -> Engine:
    """The engine to use on this Linux machine, fetched if need be. Raises NoEngine."""
    wish = os.environ.get("LABSUPPORT_ENGINE", "newest")
    if wish not in ("newest", "release"):
        raise NoEngine(f"LABSUPPORT_ENGINE is {wish!r}: it can be newest or release")
    if not packages.available():
        return _installed()
    release = packages.fetch(RELEASE_PACKAGES, report, label="release")
    _link_iptables(release)
    for suite in packages.newer_suites() if wish == "newest" else []:
        try:
            newer = packages.fetch(NEWER_PACKAGES, report, label=suite, suite=suite)
            return _checked((newer, release))
        except NoEngine as error:
            report(f"no engine from {suite} ({error.seen or error.message}); trying the next")
    return _checked((release,))


def client_only() -> Engine:
    """The client alone, where another engine's container holds the rest."""
    return Engine(version="", program_folders=())


def _installed() -> Engine:
    """The engine's programs as they are installed on this machine, without packages of our own."""
    missing = [name for name in ("dockerd", "containerd", "runc", "iptables") if not shutil.which(name)]
    if missing:
        raise NoEngine(
            "this machine has no container engine, and no apt-get to fetch one with",
            seen=f"not found: {', '.join(missing)}",
            next_command="install Docker Engine and slirp4netns, then: python3 -m labsupport start",
        )
    return _checked(())


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
    engine = Engine("", programs, libraries, tuple(str(root) for root in roots))
    kept = roots[0] / "runs-here.json" if roots else None
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        if kept and (answer := json.loads(kept.read_text()))["roots"] == [root.name for root in roots]:
            return dataclasses.replace(engine, version=answer["version"])
    version = ""
    for program in ("dockerd", "containerd", "runc"):
        said = _version(engine, program)
        if program == "dockerd":
            version = said.split("version ")[1].split(",")[0].split("+")[0]
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
