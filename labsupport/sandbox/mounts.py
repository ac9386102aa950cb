"""What the engine sees of this machine: nearly all of it to look at, next to nothing to change. Standard library only.

`docker run -v /:/host` shows a container the engine's own view of the files. So that view is a tree made for it: the
machine's folders and kernel settings (/proc/sys, /sys) read-only, a /dev, /dev/shm and /run of its own, and of /media
and /mnt nothing. What is mounted on the machine later does not come in. The tree that was there before is let go whole:
the one way to do so where a user namespace has its mounts locked, and a stick that is mounted can be taken out.

See mount_namespaces(7), mount(2), pivot_root(2), proc_pid_mountinfo(5), proc(5), sysfs(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import stat
from collections.abc import Iterable
from typing import IO, NamedTuple

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_MOVE, MS_REC = 1024, 2048, 4096, 8192, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_RELATIME = 1 << 17, 1 << 18, 1 << 21
MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8
FLAGS = {
    "ro": MS_RDONLY,
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "noatime": MS_NOATIME,
    "nodiratime": MS_NODIRATIME,
    "relatime": MS_RELATIME,
}
# top-level folders of which nothing is taken over, or not as it is: where what is plugged in gets mounted, for one
MADE = ("dev", "media", "mnt", "proc", "run", "sys")
# what runtimes give to every container, terminals, and what rootless networks and file systems are made with
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "net/tun", "fuse")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
# its own; and of the machine's: what belongs to processes, and the settings of its own network namespace
CGROUPS = "/sys/fs/cgroup"
KEPT = ("/run", "/dev/pts", "/dev/shm", "/dev/mqueue", "/proc", "/proc/sys/net")

libc = ctypes.CDLL(None, use_errno=True)


class Mount(NamedTuple):
    """A line of mountinfo. tags: the optional fields, "master:N" for one that follows another namespace's."""

    identity: str
    device: str
    root: str
    path: str
    options: str
    tags: tuple[str, ...]
    kind: str


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


def detach(path: str) -> None:
    """Take a mount out of this view, with all below it, even while it is used (umount2(2))."""
    call(libc.umount2(os.fsencode(path), MNT_DETACH | UMOUNT_NOFOLLOW), f"umount {path}")


def below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def unescape(path: str) -> str:
    """proc_pid_mountinfo(5) writes blanks and backslashes as octal."""
    return path.encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")


def read(file: IO[str]) -> list[Mount]:
    """The mounts of an open mountinfo as they are now."""
    file.seek(0)
    rows = []
    for words in map(str.split, file):
        end = words.index("-", 6)
        tags = tuple(words[6:end])
        rows.append(Mount(words[0], words[2], unescape(words[3]), unescape(words[4]), words[5], tags, words[end + 1]))
    return rows


def watched() -> IO[str]:
    """The mountinfo of the view this process has now, which stays that one's when it enters another."""
    return open("/proc/self/mountinfo", errors="surrogateescape")


def table() -> list[Mount]:
    """The mounts of this process's own view, in the order in which they were made."""
    with watched() as file:
        return read(file)


def build(root: str, needed: Iterable[str], *, privileged: bool, sockets: Iterable[str] = ()) -> None:
    """Make the tree at root, a folder of a tmpfs. needed: folders that must be seen wherever they lie.

    privileged: as root of the machine, in a new network namespace. sockets: those below /run that stay reachable.
    """
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for entry in os.scandir("/"):
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), root + entry.path)
        elif entry.name in MADE:
            os.mkdir(root + entry.path)
        else:
            _bind(entry.path, root)
    mount("/proc", f"{root}/proc", None, MS_BIND | MS_REC)
    mount("tmpfs", f"{root}/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    # who wants cgroups of the user's systemd asks whether there is one (sd_booted(3))
    if os.path.isdir("/run/systemd/system"):
        os.makedirs(f"{root}/run/systemd/system")
    _devices(f"{root}/dev")
    _sysfs(f"{root}/sys", privileged)
    for path in (*needed, *sockets):
        if path.split("/")[1] in MADE and os.path.exists(path) and not os.path.exists(root + path):
            _bind(path, root)


def _bind(path: str, root: str) -> None:
    """Show a path of the machine at the same place below root."""
    target = root + path
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    mount(path, target, None, MS_BIND | MS_REC)


def _devices(folder: str) -> None:
    """The few nodes an engine must have, and terminals, shared memory and message queues of its own."""
    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k")
    for name in DEVICES:
        # bound, not made: an ordinary user may not make nodes
        if os.path.exists(f"/dev/{name}"):
            _bind(f"/dev/{name}", os.path.dirname(folder))
    for name, kind, data in (
        ("pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"),
        ("shm", "tmpfs", "mode=1777"),
        ("mqueue", "mqueue", None),
    ):
        os.mkdir(f"{folder}/{name}")
        # message queues only where the engine has an IPC namespace of its own; an empty folder does otherwise
        with contextlib.suppress(OSError) if kind == "mqueue" else contextlib.nullcontext():
            mount(kind, f"{folder}/{name}", kind, MS_NOSUID | MS_NOEXEC | MS_NODEV * (kind != "devpts"), data)
    for name, target in LINKS.items():
        os.symlink(target, f"{folder}/{name}")


def _sysfs(folder: str, privileged: bool) -> None:
    """A /sys that shows the engine's own network, without what is mounted in the machine's (debugfs, securityfs ...).

    The cgroup trees stay. An engine that cannot see AppArmor loads no profile into the machine's kernel.
    """
    if privileged:
        with contextlib.suppress(OSError):  # where root is a container's it may be forbidden
            mount("sysfs", folder, "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
            if os.path.isdir(CGROUPS) and os.path.isdir(f"{folder}/fs/cgroup"):
                mount(CGROUPS, f"{folder}/fs/cgroup", None, MS_BIND | MS_REC)
            return
    mount("/sys", folder, None, MS_BIND | MS_REC)  # rootlesskit has made a new one


def enter(root: str) -> None:
    """Make root this namespace's root and let go of all that was there (pivot_root(2), "pivot_root(".", ".")")."""
    os.chdir(root)
    call(libc.pivot_root(b".", b"."), "pivot_root")
    call(libc.umount2(b".", MNT_DETACH), "umount the old root")
    os.chdir("/")


def name_server(address: str) -> None:
    """A resolv.conf that names the sandbox's resolver, wherever the machine's lies."""
    resolv = os.path.realpath("/etc/resolv.conf")
    content = f"nameserver {address}\n"
    if resolv.startswith("/run/"):
        os.makedirs(os.path.dirname(resolv), exist_ok=True)
        with open(resolv, "w") as file:
            file.write(content)
    elif os.path.exists(resolv):
        with open("/run/resolv.conf", "w") as file:
            file.write(content)
        mount("/run/resolv.conf", resolv, None, MS_BIND)


def close_kernel_settings() -> None:
    """Make mounts of what in /proc belongs to no process and can be written to; make_read_only() closes them."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() and not entry.is_symlink():
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) or mode & 0o222:
                mount(entry.path, entry.path, None, MS_BIND | MS_REC)
    mount("/proc/sys/net", "/proc/sys/net", None, MS_BIND)


def make_read_only(writable: Iterable[str], guarded: Iterable[str] = ()) -> None:
    """Every mount becomes read-only, but for those KEPT and the writable folders: the engine's own and the learner's.

    guarded: folders in these that become so all the same. Raises OSError for a mount that is neither read-only then
    nor out of sight.
    """
    writable, guarded = tuple(writable), tuple(guarded)
    for folder in filter(os.path.exists, (*writable, *guarded)):
        mount(folder, folder, None, MS_BIND | MS_REC)
    for row in table():
        if row.path == CGROUPS and row.kind == "cgroup2":
            # runc opens no file of this tree across a mount (openat2(2), RESOLVE_NO_XDEV), so no part of it can be
            # closed; but containers get none of it: `-v /:/host` leaves out what can't be bound
            mount("none", CGROUPS, None, MS_UNBINDABLE)
            continue
        # autofs shows nothing of its own, and to touch it would have things mounted
        if row.kind == "autofs" or row.path in KEPT or _may(row.path, writable, guarded):
            continue
        flags = sum(FLAGS.get(option, 0) for option in set(row.options.split(",")))
        try:
            mount("none", row.path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)
        except OSError:
            # hidden below another, or not to be looked into by this user: nor can the engine reach it
            with contextlib.suppress(OSError):
                detach(row.path)
            if os.access(row.path, os.W_OK):
                raise


def _may(path: str, writable: Iterable[str], guarded: Iterable[str]) -> bool:
    inside = any(below(path, folder) for folder in writable)
    return inside and not any(below(path, folder) for folder in guarded)


def keep_up(outside: IO[str]) -> None:
    """Let go here of what is unmounted on the machine, whose mountinfo is outside; returns never.

    A copy that stayed would keep a disk busy. A poll(2) of mountinfo tells when there is something new.
    """
    changes = select.poll()
    changes.register(outside, select.POLLPRI | select.POLLERR)
    before = read(outside)
    while True:
        changes.poll()
        now = read(outside)
        places = {(row.device, row.root, row.path) for row in now}
        for row in reversed(before):
            if (row.device, row.root, row.path) not in places:
                with contextlib.suppress(OSError):
                    detach(row.path)
        before = now
