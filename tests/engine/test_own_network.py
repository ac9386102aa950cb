"""Tests that run beside each other do not meet at 127.0.0.1."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import own_network
import pytest

pytestmark = [
    pytest.mark.engine,
    pytest.mark.root,
    pytest.mark.skipif(not own_network.possible(), reason="needs root on Linux and /dev/net/tun"),
]

INSIDE = """
import os, pathlib, socket, subprocess, sys, threading
import own_network
here = os.getcwd()
end = own_network.enter(pathlib.Path(sys.argv[1]), lambda line: None)
assert os.getcwd() == here
with socket.create_server(("127.0.0.1", int(sys.argv[2]))):
    pass
found = []
thread = threading.Thread(target=lambda: found.append(os.readlink("/proc/thread-self/ns/net")))
thread.start()
thread.join()
child = subprocess.run(["readlink", "/proc/self/ns/net"], capture_output=True, text=True).stdout.strip()
links = sorted(name for _, name in socket.if_nameindex())
print(found == [child], child != sys.argv[3], links, pathlib.Path("/etc/resolv.conf").read_text().split())
end()
"""


def test_each_has_its_own_ports_and_the_way_out(tmp_path: Path) -> None:
    before = Path("/etc/resolv.conf").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [str(tmp_path), str(taken.getsockname()[1]), str(Path("/proc/self/ns/net").readlink())]
        done = subprocess.run(
            [sys.executable, "-c", INSIDE, *words], cwd=Path(__file__).parents[1], capture_output=True, text=True
        )
    assert done.stdout == "True True ['lo', 'tap0'] ['nameserver', '10.0.2.3']\n", done.stderr
    assert Path("/etc/resolv.conf").read_text() == before
