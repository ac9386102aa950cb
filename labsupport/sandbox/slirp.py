"""slirp4netns's API: which of the machine's own loopback ports lead into the sandbox (slirp4netns(1), "API SOCKET").

Standard library only: dockerd's proxy hook imports it for each published port.
"""

from __future__ import annotations

import json
import socket
from typing import Any


class SlirpError(Exception):
    """slirp4netns refused a request or does not answer."""


def request(api: str, execute: str, **arguments: object) -> Any:
    """Send one request to the API socket and return its answer. Raises SlirpError."""
    message = {"execute": execute, "arguments": arguments} if arguments else {"execute": execute}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(5)
            sock.connect(api)
            sock.sendall(json.dumps(message).encode())
            sock.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        reply = json.loads(answer)
    except (OSError, ValueError) as error:
        raise SlirpError(f"{execute}: {error}") from error
    if "error" in reply:
        raise SlirpError(str(reply["error"].get("desc", reply["error"])))
    return reply.get("return")


def forward(api: str, host_port: int, guest_port: int, protocol: str = "tcp", host: str = "127.0.0.1") -> int:
    """Make host:host_port of the machine lead to guest_port in the sandbox; return the forward's id."""
    answer = request(api, "add_hostfwd", proto=protocol, host_addr=host, host_port=host_port, guest_port=guest_port)
    return int(answer["id"])


def remove(api: str, forward_id: int) -> None:
    """End one forward."""
    request(api, "remove_hostfwd", id=forward_id)
