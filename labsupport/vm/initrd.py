"""An initial ramdisk made from a container's files: the "newc" cpio archive that Linux unpacks as its first root.

Format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel; cpio(5). The kernel unpacks it into
memory and runs `/init` (initrd(4)); no disk, no boot loader, no modules are needed.
"""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

TRAILER = "TRAILER!!!"

# Process 1 of the virtual machine. It answers on the second serial port: a line "MARK COMMAND" is run by a shell of
# its own, its output comes back, then "MARK EXIT". The limit ends a machine that everybody has forgotten.
INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
hostname vm
stty -F /dev/ttyS1 raw -echo
(sleep {limit}; poweroff -f) </dev/null >/dev/null 2>&1 &
exec </dev/ttyS1 >/dev/ttyS1 2>&1
echo {ready}
while read -r mark command; do
    sh -c "$command" </dev/null
    echo "$mark $?"
done
poweroff -f
"""


@dataclass(frozen=True)
class Entry:
    """One file of the archive. mode holds type and permissions (inode(7)); device is (major, minor)."""

    name: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def cpio(entries: Iterator[Entry] | list[Entry]) -> bytes:
    """The archive of these entries, in order, owned by root, without time stamps: the same entries, the same bytes."""
    parts = []
    for number, entry in enumerate([*entries, Entry(TRAILER, 0)], 1):
        name = entry.name.encode() + b"\0"
        # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        fields = (number, entry.mode, 0, 0, 1, 0, len(entry.content), 0, 0, *entry.device, len(name), 0)
        parts.append(_padded(b"070701" + b"".join(b"%08X" % field for field in fields) + name))
        parts.append(_padded(entry.content))
    return b"".join(parts)


def from_tar(archive: bytes, *, ready: str, limit: int) -> bytes:
    """The initial ramdisk of an exported container (`docker export`), with our /init and a console device.

    limit is in seconds: the machine then switches itself off. ready is what /init writes when it listens.
    """
    return cpio([*_files(archive), *_ours(ready, limit)])


def _ours(ready: str, limit: int) -> list[Entry]:
    init = INIT.format(ready=ready, limit=limit).encode()
    return [Entry("init", stat.S_IFREG | 0o755, init), Entry("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1))]


def _files(archive: bytes) -> Iterator[Entry]:
    linked: dict[str, bytes] = {}
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        for member in tar:
            name = member.name.removeprefix("./").strip("/")
            if name in ("", ".", "init", "dev/console"):
                continue
            if member.isdir():
                yield Entry(name, stat.S_IFDIR | member.mode)
            elif member.issym():
                yield Entry(name, stat.S_IFLNK | 0o777, member.linkname.encode())
            elif member.islnk():
                yield Entry(name, stat.S_IFREG | member.mode, linked[member.linkname.removeprefix("./").strip("/")])
            elif member.isfile():
                source = tar.extractfile(member)
                linked[name] = source.read() if source else b""
                yield Entry(name, stat.S_IFREG | member.mode, linked[name])


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
