"""Processes that come and go are seen; sockets are told by who listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labsupport.shell.watch import Process, command_of, described, family, listens, peer, processes, watching

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")


def test_this_process_is_among_them() -> None:
    parent, _ = processes()[os.getpid()]
    assert parent == os.getppid()
    assert described(os.getpid()).parent == os.getppid()


def test_a_process_that_is_gone_has_no_command() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert command_of(gone.pid) == ""
    with pytest.raises(KeyError):
        described(gone.pid)


def test_a_short_life_is_seen_and_a_change_of_name_too() -> None:
    with watching() as seen:
        # a shell that becomes another program: two names, one pid
        shell = subprocess.Popen(["sh", "-c", "sleep 1; exec sleep 0.2"])
        shell.wait()
    names = [each.name for each in seen if each.pid == shell.pid]
    assert names[-2:] == ["sh", "sleep"]
    child = next(each for each in seen if each.parent == shell.pid)
    assert (child.name, child.command) in (("sleep", "sleep 1"), ("sh", "sh -c sleep 1; exec sleep 0.2"))


def test_who_was_there_before_is_not_seen() -> None:
    old = subprocess.Popen(["sleep", "30"])
    try:
        with watching() as seen:
            time.sleep(0.02)
        assert old.pid not in [each.pid for each in seen]
    finally:
        old.kill()
        old.wait()


def test_family_follows_parents() -> None:
    a, b, c = Process(10, 1, "a", ""), Process(11, 10, "b", ""), Process(12, 11, "c", "")
    stranger = Process(20, 5, "x", "")
    assert family([c, b, a, stranger], 10) == [c, b, a]
    assert family([c, b, stranger], 11) == [c, b]
    assert family([c, b, a], 99) == []


def test_the_peer_of_a_unix_socket_and_where_it_listens(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(path))
        assert str(path) not in listens(os.getpid())  # bound, and not listening yet
        server.listen()
        client.connect(str(path))
        assert peer(client) == os.getpid()
        assert str(path) in listens(os.getpid())


def test_no_peer_over_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert peer(client) == 0


def test_sockets_of_nobody() -> None:
    assert listens(2**22 + 1) == []
