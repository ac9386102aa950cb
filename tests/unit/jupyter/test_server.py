"""JupyterLab itself, started as the course starts it, without a sandbox."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from labsupport.jupyter import server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # JupyterLab reads a few thousand files to start


def test_a_port_taken_after_it_was_chosen_is_chosen_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    work = tmp_path / "work"
    work.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # it was free a moment ago
        monkeypatch.setattr(server, "free_port", lambda wanted: port)
        launched = server.launch(work, port, dict(os.environ))
        try:
            running = server.wait_for(launched)
            assert running.port != port
            assert server.find() == running
        finally:
            server.stop(launched.process)
    assert server.find() is None
