"""An engine whose life a learner holds in their hands: containerd and dockerd, started and killed one by one.

It is a second private engine beside the sandbox's, in network and mount namespaces of its own: nobody restarts it,
nothing of the machine's network sees it. containerd runs as a process of its own, as where packages install it, so that
each of the two can be ended without the other. Everything lies in the sandbox's folder and carries its mark: `stop` and
`purge` take it away, and it ends with the sandbox. See dockerd(8), containerd(1).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labsupport import pace
from labsupport.errors import EngineFailed, NoEngine
from labsupport.sandbox import api, cgroups, processes, rootless, state
from labsupport.sandbox.driver import Driver
from labsupport.sandbox.own import keeper
from labsupport.sandbox.own.namespaces import Namespaces, await_start
from labsupport.sandbox.session import Sandbox

NAME = "own"  # of its folders, and of its context for the docker client
NOBODY = "an engine of its own can be had on Linux only, where the sandbox's engine runs on the machine itself"
CONTAINERD = """version = 2
root = "{data}/containerd"
state = "{sockets}/c"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{sockets}/containerd.sock"
"""


class OwnEngine:
    """The engine of one sandbox that a learner starts and kills. Make it with `start` or `attach` of this package."""

    recorded = False

    def __init__(self, sandbox: Sandbox) -> None:
        settings = state.read_settings(sandbox.directory)
        self.sandbox = sandbox
        self.rootless = settings.driver == "rootless"
        self.folder = sandbox.directory / NAME
        self.sockets = Path(settings.sockets) / NAME
        self.docker_host = f"unix://{self.sockets / 'docker.sock'}"
        self.containerd_address = str(self.sockets / "containerd.sock")
        self.configuration = self.folder / "daemon.json"
        self._driver = Driver(settings)
        self._inside = Namespaces(settings, self.folder, self.sockets)

    def variables(self) -> dict[str, str]:
        """For cells: $OWN_DIR, the folder with daemon.json and the logs."""
        return {"OWN_DIR": str(self.folder)}

    # --- starting and ending -----------------------------------------------------------------------------------

    def boot(self) -> None:
        """End what ran before, forget it, and start namespaces, containerd and dockerd anew. Raises EngineFailed."""
        self.end()
        self._empty()
        for made in (self.folder / "tmp", self.sockets):
            made.mkdir(mode=0o700, parents=True)
        self.configuration.write_text("{}\n")
        if not self.rootless:
            # crun makes its containers' in each tree below this one, and does not make this one
            cgroups.make(self._cgroup())
        self._inside.launch()
        self.containerd()
        self.dockerd()

    def containerd(self) -> None:
        """Start containerd, if it does not run."""
        if self.pid("containerd"):
            return
        configuration = self.folder / "containerd.toml"
        configuration.write_text(CONTAINERD.format(data=self.folder, sockets=self.sockets))
        self._inside.run("containerd", [self._driver.engine.find("containerd"), "--config", str(configuration)])
        self._until(Path(self.containerd_address).is_socket, "containerd")

    def dockerd(self, *options: str) -> None:
        """Start dockerd, if it does not run, and wait until it answers. options: more of its command line."""
        if self.pid("dockerd"):
            return
        (self.folder / "dockerd.pid").unlink(missing_ok=True)
        if self._driver.engine.major < 23:
            # these engines keep a key, by default in /etc/docker, which is the machine's; there is no option for it
            with contextlib.suppress(ValueError):
                self.configure(deprecated_key_path=str(self.folder / "key.json"))
        self._inside.run("dockerd", [*self._dockerd(), *options])
        self._until(lambda: api.answers(self.docker_host), "dockerd")

    def restart(self) -> None:
        """End dockerd as an init system does, with SIGTERM, and start it again."""
        if self.pid("dockerd"):
            self.signal("dockerd", "TERM")
            self.wait_ended("dockerd", 30)
        self.dockerd()

    def end(self) -> None:
        """Kill everything of this engine. Its folder stays."""
        self._inside.end()
        processes.kill_all(self.members)
        processes.remove_cgroups(self._cgroup())

    def stop(self) -> None:
        """End the engine and remove all it had, its context too."""
        self.end()
        self._empty()
        self.client("context", "rm", "-f", NAME)

    def alive(self) -> bool:
        """Whether its namespaces are there and can be asked, whatever of it was killed."""
        return self._inside.alive()

    # --- looking -----------------------------------------------------------------------------------------------

    def pid(self, name: str) -> int:
        """The process id of dockerd or containerd, or 0 when it does not run."""
        return self._inside.pid(name)

    def shim(self, container: str) -> int:
        """The process id of a running container's shim: the parent of its first process."""
        return processes.parent(self.first_process(container))

    def first_process(self, container: str) -> int:
        """.State.Pid of a container, 0 when it does not run."""
        return int(self.state(container).get("Pid", 0))

    def state(self, container: str) -> dict[str, Any]:
        """.State of a container, {} when there is none or nobody answers."""
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = api.get(self.docker_host, f"/containers/{container}/json", timeout=20)
            return dict(found["State"])
        return {}

    def info(self) -> dict[str, Any]:
        """What `docker info` tells. Raises OSError when dockerd does not answer."""
        return dict(api.get(self.docker_host, "/info"))

    def members(self) -> set[int]:
        """The ids of all processes of this engine: its programs, shims, and what runs in its containers."""
        return processes.leftovers(str(self.folder), keeper.MARK) | processes.in_cgroups(self._cgroup())

    # --- doing -------------------------------------------------------------------------------------------------

    def client(self, *words: str, check: bool = False, stdin: Any = subprocess.DEVNULL) -> str:
        """Run the docker client on this engine; what it printed on standard output, outer blanks cut."""
        argv = [str(self.sandbox.bin / "docker"), "-H", self.docker_host, *words]
        if words[:1] == ("context",):
            argv[1:3] = []
        done = subprocess.run(argv, env=self.sandbox.environment(), stdin=stdin, capture_output=True, text=True)
        if check and done.returncode:
            raise EngineFailed(f"docker {' '.join(words)} failed on the lesson's own engine", seen=done.stderr.strip())
        return done.stdout.strip()

    def signal(self, who: str | int, name: str) -> int:
        """Send a signal ("TERM", "KILL", "HUP") to dockerd, containerd, or a process id of this engine, and no other.

        Returns the process id. Raises EngineFailed for a process that is not this engine's.
        """
        pid = self.pid(who) if isinstance(who, str) else who
        number = signal.Signals[f"SIG{name.removeprefix('SIG')}"]
        descriptor = None
        try:
            # held open, so that the number cannot become another process's between looking and sending
            with contextlib.suppress(AttributeError):
                descriptor = os.pidfd_open(pid) if pid > 0 else None
            if pid <= 0 or pid not in self.members():
                raise EngineFailed(
                    f"{who} is no running process of the lesson's own engine: no signal was sent",
                    next_command="own-engine ps",
                )
            if descriptor is None:
                os.kill(pid, number)
            else:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            raise EngineFailed(f"{who} has ended", next_command="own-engine ps") from None
        finally:
            if descriptor is not None:
                os.close(descriptor)
        return pid

    def reload(self) -> None:
        """Tell dockerd to read daemon.json anew (SIGHUP), and wait until its log says that it did, or why not."""
        log = self.folder / "dockerd.log"
        before = log.stat().st_size
        self.signal("dockerd", "HUP")

        def answered() -> bool:
            with log.open("rb") as file:
                file.seek(before)
                return b"Reloaded configuration" in (said := file.read()) or b"level=error" in said

        pace.until(answered, 3)

    def wait_ended(self, name: str, seconds: float = 10) -> None:
        """Wait until dockerd or containerd has ended. Raises EngineFailed."""
        self._wait(lambda: not self.pid(name), f"{name} has not ended", seconds)

    def configure(self, **settings: Any) -> None:
        """Change keys of daemon.json (`live_restore=True` is the key live-restore). dockerd reads it when told to."""
        kept = json.loads(self.configuration.read_text())
        kept.update({key.replace("_", "-"): value for key, value in settings.items()})
        state.write_json(self.configuration, kept)

    def load(self, image: str = "busybox") -> None:
        """Hand an image of the sandbox's engine over to this one (docker save, docker load)."""
        docker, environment = str(self.sandbox.bin / "docker"), self.sandbox.environment()
        if subprocess.run([docker, "image", "inspect", image], env=environment, capture_output=True).returncode:
            subprocess.run([docker, "pull", "-q", image], env=environment, capture_output=True, check=False)
        with subprocess.Popen([docker, "save", image], env=environment, stdout=subprocess.PIPE) as saved:
            self.client("load", "-q", check=True, stdin=saved.stdout)

    # --- inside ------------------------------------------------------------------------------------------------

    def _cgroup(self) -> str:
        return f"{self._driver.cgroup()}/{NAME}"

    def _dockerd(self) -> list[str]:
        argv = [self._driver.engine.find("dockerd"), "--host", self.docker_host]
        argv += ["--containerd", self.containerd_address, "--config-file", str(self.configuration)]
        argv += ["--data-root", str(self.folder / "data"), "--exec-root", str(self.sockets / "exec")]
        argv += ["--pidfile", str(self.folder / "dockerd.pid"), "--shutdown-timeout", "3"]
        if self.rootless:
            argv += ["--rootless", *rootless.cgroup_options(self._driver.cgroup())]
        else:
            argv += ["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", f"/{self._cgroup()}"]
        return argv

    def _until(self, condition: Callable[[], bool], name: str) -> None:
        """Wait for a program that was started."""
        await_start(condition, lambda: not self.pid(name), name, self.folder)

    def _wait(self, condition: Callable[[], bool], otherwise: str, seconds: float) -> None:
        if not pace.until(condition, seconds):
            raise EngineFailed(f"{otherwise} after {seconds:.0f} s", next_command="own-engine ps")

    def _empty(self) -> None:
        for folder in (self.folder, self.sockets):
            if folder.exists():
                if self.rootless:
                    rootless.empty(folder)
                shutil.rmtree(folder, ignore_errors=True)


def why_not(sandbox: Sandbox) -> str:
    """Why this sandbox can have no engine of a lesson's own; "" when it can."""
    return "" if sandbox.driver in ("private", "rootless") else NOBODY


def refuse(sandbox: Sandbox) -> None:
    """Raise NoEngine where no own engine can be had."""
    if reason := why_not(sandbox):
        raise NoEngine(reason, seen=f"the sandbox's driver is {sandbox.driver}")
