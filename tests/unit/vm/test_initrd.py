"""The initial ramdisk: entries of a cpio archive, read back by a reader of the test's own."""

from __future__ import annotations

import io
import stat
import tarfile

from labsupport.vm import initrd


def unpacked(archive: bytes) -> dict[str, tuple[int, bytes, tuple[int, int]]]:
    """name -> (mode, content, device), read as the kernel does: header, name, padding, data, padding."""
    found, at = {}, 0
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = archive[at + 110 : at + 110 + fields[11] - 1].decode()
        start = at + 110 + fields[11] + -(110 + fields[11]) % 4
        content = archive[start : start + fields[6]]
        at = start + fields[6] + -fields[6] % 4
        if name == "TRAILER!!!":
            assert at == len(archive)
            return found
        found[name] = (fields[1], content, (fields[9], fields[10]))


def tar(*members: tuple[str, bytes, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, text in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o755
            data = b""
            if kind == tarfile.REGTYPE:
                data = text.encode()
                info.size = len(data)
            else:
                info.linkname = text
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_files_links_and_folders_keep_their_kind_and_content() -> None:
    source = tar(
        ("bin/", tarfile.DIRTYPE, ""),
        ("bin/busybox", tarfile.REGTYPE, "a program"),
        ("bin/sh", tarfile.LNKTYPE, "bin/busybox"),
        ("bin/ls", tarfile.SYMTYPE, "busybox"),
    )
    found = unpacked(initrd.from_tar(source, ready="READY", limit=5))
    assert stat.S_ISDIR(found["bin"][0])
    assert found["bin/busybox"] == (stat.S_IFREG | 0o755, b"a program", (0, 0))
    assert found["bin/sh"][1] == b"a program"
    assert stat.S_ISLNK(found["bin/ls"][0])
    assert found["bin/ls"][1] == b"busybox"


def test_init_and_console_are_ours_whatever_the_image_has() -> None:
    source = tar(("init", tarfile.REGTYPE, "theirs"), ("dev/console", tarfile.REGTYPE, ""))
    found = unpacked(initrd.from_tar(source, ready="I listen", limit=77))
    mode, script, _ = found["init"]
    assert mode == stat.S_IFREG | 0o755
    assert b"echo I listen" in script
    assert b"sleep 77" in script
    assert stat.S_ISCHR(found["dev/console"][0])
    assert found["dev/console"][2] == (5, 1)


def test_the_same_files_give_the_same_bytes() -> None:
    source = tar(("a", tarfile.REGTYPE, "abc"), ("bb", tarfile.REGTYPE, "defgh"))
    assert initrd.from_tar(source, ready="r", limit=1) == initrd.from_tar(source, ready="r", limit=1)
