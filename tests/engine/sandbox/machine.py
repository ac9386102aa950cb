"""A machine within the machine: network and mount namespaces in which a learner's computer is played for real.

It has its own loopback, links, ports and packet filter, and an ordinary user `ada` with subordinate ids; nothing of the
computer that runs the tests is changed (its /etc files and devices are covered by bind mounts in there only).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labsupport.sandbox import packages

ADA = 15001
SET_UP = r"""
set -e
ip link set lo up
for file in passwd group subuid subgid; do mount --bind {folder}/etc/$file /etc/$file; done
mknod -m 0666 {folder}/tun c 10 200
mount --bind {folder}/tun /dev/net/tun
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind {programs} {folder}/packages
{opened}
echo ready
exec sleep infinity
"""


class Machine:
    """Namespaces held by a sleeping process; run() runs a command in there, as root or as ada."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.folder.chmod(0o755)
        self.home = self.folder / "ada"
        self.home.mkdir()
        etc = self.folder / "etc"
        etc.mkdir()
        passwd = Path("/etc/passwd").read_text() + f"ada:x:{ADA}:{ADA}::{self.home}:/bin/sh\n"
        (etc / "passwd").write_text(passwd)
        (etc / "group").write_text(Path("/etc/group").read_text() + f"ada:x:{ADA}:\n")
        for name in ("subuid", "subgid"):
            (etc / name).write_text("ada:200000:65536\n")
            Path("/etc", name).touch()
        os.chown(self.home, ADA, ADA)
        # newuidmap and newgidmap need their set-user-id bit, which unpacking as root keeps only for root's copy
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        # the engine's programs, where ada may read them too
        self.packages = self.folder / "packages"
        self.packages.mkdir()
        uidmap = packages.fetch(("uidmap",), lambda line: None, label="uidmap")
        for name in ("newuidmap", "newgidmap"):
            shutil.copy(shutil.which(name) or uidmap / "usr/bin" / name, self.bin / name)
            (self.bin / name).chmod(0o4755)
        self.process = subprocess.Popen(
            [
                "unshare",
                "-n",
                "-m",
                "sh",
                "-c",
                SET_UP.format(folder=self.folder, programs=programs.parent, opened=self._opened(programs.parent)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            ready = lines.readline()
        if ready != "ready\n":
            raise RuntimeError("the machine within the machine could not be made")

    def _opened(self, programs: Path) -> str:
        """Shell lines that let ada reach this Python and this checkout where they lie below a closed folder (/root)."""
        lines = []
        needed = [Path(sys.base_prefix), Path(sys.prefix), Path(__file__).resolve().parents[3], programs]
        closed = {path: top for path in needed for top in path.parents if not top.stat().st_mode & 0o001}
        for number, path in enumerate(closed):
            lines += [f"mkdir -p {self.folder}/stash/{number}", f"mount --bind {path} {self.folder}/stash/{number}"]
        lines += [f"mount -t tmpfs -o mode=755 tmpfs {top}" for top in sorted(set(closed.values()))]
        for number, path in enumerate(closed):
            lines += [f"mkdir -p {path}", f"mount --bind {self.folder}/stash/{number} {path}"]
        return "\n".join(lines)

    def argv(self, *words: str, user: bool = False) -> list[str]:
        become = ["setpriv", f"--reuid={ADA}", f"--regid={ADA}", "--clear-groups"] if user else []
        return ["nsenter", "-t", str(self.process.pid), "-n", "-m", *become, "--", *words]

    def environment(self, extra: Mapping[str, str] = {}, *, user: bool = False) -> dict[str, str]:
        path = f"{self.bin}:{os.environ['PATH']}"
        home = {"HOME": str(self.home), "USER": "ada"} if user else {}
        return {**os.environ, "PATH": path, **home, **extra}

    def run(
        self, *words: str, user: bool = False, env: Mapping[str, str] = {}, check: bool = True, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in there; stdout and stderr are kept as text."""
        done = subprocess.run(
            self.argv(*words, user=user),
            env=self.environment(env, user=user),
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.home,
        )
        print(done.stderr, file=sys.stderr)
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
