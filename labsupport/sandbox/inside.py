"""Runs inside the sandbox's new namespaces, prepares them, then becomes the engine. Linux, standard library only.

    python inside.py SETTINGS.json

The settings:

    unshare     make new network, mount and IPC namespaces (needs root; rootlesskit has made them otherwise)
    keep_up     with it: let go of what is unmounted on the machine later, in a process of its own
    join        a process id: enter its network namespace instead; with join_user its user namespace too
    writable    folders the engine may write to; all else becomes its own, or read-only (see `mounts`)
    guarded     folders in those that it may not
    needed      folders the engine must see, wherever they lie; sockets: those below /run it may reach
    nameserver  the resolver of the new network
    resolver_options    added to the resolver's configuration, see resolv.conf(5)
    ready       a file descriptor told once the namespaces exist
    argv, environment   the program to become

See namespaces(7), setns(2), netdevice(7).
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import IO, Any

# started as a script inside namespaces: this package is not on the path
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from labsupport.sandbox import mounts

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x40000000, 0x10000000
PR_SET_PDEATHSIG = 1


def loopback_up() -> None:
    """What `ip link set lo up` does: set IFF_UP with the SIOCSIFFLAGS request of netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        name = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(sock, 0x8913, name))[1]
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14s", b"lo", flags | 1, b""))


def keep_up_with_mounts(outside: IO[str], ready: int) -> None:
    """In a process of its own, which ends with the program this one becomes."""
    parent = os.getpid()
    if os.fork():
        return
    mounts.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        if ready:
            os.close(ready)
        if os.getppid() == parent:
            mounts.keep_up(outside)
    finally:
        os._exit(1)


def make_view(settings: dict[str, Any]) -> None:
    """Give the engine its view of the files, in a mount namespace that is already its own."""
    # no mount made outside appears inside, none made inside appears outside
    mounts.mount("none", "/", None, mounts.MS_REC | mounts.MS_PRIVATE)
    root = f"{settings['writable'][0]}/view"
    os.makedirs(root, exist_ok=True)
    needed = [*settings["writable"], *settings.get("needed", ())]
    mounts.build(root, needed, privileged="unshare" in settings, sockets=settings.get("sockets", ()))
    mounts.enter(root)
    if settings.get("nameserver"):
        mounts.name_server(settings["nameserver"])
    if settings.get("resolver_options"):
        with open("/etc/resolv.conf", "a") as file:
            file.write(f"options {settings['resolver_options']}\n")
    mounts.close_kernel_settings()
    mounts.make_read_only(settings["writable"], settings.get("guarded", ()))


def main() -> None:
    with open(sys.argv[1]) as file:
        settings = json.load(file)
    for kind, flag in (("user", CLONE_NEWUSER), ("net", CLONE_NEWNET)):
        if settings.get("join") and (kind == "net" or settings.get("join_user")):
            with open(f"/proc/{settings['join']}/ns/{kind}") as file:
                mounts.call(mounts.libc.setns(file.fileno(), flag), f"setns {kind}")
    outside = None
    if settings.get("unshare"):
        outside = mounts.watched() if settings.get("keep_up") else None
        flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC
        mounts.call(mounts.libc.unshare(flags), "unshare")
        loopback_up()
    if "writable" in settings:
        make_view(settings)
        if outside:
            keep_up_with_mounts(outside, settings.get("ready", 0))
    if settings.get("ready"):
        os.write(settings["ready"], b"1")
        os.close(settings["ready"])
    # outlive nobody: when the supervisor is killed, so is this process (prctl(2), PR_SET_PDEATHSIG)
    mounts.libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # rootlesskit tells its child where it can be asked for ports
    told = {name: value for name, value in os.environ.items() if name.startswith("ROOTLESSKIT_")}
    os.execve(settings["argv"][0], settings["argv"], {**told, **settings["environment"]})


if __name__ == "__main__":
    main()
