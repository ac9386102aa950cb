"""The driver for Linux as root: a `dockerd` in network and mount namespaces of its own.

A second rootful engine in the machine's network would take away the first one's bridge and fight over its packet
filter. In a network namespace of its own it has its own bridge, rules and ports; slirp4netns gives it a way out and
leads published ports to the machine's 127.0.0.1. In a mount namespace of its own the machine's files are read-only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from labsupport.sandbox import programs, slirp
from labsupport.sandbox.driver import Driver

NAMESERVER = "10.0.2.3"  # slirp4netns's own resolver


class Private(Driver):
    """dockerd as root, beside nothing that is the learner's."""

    name = "private"
    # slirp4netns hands a forwarded port to the sandbox's outer address; nothing else reaches this network
    registry_address = "0.0.0.0"

    def boot(self) -> None:
        api = self.sockets / "slirp.sock"
        api.unlink(missing_ok=True)
        reader, writer = os.pipe()
        argv = [*self.dockerd(), "--userland-proxy-path", str(self._proxy_hook(api))]
        self._spawn_inside(
            "engine",
            argv,
            log=self.engine_log,
            pass_fds=(writer,),
            unshare=True,
            keep_up=True,
            nameserver=NAMESERVER,
            resolver_options=self._resolver_options(),
            ready=writer,
            **self.view(),
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as ready:
            if not ready.read(1):
                raise RuntimeError("the engine's namespaces could not be made")
        self._spawn_slirp(api)

    def command_beside(self, argv: list[str]) -> list[str]:
        return self._inside(argv, f"beside-{Path(argv[-1]).stem}", join=self.processes["engine"].pid)

    def forward(self, host_port: int, engine_port: int) -> None:
        try:
            slirp.forward(str(self.sockets / "slirp.sock"), host_port, engine_port)
        except slirp.SlirpError as error:
            raise OSError(str(error)) from error

    def _spawn_slirp(self, api: Path) -> None:
        ready, written = os.pipe()
        # slirp4netns ends when this pipe closes, so it cannot outlive the supervisor
        self._exit_reader, self._exit_writer = os.pipe()
        argv = [self.engine.find("slirp4netns"), "--configure", "--mtu=65520", "--disable-host-loopback"]
        argv += [f"--api-socket={api}", f"--ready-fd={written}", f"--exit-fd={self._exit_reader}"]
        argv += [str(self.processes["engine"].pid), "tap0"]
        self._spawn("slirp4netns", argv, pass_fds=(written, self._exit_reader))
        os.close(written)
        os.close(self._exit_reader)
        with os.fdopen(ready, "rb") as pipe:
            if not pipe.read(1):
                raise RuntimeError("slirp4netns could not connect the sandbox to the network")

    def _proxy_hook(self, api: Path) -> Path:
        hook = self.sockets / "userland-proxy"
        program = Path(__file__).with_name("userland_proxy.py")
        words = [sys.executable, "-IS", str(program), str(api), self.engine.find("docker-proxy")]
        programs.write(hook, words, mode=0o700)
        return hook
