"""Follow a published port from this computer's 127.0.0.1 to the program in the container, by looking at each station.

The stations: whoever listens on this computer (the sandbox's forwarder; docker-proxy itself on an ordinary engine),
the engine, which leads the port on to the container's address (by rules of the packet filter and by docker-proxy),
and the container's own sockets (proc(5), /proc/net/tcp).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from labsupport.figures.networks import Way

if TYPE_CHECKING:
    from docker import DockerClient

NOBODY = "nobody"
LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # as /proc/net/tcp and tcp6 write them, little-endian


def listener_here(port: int) -> str:
    """The name of the program that listens on this computer's port; "somebody" when only that much can be seen."""
    import psutil

    from labsupport.sandbox import ports

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == "LISTEN" and (*connection.laddr, 0, 0)[1] == port and connection.pid:
                return str(psutil.Process(connection.pid).name())
    except psutil.Error:
        pass  # of other users' programs, some systems tell nothing
    return NOBODY if ports.is_free(port) else "somebody"


def listens_in(table: str, port: int) -> str:
    """What listens on the port, out of /proc/net/tcp and tcp6: "every address", "127.0.0.1" or "nobody"."""
    found = {
        address
        for address, number, state in re.findall(r":\s([0-9A-F]+):([0-9A-F]{4})\s[0-9A-F]+:[0-9A-F]{4}\s(\w\w)", table)
        if state == LISTENING and int(number, 16) == port
    }
    if not found:
        return NOBODY
    return "127.0.0.1" if found <= LOOPBACK else "every address"


def way(client: DockerClient, name: str, port: int = 80) -> Way:
    """The way of a request to port `port` of a running container, and how far it comes."""
    container = client.containers.get(name)
    settings: dict[str, Any] = container.attrs["NetworkSettings"]
    bindings = (settings.get("Ports") or {}).get(f"{port}/tcp") or []
    outside = int(bindings[0]["HostPort"]) if bindings else 0
    address = next((end["IPAddress"] for end in settings["Networks"].values() if end.get("IPAddress")), "")
    tables: Any = container.exec_run(["cat", "/proc/net/tcp", "/proc/net/tcp6"]).output
    listens = listens_in(tables.decode(errors="replace"), port)
    here = listener_here(outside) if outside else ""
    stations = (
        ("on this computer", f"{here}\n127.0.0.1:{outside}" if outside else "nobody listens"),
        ("the engine leads on", f"port {outside}\nto {address}:{port}" if outside else "nothing"),
        ("in the container", f"eth0\n{address}"),
        ("the program listens on", listens),
    )
    open_stations = 0 if not outside or here == NOBODY else 4 if listens == "every address" else 3
    return Way(name, stations, open_stations)
