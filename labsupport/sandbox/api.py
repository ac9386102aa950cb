"""The few Engine API requests the sandbox itself makes, over a Unix socket or TLS, with the standard library.

The Docker SDK takes a quarter of a second to import, http.client 15 ms; asking "are you there?" must not.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPConnection

_LONGEST_PING = 1 << 16  # bytes of an answer to /_ping


def connection(docker_host: str, certificates: str = "", timeout: float | None = 5) -> HTTPConnection:
    """An HTTP connection to an engine; certificates is the folder with ca.pem, cert.pem and key.pem for TLS."""
    import http.client

    parts = urlsplit(docker_host)
    if parts.scheme == "unix":
        from labsupport.sandbox.unixhttp import UnixConnection

        return UnixConnection(parts.path, timeout)
    if not certificates:
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    import ssl

    folder = Path(certificates)
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)


def get(docker_host: str, path: str, certificates: str = "", timeout: float = 5) -> Any:
    """GET a path of the Engine API and decode its JSON. Raises OSError when the engine does not answer well."""
    from http.client import HTTPException

    link = connection(docker_host, certificates, timeout)
    try:
        link.request("GET", path)
        response = link.getresponse()
        body = response.read()
    except HTTPException as error:
        raise OSError(f"{docker_host}: {error!r}") from error
    finally:
        link.close()
    if response.status != 200:
        raise OSError(f"{docker_host}{path}: HTTP {response.status} {body[:200].decode(errors='replace')}")
    return json.loads(body) if body[:1] in b"{[" and body else body.decode()


def answers(docker_host: str, certificates: str = "", timeout: float = 2) -> bool:
    """Whether an engine answers its /_ping."""
    parts = urlsplit(docker_host)
    try:
        if parts.scheme == "unix":
            return _ping(parts.path, timeout)
        return bool(get(docker_host, "/_ping", certificates, timeout) == "OK")
    except (OSError, ValueError):
        return False


def _ping(path: str, timeout: float) -> bool:
    """The question that each command begins with, asked with HTTP/1.0: the answer ends with the connection."""
    said = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(timeout)
        link.connect(path)
        link.sendall(b"GET /_ping HTTP/1.0\r\nHost: localhost\r\n\r\n")
        while len(said) < _LONGEST_PING and (piece := link.recv(_LONGEST_PING)):
            said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    return head.split(None, 2)[1:2] == [b"200"] and body == b"OK"


def listens(port: int) -> bool:
    """Whether a registry answers on this port of 127.0.0.1 (distribution-spec, end-1)."""
    from http.client import HTTPConnection, HTTPException

    link = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/v2/")
        return link.getresponse().status in (200, 401)
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def stop_containers(docker_host: str, seconds: int, certificates: str = "") -> None:
    """Stop every running container, all at once; what cannot be stopped so is left to dockerd's own shutdown."""

    from http.client import HTTPException

    def stop(identity: str) -> None:
        with contextlib.suppress(OSError, HTTPException):
            link = connection(docker_host, certificates, seconds + 10)
            link.request("POST", f"/containers/{identity}/stop?t={seconds}")
            link.getresponse().read()
            link.close()

    with contextlib.suppress(OSError, ValueError):
        identities = [row["Id"] for row in get(docker_host, "/containers/json", certificates)]
        threads = [threading.Thread(target=stop, args=(identity,)) for identity in identities]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
