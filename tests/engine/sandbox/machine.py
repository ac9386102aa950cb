"""A machine within the machine: network and mount namespaces in which a learner's computer is played for real.

It has its own loopback, links, ports and packet filter, its own /dev and /run, and an ordinary user `ada` with
subordinate ids. Its disk is an overlay over the computer's: nothing of the computer that runs the tests is changed, not
even by `rm -rf /`, and what was changed on the machine can be listed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from labsupport.sandbox import packages

ADA = 15001
SET_UP = r"""
set -e
ip link set lo up
disk={folder}/disk root={folder}/disk/root
mount -t tmpfs -o mode=755 tmpfs $disk
mkdir $disk/changed $disk/work $root
mount -t overlay -o lowerdir=/,upperdir=$disk/changed,workdir=$disk/work overlay $root
mount --rbind /proc $root/proc
mount --rbind /sys $root/sys
mount -t tmpfs -o mode=755 tmpfs $root/dev
mkdir $root/dev/net $root/dev/shm $root/dev/pts $root/dev/mqueue
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200 fuse:10:229 kmsg:1:11 sda:8:0; do
    IFS=: read name major minor <<end
$device
end
    case $name in sda) kind=b ;; *) kind=c ;; esac
    mknod -m 0666 $root/dev/$name $kind $major $minor
done
for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2 ptmx:pts/ptmx; do
    ln -s ${{link#*:}} $root/dev/${{link%%:*}}
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts $root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs $root/dev/shm
mount -t mqueue mqueue $root/dev/mqueue
echo "another program's" > $root/dev/shm/memory
mount -t tmpfs -o mode=755 tmpfs $root/run
mkdir -p $root{folder}
mount --bind {folder} $root{folder}
mount --bind $disk $root{folder}/disk
for place in {elsewhere}; do mkdir -p $root$place; mount --rbind $place $root$place; done
cd $root
pivot_root . .
umount -l .
cd /
for file in passwd group subuid subgid; do mount --bind {folder}/etc/$file /etc/$file; done
mount --bind {programs} {folder}/packages
{opened}
echo ready
exec sleep infinity
"""
# what may be written to is a setting; the rest counts, and so do these
SETTINGS = "find /proc/sys -type f -perm -200 ! -name ns_last_pid ! -name cad_pid -exec grep -Hs '' {} + || true"
# what Python and the tests leave on the disk, and a running sandbox: its sockets' folder, where its own path is long
# what this run itself leaves, and the shared packages with what is known of them
OWN_TRACES = ("__pycache__", ".pytest_cache", "/tmp/containers-course-", str(packages.paths.packages()))


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
        (self.folder / "disk").mkdir()
        script = SET_UP.format(
            folder=self.folder,
            programs=programs.parent,
            elsewhere=" ".join(map(str, self._elsewhere(programs.parent))),
            opened=self._opened(programs.parent),
        )
        self.process = subprocess.Popen(
            ["unshare", "-n", "-m", "-i", "sh", "-c", script],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            ready = lines.readline()
        if ready != "ready\n":
            raise RuntimeError("the machine within the machine could not be made")

    def inventory(self) -> dict[str, list[str]]:
        """What of this machine must be as it was: devices, shared memory, kernel settings, mounts, files."""
        settings = self.run("sh", "-c", SETTINGS).stdout.splitlines()
        changed = self.run("find", f"{self.folder}/disk/changed", "!", "-type", "d").stdout.splitlines()
        return {
            "devices": sorted(self.run("find", "/dev", "-printf", "%p %M %U %s %l\n").stdout.splitlines()),
            "kernel settings": sorted(settings),
            "mounts": sorted(self.run("findmnt", "-rno", "TARGET,SOURCE,OPTIONS").stdout.splitlines()),
            "files": sorted(path for path in changed if not any(part in path for part in OWN_TRACES)),
        }

    def changes(self, before: dict[str, list[str]]) -> list[str]:
        """What is not as it was then, and stays so: a line for each difference.

        What programs that still run have for a moment only, such as a temporary file, is none.
        """
        lines = self._differences(before)
        deadline = time.monotonic() + 10
        while lines and time.monotonic() < deadline:
            time.sleep(0.5)  # between two looks at a condition
            lines = self._differences(before)
        return lines

    def _differences(self, before: dict[str, list[str]]) -> list[str]:
        after = self.inventory()
        lines = []
        for kind, was in before.items():
            lines += [f"{kind}: - {line}" for line in was if line not in after[kind]]
            lines += [f"{kind}: + {line}" for line in after[kind] if line not in was]
        return lines

    @staticmethod
    def _elsewhere(programs: Path) -> list[Path]:
        """What the tests need that lies on another file system than the computer's root."""
        needed = {Path(sys.base_prefix), Path(sys.prefix), Path(__file__).resolve().parents[3], programs}
        return [path for path in sorted(needed) if path.stat().st_dev != Path("/").stat().st_dev]

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
