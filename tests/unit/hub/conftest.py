"""A registry in this process, and packages as they look unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_registry import FakeRegistry, serve


@pytest.fixture
def place(tmp_path: Path) -> Iterator[FakeRegistry]:
    """A sandbox as far as the hub can tell: a folder and a registry."""
    yield from serve(tmp_path / "sandbox")


@pytest.fixture
def other_place(tmp_path: Path) -> Iterator[FakeRegistry]:
    yield from serve(tmp_path / "other")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """What the packages of the course's images look like unpacked; the programs only say who they are."""
    root = tmp_path / "packages"
    files = {
        "bin/busybox": "#!/bin/sh\nprintf 'bin/sh\\nbin/busybox\\nusr/bin/[\\n'\n",
        "usr/bin/lua5.1": "lua 5.1",
        "usr/bin/lua5.4": "lua 5.4",
        "etc/debian_version": "12.0\n",
        "usr/lib/os-release": "NAME=Debian\n",
        "lib64/ld-linux-x86-64.so.2": "loader",
        "lib/x86_64-linux-gnu/libc.so.6": "libc",
        "lib/x86_64-linux-gnu/libdl.so.2": "libdl",
        "lib/x86_64-linux-gnu/libm.so.6": "libm",
        "usr/lib/x86_64-linux-gnu/libreadline.so.8.2": "readline",
        "lib/x86_64-linux-gnu/libtinfo.so.6": "tinfo",
    }
    for name in ("busybox-static", "base-files", "libc6", "libreadline8", "libtinfo6", "lua5.1", "lua5.4"):
        files[f"usr/share/doc/{name}/copyright"] = f"copyright of {name}\n"
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "bin/busybox").chmod(0o755)
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    (root / "usr/lib/x86_64-linux-gnu/libreadline.so.8").symlink_to("libreadline.so.8.2")
    return root
