"""Start JupyterLab, find one that runs, stop it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labsupport import pace
from labsupport.errors import CourseError
from labsupport.jupyter import settings
from labsupport.sandbox import ports

START_TIMEOUT = 90  # seconds; a laptop's first start reads a few thousand files from a cold disk
_STOP_TIMEOUT = 15


class JupyterFailed(CourseError):
    """JupyterLab ended or did not answer."""


@dataclass(frozen=True)
class Running:
    """A JupyterLab of ours that answers."""

    pid: int
    port: int
    token: str

    @property
    def url(self) -> str:
        """The address that opens the contents and a terminal side by side."""
        return f"http://127.0.0.1:{self.port}/lab/workspaces/{settings.WORKSPACE}?token={self.token}"


def find() -> Running | None:
    """The course's JupyterLab, by the files it leaves in its runtime folder, if it answers with its token."""
    for running in _recorded():
        if _answers(running):
            return running
    return None


def _recorded() -> Iterator[Running]:
    for path in sorted(settings.runtime().glob("jpserver-*.json")):
        # a server may be writing or removing its file right now
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            info = json.loads(path.read_text())
            yield Running(int(info["pid"]), int(info["port"]), str(info["token"]))


def _answers(running: Running) -> bool:
    # a stale file from before a power cut may name a port on which something else listens: ask with the token
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/api/status", headers={"Authorization": f"token {running.token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port(wanted: int) -> int:
    """`wanted`, or the next port above it on which nothing listens."""
    for port in range(wanted, min(wanted + 50, 65536)):
        if ports.is_free(port):
            return port
    other = next(port for port in (9100, 10100) if abs(port - wanted) >= 50)
    raise JupyterFailed(
        f"Ports {wanted} to {wanted + 49} are all in use.", next_command=f"python3 -m labsupport start --port {other}"
    )


@dataclass(frozen=True)
class Launched:
    """A JupyterLab that was started and may not answer yet."""

    process: subprocess.Popen[bytes]
    token: str
    log: Path


def launch(work: Path, port: int, base: dict[str, str]) -> Launched:
    """Start JupyterLab in `work` with `base` as its environment; wait_for says when it answers.

    Its log is jupyter.log in the course's Jupyter folder.
    """
    token = secrets.token_hex(24)
    child = settings.environment(base)
    config = settings.write(work, token, free_port(port), child)
    log = settings.folder() / "jupyter.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--config", str(config)],
            cwd=work,
            env=child,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone: Jupyter would ask "shut down (y/[n])?"
        )
    return Launched(process, token, log)


def wait_for(launched: Launched) -> Running:
    """Wait until it answers. Raises JupyterFailed with the log's last lines."""
    process = launched.process

    def ours() -> Running | None:
        return next((each for each in _recorded() if each.token == launched.token and _answers(each)), None)

    pace.until(lambda: ours() or process.poll() is not None, START_TIMEOUT, every=0.02)
    if running := ours():
        return running
    ended = f"ended with status {process.returncode}" if process.returncode is not None else "does not answer"
    tail = [line for line in launched.log.read_text(errors="replace").splitlines() if line.strip()][-3:]
    raise JupyterFailed(f"JupyterLab {ended}.", seen=" | ".join(tail), next_command=f"less {launched.log}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End JupyterLab with its kernels and terminals: SIGTERM, then SIGKILL to its group."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            process.wait()


def ended_on_request(status: int) -> bool:
    """True for an exit status of "File > Shut Down" or `python3 -m labsupport stop`, not of a crash."""
    return status in (0, -signal.SIGTERM)


def stop_running(running: Running) -> None:
    """End a JupyterLab that another process started."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_TIMEOUT
        while time.monotonic() < deadline:
            os.kill(running.pid, 0)
            time.sleep(0.05)
        _kill_group(running.pid)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
