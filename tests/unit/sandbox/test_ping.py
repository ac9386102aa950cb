"""Whether an engine answers, asked of a socket that says what a test wants; and what the first question costs."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from labsupport.sandbox import api

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize(
    "pieces, answers",
    [
        ([OK], True),
        ([OK[:9], OK[9:30], OK[30:]], True),
        ([OK.replace(b"200 OK", b"500 Internal Server Error")], False),
        ([OK.replace(b"\nOK", b"\nNO")], False),
        ([b"nothing of this kind"], False),
        ([], False),
        ([b"x" * (1 << 16)], False),
    ],
)
def test_only_ok_is_an_answer(tmp_path: Path, pieces: list[bytes], answers: bool) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def serve() -> None:
            link, _ = server.accept()
            with link:
                assert link.recv(1000).startswith(b"GET /_ping HTTP/1.0\r\n")
                for piece in pieces:
                    link.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        assert api.answers(f"unix://{tmp_path}/s", timeout=20) is answers
        thread.join()


def test_a_silent_engine_and_none_at_all_do_not_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        assert not api.answers(f"unix://{tmp_path}/s", timeout=0.05)
    assert not api.answers(f"unix://{tmp_path}/none")


def test_a_command_asks_without_the_large_http_client() -> None:
    code = (
        "import sys; from labsupport import sandbox; from labsupport.sandbox import api, lifecycle;"
        "from labsupport.layers import command, connection; import labsupport.cli.main;"
        "api.answers('unix:///nowhere/s'); sandbox.attach;"
        "large = {'http.client', 'ssl', 'concurrent.futures', 'logging', 'docker'};"
        "print(sorted(large & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
