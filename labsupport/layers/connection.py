"""A small keep-alive connection to an engine: the only module of this package that opens a socket.

Everything else takes an `EngineApi`, so tests hand in recorded answers. Reading 300 images takes 600 requests;
one connection per thread and no client objects in between is what makes that cheap.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from labsupport.errors import ImageDataError
from labsupport.layers.names import harmless

if TYPE_CHECKING:  # a quarter of the command's time until its first request; only streams need it
    from http.client import HTTPResponse

NEWEST_API = (1, 51)
"""The newest API version whose answers this package was checked against; an older engine is asked in its own."""


class EngineApi(Protocol):
    """What the readers need of an engine. Paths start with `/` and carry no version."""

    def get(self, path: str) -> Any:
        """The JSON answer. NotFound when the engine says 404, Refused for another refusal or an answer that is no
        JSON, ImageDataError when there is no answer.
        """

    def head(self, path: str) -> Mapping[str, str]:
        """The answer's headers, names in lower case; NotFound when the engine says 404."""

    def stream(self, path: str) -> Stream:
        """The answer's body in pieces, as they come."""


class Refused(ImageDataError):
    """The engine answered, but not with what was asked for: other questions may go well."""


class NotFound(Refused):
    """The engine has no such object (any more)."""


class _Line:
    """One keep-alive connection, read with as little as HTTP/1.1 needs (RFC 9112).

    http.client parses headers as e-mail; for 600 short answers that costs as much as all the rest.
    """

    def __init__(self, opened: socket.socket, host: str) -> None:
        self._socket = opened
        self._host = host
        self._answers = opened.makefile("rb")

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with names in lower case, body. OSError or ValueError when the answer is cut or odd."""
        self._socket.sendall(_request(method, path, self._host))
        answers = self._answers
        first = answers.readline(65536).split(None, 2)
        if len(first) < 2 or not first[0].startswith(b"HTTP/1."):
            raise OSError("the engine closed the connection")
        status, headers = int(first[1]), {}
        while line := answers.readline(65536).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if method == "HEAD" or status in (204, 304):
            return status, headers, b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return status, headers, b"".join(self._chunks(answers))
        if "content-length" in headers:
            return status, headers, self._exactly(answers, int(headers["content-length"]))
        headers["connection"] = "close"
        return status, headers, answers.read()

    def _chunks(self, answers: io.BufferedReader) -> Iterator[bytes]:
        while count := int(answers.readline(65536).split(b";")[0], 16):
            yield self._exactly(answers, count)
            answers.readline(65536)
        while answers.readline(65536).strip():
            pass

    @staticmethod
    def _exactly(answers: io.BufferedReader, count: int) -> bytes:
        body = answers.read(count)
        if len(body) != count:
            raise OSError(f"the answer ended after {len(body)} of {count} bytes")
        return body

    def close(self) -> None:
        self._answers.close()
        self._socket.close()


class Stream:
    """An answer that comes piece by piece. `close` may be called from any thread, and ends the iteration."""

    def __init__(self, opened: socket.socket, response: HTTPResponse, path: str) -> None:
        self._socket = opened
        self._response = response
        self._path = path
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        from http.client import HTTPException

        try:
            while piece := self._response.read1(1 << 18):
                yield piece
        except (OSError, ValueError, AttributeError, HTTPException) as error:
            if not self._closed:
                raise ImageDataError(
                    f"The engine broke off its answer to {_cut(self._path)}.", seen=str(error)
                ) from None
        finally:
            self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the request; a reader waiting for the next piece wakes up."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._response.close()


class Connection:
    """The engine at `docker_host` (`unix://...` or `tcp://...`), in an API version both sides know.

    certificates: the folder with ca.pem, cert.pem, key.pem of a `tcp://` engine with TLS. timeout: seconds an
    ordinary request may take; streams have none. Safe to use from several threads.
    """

    def __init__(self, docker_host: str, *, certificates: str | None = None, timeout: float = 60) -> None:
        self.docker_host = docker_host
        self._certificates = certificates
        self._timeout = timeout
        self._idle: list[_Line] = []  # append and pop are atomic: threads share them
        self._version: str | None = None

    @property
    def version(self) -> str:
        """`/v1.NN`: the newest version that the engine and this package both know."""
        if self._version is None:
            answer = self._json("/version")
            theirs = _numbers(answer.get("ApiVersion", "1.41"))
            least = _numbers(answer.get("MinAPIVersion", "1.12"))
            major, minor = max(min(theirs, NEWEST_API), least)
            self._version = f"/v{major}.{minor}"
        return self._version

    def close(self) -> None:
        """Close what is kept open between requests. The next request opens it again."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        self.close()

    def get(self, path: str) -> Any:
        return self._json(self.version + path)

    def head(self, path: str) -> Mapping[str, str]:
        return self._ask("HEAD", self.version + path)[0]

    def stream(self, path: str) -> Stream:
        """The answer's body as it comes; ImageDataError when the engine refuses."""
        from http.client import HTTPException, HTTPResponse

        version = self.version
        try:
            opened, host = self._connect(None)
        except OSError as error:
            raise ImageDataError(f"No answer from the engine to {_cut(path)}.", seen=str(error)) from None
        try:
            opened.sendall(_request("GET", version + path, host))
            response = HTTPResponse(opened, method="GET")
            response.begin()
            if response.status >= 300:
                raise _refusal(path, response.status, response.read(65536))
        except (OSError, HTTPException) as error:
            opened.close()
            raise ImageDataError(f"No answer from the engine to {_cut(path)}.", seen=str(error)) from None
        except ImageDataError:
            opened.close()
            raise
        return Stream(opened, response, path)

    def _json(self, path: str) -> Any:
        _, body = self._ask("GET", path)
        try:
            return json.loads(body)
        except ValueError:
            raise Refused(f"The engine's answer to {_cut(path)} is not JSON.", seen=repr(body[:80])) from None

    def _ask(self, method: str, path: str) -> tuple[Mapping[str, str], bytes]:
        for attempt in (1, 2):
            line = None
            try:
                line = self._idle.pop() if self._idle else _Line(*self._connect(self._timeout))
                status, headers, body = line.ask(method, path)
                if headers.get("connection", "").lower() == "close":
                    line.close()
                else:
                    self._idle.append(line)
                break
            except (OSError, ValueError) as error:
                if line is not None:
                    line.close()
                # An idle keep-alive connection may have been closed by the engine: ask once more on a new one.
                if attempt == 2 or isinstance(error, TimeoutError):
                    raise ImageDataError(
                        f"No answer from the engine at {self.docker_host} to {method} {path}.",
                        seen=str(error) or type(error).__name__,
                        next_command="python3 -m labsupport doctor",
                    ) from None
        if status >= 300:
            raise _refusal(path, status, body)
        return headers, body

    def _connect(self, timeout: float | None) -> tuple[socket.socket, str]:
        """A new connection, and the engine's name as requests give it. Raises OSError."""
        address = urllib.parse.urlsplit(self.docker_host)
        if address.scheme == "unix":
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            opened.settimeout(timeout)
            try:
                opened.connect(urllib.parse.unquote(address.path))
            except OSError:
                opened.close()
                raise
            return opened, "localhost"
        if address.scheme not in ("tcp", "http", "https") or not address.hostname:
            raise ImageDataError(
                f"DOCKER_HOST={self.docker_host} is of a kind this course cannot read.", seen=address.scheme
            )
        name = address.hostname
        host = f"[{name}]" if ":" in name else name
        if not self._certificates:
            return _tcp(name, address.port or 2375, timeout), host
        import ssl

        folder = Path(self._certificates)
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(str(folder / "cert.pem"), str(folder / "key.pem"))
        opened = _tcp(name, address.port or 2376, timeout)
        try:
            return context.wrap_socket(opened, server_hostname=name), host
        except OSError:
            opened.close()
            raise


def connect(environment: Mapping[str, str]) -> Connection:
    """The engine that DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name, as the docker command reads
    them.
    """
    host = environment.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    verified = bool(environment.get("DOCKER_TLS_VERIFY"))
    return Connection(host, certificates=environment.get("DOCKER_CERT_PATH") if verified else None)


def _tcp(name: str, port: int, timeout: float | None) -> socket.socket:
    opened = socket.create_connection((name, port), timeout)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a question is one small piece
    return opened


def _request(method: str, path: str, host: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("ascii")


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _refusal(path: str, status: int, body: bytes) -> ImageDataError:
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        message = body[:200].decode("utf-8", "replace")
    kind = NotFound if status == 404 else Refused
    return kind(f"The engine refused {_cut(path)} (HTTP {status}).", seen=harmless(str(message)))


def _cut(path: str) -> str:
    """A path that fits into a message: one that asks for an export has every image's name."""
    return path if len(path) <= 120 else f"{path[:117]}..."
