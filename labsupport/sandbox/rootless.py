"""The driver for Linux without root: `dockerd` under rootlesskit, in the user's own namespaces.

rootlesskit makes the user namespace (newuidmap(1), subuid(5)), the network (slirp4netns) and leads published ports to
the machine. Even root in such a container is only the user outside, who here may write to the sandbox's own folders.
Also the security boundary for what is not trusted: see user_namespaces(7).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from labsupport import system
from labsupport.errors import NoEngine, SandboxError
from labsupport.sandbox import apparmor, paths
from labsupport.sandbox.driver import Driver
from labsupport.sandbox.engine import Engine

CHILD_SECONDS = 10
CGROUPS = Path("/sys/fs/cgroup")
RUNTIME = Path("/run/user")


def missing() -> list[tuple[str, str]]:
    """What this machine lacks for a rootless engine: (what is missing, the command that mends it)."""
    import pwd  # not on Windows, where this module is imported, too

    user = pwd.getpwuid(os.getuid()).pw_name
    found = []
    if not shutil.which("newuidmap"):
        found.append(("newuidmap is not installed", system.install("uidmap")))
    for name in ("subuid", "subgid"):
        if not _has_range(Path("/etc") / name, user):
            option = "--add-subuids" if name == "subuid" else "--add-subgids"
            found.append((f"{user} has no range in /etc/{name}", f"sudo usermod {option} 100000-165535 {user}"))
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        found.append(("/dev/net/tun may not be opened", "sudo modprobe tun; sudo chmod 0666 /dev/net/tun"))
    clone = Path("/proc/sys/kernel/unprivileged_userns_clone")
    if clone.exists() and clone.read_text().strip() != "1":
        key = "kernel.unprivileged_userns_clone"
        found.append((f"{key} forbids user namespaces", f"sudo sysctl -w {key}=1"))
    found += apparmor.missing(paths.packages() / "release/usr/bin/rootlesskit")
    return found


def _has_range(path: Path, user: str) -> bool:
    try:
        rows = [line.split(":") for line in path.read_text().splitlines()]
    except OSError:
        return False
    return any(row[0] in (user, str(os.getuid())) and int(row[2]) >= 65536 for row in rows if len(row) == 3)


def check(engine: Engine) -> None:
    """Refuse before anything starts when a program or a right is missing. Raises NoEngine."""
    absent = [(f"{name} is not installed", system.install(name)) for name in ("rootlesskit", "slirp4netns")]
    problems = missing() + [pair for pair in absent if not engine.find(pair[0].split()[0])]
    if problems:
        raise NoEngine(
            "the rootless engine cannot run on this machine yet",
            seen="; ".join(text for text, _ in problems),
            next_command="; ".join(command for _, command in problems),
        )


def cgroup_options(name: str) -> list[str]:
    """For dockerd: cgroups in a slice of that name, or none where the user's systemd can't be asked for them.

    On its own dockerd would choose systemd on every machine that has it with cgroup version 2, and where that does not
    serve this user (after `su`, in a job without a log-in session), no container would start. With version 1 a rootless
    dockerd has no cgroups anyway. See user@.service(5).
    """
    slice_of_user = CGROUPS / f"user.slice/user-{os.getuid()}.slice/cgroup.controllers"
    if _bus() and slice_of_user.exists() and shutil.which("systemd-run"):
        return ["--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", slice_name(name)]
    return ["--exec-opt", "native.cgroupdriver=cgroupfs"]


def scope(name: str) -> list[str]:
    """The command that runs another in a scope of that name of the user's systemd; [] where it gives no cgroups.

    A process enters a container's cgroup (`docker exec`) only from one below the user's own systemd, which is not where
    a log-in session lies (cgroups(7), "Delegation containment"). The slice of the same name is for the containers.
    """
    if slice_name(name) not in cgroup_options(name):
        return []
    unit = f"{name}-{os.getpid()}-{time.monotonic_ns()}"  # one that has just ended may still be known
    options = [f"--unit={unit}.scope", f"--slice={slice_name(name)}", "--property=Delegate=yes", "--collect", "--quiet"]
    # with a folder for its sockets of its own it would look there for systemd's
    return ["/usr/bin/env", "-u", "XDG_RUNTIME_DIR", "systemd-run", "--user", "--scope", *options, "--"]


def slice_name(name: str) -> str:
    """A slice's name; a dash in it would mean a slice in a slice (systemd.slice(5))."""
    return f"{name.replace('-', '_')}.slice"


def bus_variables() -> dict[str, str]:
    """Where runc finds the user's systemd: XDG_RUNTIME_DIR, which tells it otherwise, is the sandbox's own."""
    return {"DBUS_SESSION_BUS_ADDRESS": _bus()} if _bus() else {}


def bus_sockets() -> list[str]:
    """That bus as a path, [] where it is none."""
    address = _bus()
    return [address.removeprefix("unix:path=")] if address.startswith("unix:path=") else []


def _bus() -> str:
    """The address of the bus of the user's systemd, "" where there is none (systemd.special(7), "dbus.socket")."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address and not address.startswith("unix:path="):
        return address
    for path in (address.removeprefix("unix:path=").split(",")[0], f"{RUNTIME}/{os.getuid()}/bus"):
        if path and Path(path).is_socket():
            return f"unix:path={path}"
    return ""


def empty(folder: Path) -> None:
    """Empty a folder in which containers' users own files: as root of the same user namespace."""
    rootlesskit = shutil.which("rootlesskit") or next(
        (str(path) for path in paths.packages().glob("*/usr/bin/rootlesskit")), ""
    )
    if not rootlesskit:
        return
    done = subprocess.run(
        [apparmor.rootlesskit(rootlesskit), "find", str(folder), "-mindepth", "1", "-delete"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder.parent)},
    )
    if done.returncode:
        raise SandboxError(f"could not empty {folder}", seen=done.stderr.strip()[-300:])


class Rootless(Driver):
    """dockerd in the user's own user, network and mount namespaces."""

    name = "rootless"

    def _remove(self, folder: Path) -> None:
        if folder.exists():
            empty(folder)
        super()._remove(folder)

    @property
    def _rootlesskit_state(self) -> Path:
        return self.sockets / "rootlesskit"

    def boot(self) -> None:
        shutil.rmtree(self._rootlesskit_state, ignore_errors=True)
        argv = [apparmor.rootlesskit(self.engine.find("rootlesskit")), f"--state-dir={self._rootlesskit_state}"]
        argv += ["--net=slirp4netns", "--mtu=65520", "--slirp4netns-sandbox=auto", "--slirp4netns-seccomp=auto"]
        argv += ["--disable-host-loopback", "--port-driver=builtin", "--propagation=rslave"]
        argv += ["--copy-up=/etc"]
        # published ports lead to 127.0.0.1 of the machine, never to its other addresses
        dockerd = [*self.dockerd(), "--rootless", "--ip", "127.0.0.1"]
        if proxy := self._old_proxy():
            dockerd += ["--userland-proxy-path", proxy]
        inner = self._inside(
            dockerd,
            "dockerd",
            resolver_options=self._resolver_options(),
            environment=self._variables(),
            **self.view(),
        )
        command = [*scope(self.cgroup()), *argv, *inner]
        self._spawn_inside("engine", command, log=self.engine_log, environment=self._variables())

    def view(self) -> dict[str, Any]:
        """As for every driver, and the socket of the user's systemd."""
        return {**super().view(), "sockets": bus_sockets()}

    def command_beside(self, argv: list[str]) -> list[str]:
        return self._inside(argv, f"beside-{Path(argv[-1]).stem}", join=self._child(), join_user=True)

    def forward(self, host_port: int, engine_port: int) -> None:
        spec = f"127.0.0.1:{host_port}:{engine_port}/tcp"
        done = subprocess.run(
            [
                self.engine.find("rootlessctl"),
                f"--socket={self._rootlesskit_state / 'api.sock'}",
                "add-ports",
                spec,
            ],
            capture_output=True,
            text=True,
            env=self.engine.environment(),
        )
        if done.returncode:
            raise OSError(done.stderr.strip())

    def _cgroup_options(self) -> list[str]:
        return cgroup_options(self.cgroup())

    def _variables(self) -> dict[str, str]:
        return {"XDG_RUNTIME_DIR": str(self.sockets), "HOME": str(self.directory), **bus_variables()}

    def _old_proxy(self) -> str:
        """Engines before 28 reach rootlesskit's port driver through its own proxy; newer ones ask it themselves."""
        return self.engine.find("rootlesskit-docker-proxy") if self.engine.major < 28 else ""

    def _child(self) -> int:
        """The process whose namespaces are the engine's (rootlesskit's child)."""
        path = self._rootlesskit_state / "child_pid"
        deadline = time.monotonic() + CHILD_SECONDS
        while not path.exists() or not path.read_text().strip():
            if time.monotonic() > deadline:
                raise RuntimeError("rootlesskit did not say where its child is")
            time.sleep(0.01)
        return int(path.read_text())
