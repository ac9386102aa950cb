"""One virtual machine on a built base: boot, ssh as root or as ada, bring the checkout in, switch off.

The base is never written: each machine has a qcow2 overlay of its own, which is kept, so that a trial can go on later.
QEMU runs with KVM where that works, else in software emulation, 10 to 20 times slower.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from debian import run

BOOT_SECONDS = 3600  # in software emulation on a busy machine
KVM_SECONDS = 10  # where KVM works, the kernel's first line is there within one
MEMORY = "3072"  # MiB
QEMU = ["qemu-system-x86_64", "-display", "none", "-no-reboot"]


@dataclass
class VM:
    """A machine named NAME in folder `home`, on the base SUITE of folder `bases`."""

    name: str
    suite: str
    home: Path
    bases: Path

    def boot(self) -> None:
        """Start it unless it runs, and wait until ssh answers; SystemExit with the console's end where it does not."""
        if self._pid():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        if not self._file("qcow2").exists():
            backing = str((self.bases / f"{self.suite}.ext4").resolve())
            run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", backing, str(self._file("qcow2"))])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._file("port").write_text(str(port))
        kernel, initrd = (str(self.bases / f"{self.suite}.{kind}") for kind in ("vmlinuz", "initrd"))
        run([
            *QEMU, "-name", self.name, *accelerator(kernel), "-smp", "2", "-m", MEMORY,
            "-serial", f"file:{self._file('console')}", "-kernel", kernel, "-initrd", initrd,
            "-append", f"root=/dev/vda rw console=ttyS0 quiet systemd.default_timeout_start_sec={BOOT_SECONDS}",
            "-drive", f"file={self._file('qcow2')},if=virtio,format=qcow2,cache=unsafe",
            "-netdev", f"user,id=n,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=n",
            "-device", "virtio-rng-pci", "-daemonize", "-pidfile", str(self._file("pid")),
        ])  # fmt: skip
        deadline = time.monotonic() + BOOT_SECONDS
        while subprocess.run(self.ssh("root", "true"), stdin=subprocess.DEVNULL, capture_output=True).returncode != 0:
            if time.monotonic() > deadline or not self._pid():
                raise SystemExit(f"{self.name} does not answer:\n{self._file('console').read_text()[-2000:]}")
            time.sleep(2)  # between two looks at a condition

    def ssh(self, user: str, command: str) -> list[str]:
        """The command that runs a command line there, in a log-in session of this user."""
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": os.devnull, "LogLevel": "ERROR",
            "ConnectTimeout": "300", "ServerAliveInterval": "60",
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        port = self._file("port").read_text()
        return ["ssh", "-i", str(self.bases / "key"), "-p", port, *settings, f"{user}@127.0.0.1", command]

    def push(self, checkout: Path, user: str) -> None:
        """~/course there is a clone of this checkout's committed state; its `.venv` stays, as after a `git pull`."""
        fetch = "git fetch -q ../course.bundle HEAD && git -c advice.detachedHead=false checkout -qf FETCH_HEAD"
        line = f"cat > course.bundle && {{ test -d course || git init -q course; }} && cd course && {fetch}"
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "course.bundle"
            run(["git", "-C", str(checkout), "bundle", "create", str(bundle), "HEAD"])
            with bundle.open("rb") as stdin:
                subprocess.run(self.ssh(user, line), stdin=stdin, check=True)

    def stop(self) -> None:
        """Shut it down; end QEMU where that takes more than two minutes."""
        subprocess.run(self.ssh("root", "poweroff"), stdin=subprocess.DEVNULL, capture_output=True)
        deadline = time.monotonic() + 120
        while pid := self._pid():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGTERM)
            time.sleep(1)  # between two looks at a condition

    def forget(self) -> None:
        """Remove all that it changed: the next boot begins from the base."""
        self._file("qcow2").unlink(missing_ok=True)

    def _file(self, kind: str) -> Path:
        return self.home / f"{self.name}.{kind}"

    def _pid(self) -> int:
        """QEMU's process id, 0 where it does not run."""
        try:
            pid = int(self._file("pid").read_text())
            return pid if str(self._file("qcow2")).encode() in Path(f"/proc/{pid}/cmdline").read_bytes() else 0
        except (OSError, ValueError):
            return 0


def accelerator(kernel: str) -> list[str]:
    """QEMU's words for KVM where a kernel really starts with it (some machines offer /dev/kvm and stand still)."""
    trial = ["timeout", str(KVM_SECONDS), *QEMU, "-accel", "kvm", "-m", "512", "-serial", "stdio", "-kernel", kernel]
    trial += ["-append", "console=ttyS0 panic=-1"]  # without a disk it panics, and QEMU ends
    offered = os.access("/dev/kvm", os.R_OK | os.W_OK)
    if offered and b"Linux version" in subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True).stdout:
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]
