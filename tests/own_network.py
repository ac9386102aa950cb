"""A network of its own for a process that runs tests beside others, as root on Linux.

Lessons and tests use fixed ports of 127.0.0.1 (8080 and its neighbours, 5000, 8888): two of them at once would meet
there. In a network namespace of its own each process has its own 127.0.0.1; slirp4netns gives it the machine's way
out. See network_namespaces(7), setns(2), slirp4netns(1).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from labsupport.sandbox import driver, engine, inside, mounts

HOLDER = "echo ready; exec cat"  # in the new namespaces until the process itself is there
NAMESERVER = "10.0.2.3"  # slirp4netns's own, which asks the machine's


def possible() -> bool:
    """Whether this process may make namespaces and be connected to them."""
    return sys.platform == "linux" and driver.is_root() and Path("/dev/net/tun").exists()


def enter(folder: Path, report: Callable[[str], None]) -> Callable[[], None]:
    """Take this thread, and all threads and processes it starts from now on, into a new network; return what ends it.

    A file is kept in the folder. The engine's programs are fetched before, for slirp4netns is one of them. Raises
    NoEngine where they can't be had.
    """
    programs = engine.get(report)
    held = subprocess.Popen(
        ["unshare", "--net", "--mount", "sh", "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert held.stdin is not None
    assert held.stdout is not None
    with held.stdin, held.stdout:
        if held.stdout.readline() != b"ready\n":
            raise OSError("no network namespace of its own for these tests")
        end = _connected(programs, held.pid)
        # the mounts too, for the resolver's file; this thread must not share its working folder with others for that
        mounts.call(mounts.libc.unshare(0x00000200), "unshare CLONE_FS")
        here = Path.cwd()
        for kind, flag in (("net", inside.CLONE_NEWNET), ("mnt", inside.CLONE_NEWNS)):
            with Path(f"/proc/{held.pid}/ns/{kind}").open() as namespace:
                mounts.call(mounts.libc.setns(namespace.fileno(), flag), f"setns {kind}")
        os.chdir(here)
    held.wait()
    inside.loopback_up()
    mounts.mount("none", "/", None, mounts.MS_REC | mounts.MS_PRIVATE)
    _resolve_by(NAMESERVER, folder)
    return end


def _connected(programs: engine.Engine, pid: int) -> Callable[[], None]:
    """slirp4netns on the namespace of a process; it ends when this process does, or calls what is returned."""
    ready, written = os.pipe()
    exit_reader, exit_writer = os.pipe()
    argv = [programs.find("slirp4netns"), "--configure", "--mtu=65520", "--disable-host-loopback"]
    argv += [f"--ready-fd={written}", f"--exit-fd={exit_reader}", str(pid), "tap0"]
    log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
    slirp = subprocess.Popen(argv, env=programs.environment(), pass_fds=(written, exit_reader), stdout=log, stderr=log)
    os.close(written)
    os.close(exit_reader)
    with os.fdopen(ready, "rb") as pipe:
        connected = pipe.read(1)
    if not connected:
        slirp.wait()
        log.seek(0)
        raise OSError(f"slirp4netns could not connect the tests to the network: {log.read().decode()[-500:]}")

    def end() -> None:
        os.close(exit_writer)
        slirp.wait()
        log.close()

    return end


def _resolve_by(nameserver: str, folder: Path) -> None:
    resolv = Path("/etc/resolv.conf").resolve()
    if not resolv.exists():
        return
    # kept as long as the run: nothing can be mounted over a file that has gone
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {nameserver}\n")
    mounts.mount(str(file), str(resolv), None, mounts.MS_BIND)
