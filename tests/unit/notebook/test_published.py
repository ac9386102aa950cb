"""Which program a published port leads to: read from /proc/net/tcp, and who holds a port of this computer."""

from __future__ import annotations

import os
import socket

import psutil
import pytest

from labsupport.notebook.published import NOBODY, listener_here, listens_in

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0\n"
ALL_6 = "0" * 32
LOOPBACK_6 = "00000000000000000000000001000000"


def table(*rows: str) -> str:
    return HEAD + "".join(f"   {number}: {row} {REST}" for number, row in enumerate(rows))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (("00000000:0050 00000000:0000 0A",), "every address"),
        (("0100007F:0050 00000000:0000 0A",), "127.0.0.1"),
        ((f"{ALL_6}:0050 {ALL_6}:0000 0A",), "every address"),
        ((f"{LOOPBACK_6}:0050 {ALL_6}:0000 0A",), "127.0.0.1"),
        (("0100007F:0050 00000000:0000 0A", "020011AC:0050 00000000:0000 0A"), "every address"),
        (("00000000:0051 00000000:0000 0A",), NOBODY),
        (("00000000:0050 0200007F:A1B2 01",), NOBODY),  # an open connection, no listener
        ((), NOBODY),
    ],
)
def test_what_listens_on_port_80(rows: tuple[str, ...], found: str) -> None:
    assert listens_in(table(*rows), 80) == found


def test_the_program_that_holds_a_port_here_is_named() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert listener_here(server.getsockname()[1]) in (psutil.Process(os.getpid()).name(), "somebody")


def test_a_port_that_is_free_belongs_to_nobody() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    assert listener_here(port) == NOBODY


def test_where_the_system_tells_nothing_it_is_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: str) -> list[object]:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert listener_here(server.getsockname()[1]) == "somebody"
