"""Runs inside the sandbox's new namespaces, prepares them, then becomes the engine. Linux, standard library only.

    python inside.py SETTINGS.json

The settings:

    unshare     make new network and mount namespaces (needs root; rootlesskit has made them otherwise)
    join        a process id: enter its network namespace instead; with join_user its user namespace too
    writable    folders the engine may write to; all else becomes read-only
    own         paths below /run that must not be the machine's
    nameserver  the resolver of the new network
    resolver_options    added to the resolver's configuration, see resolv.conf(5)
    ready       a file descriptor told once the namespaces exist
    argv, environment   the program to become

See namespaces(7), mount_namespaces(7), mount(2), setns(2), netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWUSER = 0x00020000, 0x40000000, 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC, MS_SLAVE, MS_RELATIME = 1024, 2048, 4096, 16384, 1 << 19, 1 << 21
FLAGS = {
    "ro": MS_RDONLY,
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "noatime": MS_NOATIME,
    "nodiratime": MS_NODIRATIME,
    "relatime": MS_RELATIME,
}
# the engine writes there: kernel settings of its own network namespace, cgroups, devices, its own run folder
KEPT = ("/proc", "/sys", "/dev", "/run")

libc = ctypes.CDLL(None, use_errno=True)


def call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encode = os.fsencode
    call(
        libc.mount(encode(source), encode(target), kind and encode(kind), ctypes.c_ulong(flags), data and encode(data)),
        f"mount {target}",
    )


def loopback_up() -> None:
    """What `ip link set lo up` does: set IFF_UP with the SIOCSIFFLAGS request of netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        name = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(sock, 0x8913, name))[1]
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14s", b"lo", flags | 1, b""))


def own_run_folder(nameserver: str) -> None:
    """An empty /run of our own (shims keep sockets there), and a resolv.conf that names the sandbox's resolver."""
    resolv = os.path.realpath("/etc/resolv.conf")
    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    content = f"nameserver {nameserver}\n"
    if resolv.startswith("/run/"):
        os.makedirs(os.path.dirname(resolv), exist_ok=True)
        with open(resolv, "w") as file:
            file.write(content)
    elif os.path.exists(resolv):
        with open("/run/resolv.conf", "w") as file:
            file.write(content)
        mount("/run/resolv.conf", resolv, None, MS_BIND)


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def unescape(path: str) -> str:
    """proc_pid_mountinfo(5) writes blanks and backslashes as octal."""
    return path.encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")


def make_read_only(writable: list[str]) -> None:
    """Every mount the engine sees becomes read-only, but for its own state and the learner's working copy.

    So `docker run -v /:/host` can look at the learner's machine and change nothing on it.
    """
    for folder in writable:
        mount(folder, folder, None, MS_BIND | MS_REC)
    with open("/proc/self/mountinfo") as file:
        rows = [line.split() for line in file]
    for row in rows:
        path = unescape(row[4])
        if any(below(path, folder) for folder in (*KEPT, *writable)):
            continue
        flags = sum(FLAGS.get(option, 0) for option in set(row[5].split(",")))
        try:
            mount("none", path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)
        except OSError:
            # a mount hidden below another, or one this user may not look into, cannot be reached by the engine either
            if os.access(path, os.W_OK) and path == "/":
                raise


def main() -> None:
    with open(sys.argv[1]) as file:
        settings = json.load(file)
    for kind, flag in (("user", CLONE_NEWUSER), ("net", CLONE_NEWNET)):
        if settings.get("join") and (kind == "net" or settings.get("join_user")):
            with open(f"/proc/{settings['join']}/ns/{kind}") as file:
                call(libc.setns(file.fileno(), flag), f"setns {kind}")
    if settings.get("unshare"):
        call(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
        # mounts made outside still appear inside; none made inside appears outside
        mount("none", "/", None, MS_REC | MS_SLAVE)
        loopback_up()
        own_run_folder(settings["nameserver"])
    if settings.get("resolver_options"):
        with open("/etc/resolv.conf", "a") as file:
            file.write(f"options {settings['resolver_options']}\n")
    for path in settings.get("own", ()):
        # rootlesskit's copy of /run has links to the machine's own, which this user may not write to
        if os.path.islink(path):
            os.unlink(path)
    if "writable" in settings:
        make_read_only(settings["writable"])
    if settings.get("ready"):
        os.write(settings["ready"], b"1")
        os.close(settings["ready"])
    # outlive nobody: when the supervisor is killed, so is this process (prctl(2), PR_SET_PDEATHSIG)
    libc.prctl(1, 15, 0, 0, 0)
    # rootlesskit tells its child where it can be asked for ports
    told = {name: value for name, value in os.environ.items() if name.startswith("ROOTLESSKIT_")}
    os.execve(settings["argv"][0], settings["argv"], {**told, **settings["environment"]})


if __name__ == "__main__":
    main()
