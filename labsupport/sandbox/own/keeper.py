"""Runs inside the own engine's namespaces, as the parent of its programs: starts what it is told to, says what ended.

    python -IS keeper.py SETTINGS.json

The settings: address, the path of the Unix socket it answers on; supervisor, the process id of the sandbox's
supervisor, with which this process and all it started end; folder, what the processes are marked with. A request is
one line of JSON, and so is its answer:

    {"do": "start", "name": "dockerd", "argv": [...], "log": PATH}   {"pid": 123}
    {"do": "status"}                                                 {"dockerd": {"pid": 123, "exit": null}, ...}
    {"do": "end"}                                                    {}    everything is killed, then this process ends

Its life keeps the namespaces, so that a restarted dockerd finds the mounts and the shims that an earlier one left.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

# started as a script inside namespaces: this package is not on the path
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from labsupport.sandbox import processes

MARK = "COURSE_OWN_ENGINE"
LOOK_SECONDS = 0.5


class Keeper:
    """The engine's programs as child processes, by name; a name started again replaces one that has ended."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.folder = settings["folder"]
        self.supervisor = settings["supervisor"]
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.ended = False

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "start":
            with Path(request["log"]).open("ab") as log:
                child = subprocess.Popen(
                    request["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            self.children[request["name"]] = child
            return {"pid": child.pid}
        if request["do"] == "end":
            self.end()
            return {}
        return {name: {"pid": child.pid, "exit": child.poll()} for name, child in self.children.items()}

    def end(self) -> None:
        """Kill everything that carries this engine's mark, and what descends from it."""
        self.ended = True
        processes.kill_all(lambda: processes.leftovers(self.folder, MARK), seconds=2)

    def supervised(self) -> bool:
        try:
            os.kill(self.supervisor, 0)
        except OSError:
            return False
        return True

    def serve(self, listening: socket.socket) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.end())
        watched: list[Any] = [listening]
        with contextlib.suppress(OSError, AttributeError):
            watched.append(os.pidfd_open(self.supervisor))  # readable once that process has ended, pidfd_open(2)
        while not self.ended:
            ready = select.select(watched, [], [], LOOK_SECONDS)[0]
            for child in self.children.values():
                child.poll()  # or it stays a zombie until somebody asks
            if listening in ready:
                self._serve_one(listening)
            if len(ready) > (listening in ready) or not self.supervised():
                self.end()

    def _serve_one(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            connection = listening.accept()[0]
            with connection, connection.makefile("rwb") as stream:
                connection.settimeout(5)
                try:
                    reply = self.answer(json.loads(stream.readline()))
                except OSError as error:
                    reply = {"error": str(error)}
                stream.write(json.dumps(reply).encode() + b"\n")
                stream.flush()


def leave_out_second_cgroups() -> None:
    """In these namespaces only, take away cgroup version 2 where it lies beside version 1 and has controllers.

    crun refuses such a machine; neither it nor runc needs version 2 there.
    """
    unified = Path("/sys/fs/cgroup/unified")
    with contextlib.suppress(OSError):
        if (unified / "cgroup.controllers").read_text().strip():
            # hidden, not undone: crun makes folders there, and a mount from outside can only be hidden without root
            # (mount_namespaces(7))
            ctypes.CDLL(None).mount(b"tmpfs", os.fsencode(unified), b"tmpfs", 0, None)


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    # inside.py ties a process to the one that started it: here that is a notebook, and this engine outlives notebooks
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    leave_out_second_cgroups()
    address = Path(settings["address"])
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        Keeper(settings).serve(listening)


if __name__ == "__main__":
    main()
