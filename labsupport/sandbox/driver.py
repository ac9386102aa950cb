"""What the supervisor asks of a driver, and what the drivers that run `dockerd` themselves have in common.

Standard library only: the supervisor's start is part of every wait for the engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from labsupport.sandbox import api, cgroups, ports, processes, registry, state, store
from labsupport.sandbox.engine import REGISTRIES, Engine

INSIDE = Path(__file__).with_name("inside.py")
STOP_CONTAINER_SECONDS = 1
STOP_SECONDS = 15


class Driver:
    """One way to run an engine. boot() starts it, stop() ends all of it; nothing above knows which driver serves."""

    name = ""
    registry_address = "127.0.0.1"

    def __init__(self, settings: state.Settings) -> None:
        self.settings = settings
        self.directory = Path(settings.directory)
        self.sockets = Path(settings.sockets)
        self.engine = Engine(**{key: _tuple(value) for key, value in settings.engine.items()})
        self.docker_host = f"unix://{self.sockets / 'docker.sock'}"
        self.certificates = ""
        self.engine_log = self.directory / state.ENGINE_LOG
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def boot(self) -> None:
        """Start the engine's processes; return before it answers. Raises OSError or RuntimeError."""
        raise NotImplementedError

    def command_beside(self, argv: list[str]) -> list[str]:
        """The command that runs argv in the engine's network, beside it."""
        raise NotImplementedError

    def forward(self, host_port: int, engine_port: int) -> None:
        """Lead a port of the machine's 127.0.0.1 to a port of the engine's own loopback or bridge."""
        raise NotImplementedError

    def serve_registry(self) -> tuple[int, int]:
        """Start the hub's registries in the engine's network; return their ports on the machine's 127.0.0.1."""
        program = next(filter(None, map(self.engine.find, REGISTRIES)), "")
        if not program:
            return 0, 0
        served = []
        configurations = registry.prepare(self.directory, self.registry_address)
        for configuration, port in zip(configurations, (registry.MIRROR_PORT, registry.LOGIN_PORT), strict=True):
            name = f"{configuration.stem}-registry"
            argv = self.command_beside(registry.command(program, configuration))
            self._spawn(name, argv, log=self.directory / f"{name}.log")
            served.append(self._forward_free(port))
        return served[0], served[1]

    def _forward_free(self, port: int) -> int:
        """Lead the same port of 127.0.0.1 to the registry, or another where the learner's machine uses that one."""
        for candidate in (port, *(ports.free() for _ in range(3))):
            with contextlib.suppress(OSError):
                self.forward(candidate, port)
                return candidate
        return 0

    def remove_data(self) -> None:
        """Delete the engine's images, containers, volumes and networks; it does not run."""
        self._remove(self.directory / "data")

    def remove_all(self) -> None:
        """Delete everything of this sandbox."""
        self._remove(self.directory)

    def _remove(self, folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)

    def ended(self) -> str:
        """The name of a process the engine needs that has ended, else ""."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), "")

    def exit_status(self, name: str) -> str:
        code = self.processes[name].returncode
        return f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"exit {code}"

    def stop(self) -> None:
        """End the engine, its containers and everything started beside it."""
        engine = self.processes.get("engine")
        if engine and engine.poll() is None:
            # dockerd alone would give each container its own ten seconds
            api.stop_containers(self.docker_host, STOP_CONTAINER_SECONDS, self.certificates)
            engine.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                engine.wait(STOP_SECONDS)
        self.sweep()

    def sweep(self) -> None:
        """Kill what is left of this sandbox's processes, ours or of a supervisor that was killed; remove cgroups."""
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.processes.clear()
        processes.kill_leftovers(self.settings.directory, self.settings.sockets, self.cgroup())
        processes.remove_runc_state(self.sockets / processes.RUNC)
        processes.remove_cgroups(self.cgroup())
        # sockets and process ids of a dead containerd there make the next dockerd wait ten seconds for it
        shutil.rmtree(self.sockets / "exec", ignore_errors=True)

    def abandon(self) -> None:
        """End what this very process has started: its folder was removed, and another sandbox may be in that place."""
        processes.kill_all(lambda: processes.leftovers(str(os.getpid()), processes.KEEPER))
        for process in self.processes.values():
            process.wait()
        processes.remove_cgroups(self.cgroup())  # where another's processes are, they stay

    def cgroup(self) -> str:
        return self.settings.own_name

    def dockerd(self) -> list[str]:
        """The engine's command line, the same for every driver that runs dockerd itself (dockerd(8))."""
        argv = [
            self.engine.find("dockerd"),
            "--host",
            self.docker_host,
            "--data-root",
            str(self.directory / "data"),
        ]
        argv += ["--exec-root", str(self.sockets / "exec"), "--pidfile", str(self.sockets / "dockerd.pid")]
        argv += ["--registry-mirror", "http://127.0.0.1:5000", "--insecure-registry", "127.0.0.0/8"]
        argv += [
            *self._cgroup_options(),
            "--shutdown-timeout",
            "3",
            "--config-file",
            str(self.sockets / "daemon.json"),
        ]
        configuration = {
            "labels": [f"course.sandbox={self.settings.name}"],
            **store.configuration(self.settings.store),
        }
        if self.engine.major < 23:
            # these engines keep a key, by default in /etc/docker, which is the machine's
            configuration["deprecated-key-path"] = str(self.directory / "key.json")
        (self.sockets / "daemon.json").write_text(json.dumps(configuration))
        (self.sockets / "dockerd.pid").unlink(missing_ok=True)
        return argv

    def _resolver_options(self) -> str:
        """Old engines look up Docker Hub at every pull, even from a mirror: offline, that waits for two time-outs."""
        return "timeout:1 attempts:2" if self.engine.major < 23 else ""

    def _cgroup_options(self) -> list[str]:
        """Containers get cgroups of this sandbox's own, made without asking the machine's systemd for anything."""
        return ["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self.cgroup()}"]

    def _environment(self) -> dict[str, str]:
        marks = {processes.MARK: self.settings.directory, processes.KEEPER: str(os.getpid())}
        return {**self.engine.environment(), **marks}

    def view(self) -> dict[str, Any]:
        """For inside.py: what the engine may write to, and what it must see where that lies below /mnt or /media."""
        made = cgroups.make(self.cgroup())
        # the tree of version 2 is one mount, which containers do not see (mounts.make_read_only)
        writable = [*self.settings.writable, *(() if cgroups.unified() else map(str, made))]
        python = [str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix]
        return {"writable": writable, "guarded": self.settings.guarded, "needed": [*python, *self.engine.roots]}

    def _inside(self, argv: list[str], name: str, **settings: Any) -> list[str]:
        environment = {**self._environment(), "TMPDIR": str(self.directory / "tmp")}
        environment.update(settings.pop("environment", {}))
        path = self.sockets / f"inside-{name}.json"
        path.write_text(json.dumps({**settings, "argv": argv, "environment": environment}))
        return [sys.executable, "-IS", str(INSIDE), str(path)]

    def _spawn_inside(
        self, name: str, argv: list[str], *, log: Path, pass_fds: tuple[int, ...] = (), **settings: Any
    ) -> None:
        (self.directory / "tmp").mkdir(exist_ok=True)
        self._spawn(name, self._inside(argv, name, **settings), log=log, pass_fds=pass_fds)

    def _spawn(self, name: str, argv: list[str], *, log: Path | None = None, pass_fds: tuple[int, ...] = ()) -> None:
        with (log or self.directory / f"{name}.log").open("ab") as file:
            file.write(f"\n--- {time.strftime('%Y-%m-%d %H:%M:%S')} {name}\n".encode())
            file.flush()
            self.processes[name] = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                pass_fds=pass_fds,
                env=self._environment(),
                start_new_session=True,
                cwd=self.directory,
            )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
