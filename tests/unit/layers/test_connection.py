"""The connection against a small engine of our own on a Unix socket: versions, refusals, lost connections."""

import json
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from labsupport.errors import ImageDataError
from labsupport.layers.connection import Connection, NotFound, connect


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    versions = ("1.41", "1.12")

    def do_GET(self) -> None:
        seen.append(self.path)
        if self.path == "/version":
            api, least = type(self).versions
            self.answer(200, {"ApiVersion": api, "MinAPIVersion": least})
        elif self.path.endswith("/missing"):
            self.answer(404, {"message": "no such image: missing"})
        elif self.path.endswith("/broken"):
            self.answer(200, b"not json")
        elif self.path.endswith("/close"):
            self.close_connection = True
            self.answer(200, {"closing": True})
        elif self.path.endswith("/chunked"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"4\r\n[1,2\r\n3;x=y\r\n,3]\r\n0\r\nTrailer: x\r\n\r\n")
        elif self.path.endswith("/short"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"[1")
            self.close_connection = True
        elif self.path.endswith("/events"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n")
            self.wfile.flush()
            ended.wait(20)
        else:
            self.answer(200, {"path": self.path})

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("X-Docker-Container-Path-Stat", "abc")
        self.end_headers()

    def answer(self, status: int, body: object) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "test"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


seen: list[str] = []
ended = threading.Event()


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


@pytest.fixture(params=["unix", "tcp"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "tcp":
        server: socketserver.BaseServer = TcpServer(("127.0.0.1", 0), Handler)
        with served(server):
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        with served(Server(str(tmp_path / "s"), Handler)):
            yield f"unix://{tmp_path}/s"


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    seen.clear()
    ended.clear()
    Handler.versions = ("1.41", "1.12")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield
    ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    "theirs, asked", [(("1.41", "1.12"), "v1.41"), (("1.60", "1.44"), "v1.51"), (("1.60", "1.55"), "v1.55")]
)
def test_the_version_both_know(host: str, theirs: tuple[str, str], asked: str) -> None:
    Handler.versions = theirs
    connection = Connection(host)
    assert connection.get("/info") == {"path": f"/{asked}/info"}
    connection.get("/info")
    assert seen.count("/version") == 1


def test_refusals_say_what_the_engine_said(host: str) -> None:
    connection = Connection(host)
    with pytest.raises(NotFound) as caught:
        connection.get("/missing")
    assert caught.value.seen == "no such image: missing"
    with pytest.raises(ImageDataError, match="not JSON"):
        connection.get("/broken")
    with pytest.raises(NotFound):
        connection.stream("/missing")


def test_a_connection_the_engine_closed_is_opened_again(host: str) -> None:
    connection = Connection(host)
    connection.get("/close")
    assert connection.get("/info")["path"].endswith("/info")


def test_answers_in_chunks(host: str) -> None:
    connection = Connection(host)
    assert connection.get("/chunked") == [1, 2, 3]
    assert connection.get("/info")["path"].endswith("/info"), "the next answer begins where this one ended"


def test_an_answer_cut_short_is_no_answer(host: str) -> None:
    with pytest.raises(ImageDataError, match="No answer") as caught:
        Connection(host).get("/short")
    assert "2 of 100 bytes" in caught.value.seen


def test_headers_in_lower_case(host: str) -> None:
    assert Connection(host).head("/x")["x-docker-container-path-stat"] == "abc"


def test_a_stream_can_be_closed_from_another_thread(host: str) -> None:
    stream = Connection(host).stream("/events")
    pieces: list[bytes] = []
    first = threading.Event()

    def read() -> None:
        for piece in stream:
            pieces.append(piece)
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert first.wait(10)
    stream.close()
    reader.join(10)
    assert not reader.is_alive() and pieces == [b"hello"]


def test_no_engine_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ImageDataError, match="No answer") as caught:
        Connection(f"unix://{tmp_path}/none").get("/info")
    assert caught.value.next_command == "python3 -m labsupport doctor"
    with pytest.raises(ImageDataError, match="cannot read"):
        Connection("ssh://somewhere").get("/info")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make certificates")
def test_an_engine_with_certificates(tmp_path: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)

    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "key.pem", "-out", "cert.pem", *name)
    shutil.copy(tmp_path / "cert.pem", tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = TcpServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server):
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
        connection = Connection(address, certificates=str(tmp_path))
        assert connection.get("/info")["path"].endswith("/info")
        stream = connection.stream("/events")
        assert next(iter(stream)) == b"hello"
        stream.close()
        with pytest.raises(ImageDataError, match="No answer"):
            Connection(address, timeout=5).get("/info")
        openssl("req", "-x509", *curve, "-keyout", "other.pem", "-out", "ca.pem", *name)
        with pytest.raises(ImageDataError, match="certificate"):
            Connection(address, certificates=str(tmp_path)).stream("/events")
        connection.close()


def test_the_environment_names_the_engine() -> None:
    found = connect({"DOCKER_HOST": "tcp://127.0.0.1:9", "DOCKER_CERT_PATH": "/certs"})
    assert found.docker_host == "tcp://127.0.0.1:9" and found._certificates is None
    assert (
        connect({"DOCKER_HOST": "tcp://x:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"})._certificates == "/c"
    )
