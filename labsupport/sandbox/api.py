"""The few Engine API requests the sandbox itself makes, over a Unix socket or TLS, with the standard library.

The Docker SDK takes a quarter of a second to import; asking "are you there?" must not.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connection(docker_host: str, certificates: str = "", timeout: float | None = 5) -> http.client.HTTPConnection:
    """An HTTP connection to an engine; certificates is the folder with ca.pem, cert.pem and key.pem for TLS."""
    parts = urlsplit(docker_host)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, timeout)
    if not certificates:
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    import ssl

    folder = Path(certificates)
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)


def get(docker_host: str, path: str, certificates: str = "", timeout: float = 5) -> Any:
    """GET a path of the Engine API and decode its JSON. Raises OSError when the engine does not answer well."""
    link = connection(docker_host, certificates, timeout)
    try:
        link.request("GET", path)
        response = link.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{docker_host}: {error!r}") from error
    finally:
        link.close()
    if response.status != 200:
        raise OSError(f"{docker_host}{path}: HTTP {response.status} {body[:200].decode(errors='replace')}")
    return json.loads(body) if body[:1] in b"{[" and body else body.decode()


def answers(docker_host: str, certificates: str = "", timeout: float = 2) -> bool:
    """Whether an engine answers its /_ping."""
    try:
        return bool(get(docker_host, "/_ping", certificates, timeout) == "OK")
    except (OSError, ValueError):
        return False


def listens(port: int) -> bool:
    """Whether a registry answers on this port of 127.0.0.1 (distribution-spec, end-1)."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/v2/")
        return link.getresponse().status in (200, 401)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def stop_containers(docker_host: str, seconds: int, certificates: str = "") -> None:
    """Stop every running container, all at once; what cannot be stopped so is left to dockerd's own shutdown."""

    def stop(identity: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
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
