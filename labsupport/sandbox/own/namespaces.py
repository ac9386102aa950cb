"""The namespaces an own engine lives in, and how to reach the process there that starts its programs (see `keeper`)."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labsupport import pace
from labsupport.errors import EngineFailed, SandboxNotRunning
from labsupport.sandbox import processes, rootless, state
from labsupport.sandbox.driver import INSIDE, Driver
from labsupport.sandbox.own import keeper

START_SECONDS = 30
_STARTED: list[subprocess.Popen[bytes]] = []  # they outlive this process: dropping such a Popen is a ResourceWarning


class Namespaces:
    """The keeper of one sandbox's own engine. folder holds logs and data, sockets the short-lived files."""

    def __init__(self, settings: state.Settings, folder: Path, sockets: Path) -> None:
        self.folder, self.sockets = folder, sockets
        self._settings, self._engine = settings, Driver(settings).engine
        self._rootless = settings.driver == "rootless"
        self._address = sockets / "keeper"

    def launch(self) -> None:
        """Make the namespaces and the keeper in them. They end with the sandbox. Raises EngineFailed."""
        directory = Path(self._settings.directory)
        supervisor = state.read_state(directory).supervisor
        settings = {"address": str(self._address), "supervisor": supervisor, "folder": str(self.folder)}
        keeping, inside = self.sockets / "keeper.json", self.sockets / "inside.json"
        keeping.write_text(json.dumps(settings))
        inner: dict[str, Any] = {"argv": [sys.executable, "-IS", keeper.__file__, str(keeping)]}
        driver = rootless.Rootless if self._rootless else Driver
        inner.update(environment=self._environment(), **driver(self._settings).view())
        if not self._rootless:
            inner.update(unshare=True, nameserver="127.0.0.1")
        inside.write_text(json.dumps(inner))
        argv = [*self._rootlesskit(), sys.executable, "-IS", str(INSIDE), str(inside)]
        with (self.folder / "keeper.log").open("ab") as log:
            started = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment(),
                start_new_session=True, cwd=self.folder,
            )  # fmt: skip
        _STARTED.append(started)
        await_start(self.alive, lambda: started.poll() is not None, "keeper", self.folder)

    def run(self, name: str, argv: list[str]) -> None:
        """Start a program there; its log is NAME.log in the folder. Raises SandboxNotRunning, EngineFailed."""
        try:
            answer = self._ask(do="start", name=name, argv=argv, log=str(self.folder / f"{name}.log"))
        except (OSError, ValueError) as error:
            raise not_running() from error
        if "error" in answer:
            raise EngineFailed(f"{name} could not be started", seen=answer["error"])

    def pid(self, name: str) -> int:
        """The process id of a program started there, 0 when it does not run."""
        with contextlib.suppress(OSError, ValueError):
            child = self._ask(do="status").get(name, {})
            return int(child["pid"]) if child and child["exit"] is None else 0
        return 0

    def alive(self) -> bool:
        """Whether the keeper can be asked."""
        with contextlib.suppress(OSError, ValueError):
            return isinstance(self._ask(do="status"), dict)
        return False

    def end(self) -> None:
        """Have the keeper kill what it started, and end."""
        with contextlib.suppress(OSError, ValueError):
            self._ask(do="end")

    def _environment(self) -> dict[str, str]:
        variables = {**self._engine.environment(), processes.MARK: self._settings.directory}
        # a cell's command is marked so that all it leaves running can be ended; this engine is to stay
        variables = {name: value for name, value in variables.items() if not name.startswith("LABSUPPORT_")}
        variables.update({keeper.MARK: str(self.folder), "TMPDIR": str(self.folder / "tmp")})
        if self._rootless:
            variables.update({"XDG_RUNTIME_DIR": str(self.sockets), "HOME": str(self.folder)})
            variables.update(rootless.bus_variables())
        return variables

    def _rootlesskit(self) -> list[str]:
        if not self._rootless:
            return []
        argv = rootless.scope(Driver(self._settings).cgroup())
        argv += [self._engine.find("rootlesskit"), f"--state-dir={self.sockets / 'rootlesskit'}"]
        argv += ["--net=slirp4netns", "--mtu=65520", "--disable-host-loopback", "--port-driver=none"]
        return [*argv, "--propagation=rslave", "--copy-up=/etc"]

    def _ask(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self._address))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                return dict(json.loads(stream.readline()))


def not_running() -> SandboxNotRunning:
    return SandboxNotRunning("the lesson's own engine does not run", next_command="own-engine up")


def await_start(ready: Callable[[], bool], gone: Callable[[], bool], name: str, folder: Path) -> None:
    """Wait until a program is ready. Raises EngineFailed, with the end of its log, when it ends or takes too long."""
    pace.until(lambda: ready() or gone(), START_SECONDS)
    if not ready():
        raise EngineFailed(
            f"{name} of the lesson's own engine {'ended at once' if gone() else 'does not answer'}",
            seen=state.tail(folder / f"{name}.log", 3),
            next_command="own-engine up",
        )
