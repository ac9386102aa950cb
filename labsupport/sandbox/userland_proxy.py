"""What dockerd starts for each published port (`dockerd --userland-proxy-path`): forwards the port, then proxies.

dockerd passes -proto, -host-ip, -host-port, -container-ip, -container-port, and a pipe as descriptor 3: "0\\n" there
means ready, "1\\n" and a text mean an error, which `docker run` then shows. The real docker-proxy does the proxying in
the sandbox's network; this program asks slirp4netns to lead the same port of the machine's 127.0.0.1 to it.
Standard library only, because it runs before the container starts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slirp  # type: ignore[import-not-found]  # found beside this file: importing the package is slow

GUEST = "10.0.2.100"  # the sandbox's address in slirp4netns's network (slirp4netns(1), --configure)


def option(words: list[str], name: str) -> str:
    return next((words[i + 1] for i, word in enumerate(words[:-1]) if word.lstrip("-") == name), "")


def refuse(text: str) -> None:
    os.write(3, f"1\n{text}".encode())
    sys.exit(1)


def main() -> None:
    api, docker_proxy, words = sys.argv[1], sys.argv[2], sys.argv[3:]
    host, port, protocol = (option(words, name) for name in ("host-ip", "host-port", "proto"))
    # signals that end the proxy end the forward first; blocked until the forward exists
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    forward_id = None
    if ":" not in host and protocol in ("tcp", "udp"):
        try:
            forward_id = slirp.forward(api, int(port), int(port), protocol)
        except slirp.SlirpError:
            refuse(f"port {port} of this machine's 127.0.0.1 is already in use by another program")
    proxies = [
        subprocess.Popen(
            [docker_proxy, *words],
            pass_fds=inherited(),
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, signals),
        )
    ]
    if forward_id is not None and host != "0.0.0.0":
        proxies.append(second_proxy(docker_proxy, words, signals))
    os.close(3)

    def end(number: int, frame: object) -> None:
        if forward_id is not None:
            # where slirp4netns ended first, its forwards are gone with it
            with contextlib.suppress(slirp.SlirpError):
                slirp.remove(api, forward_id)
        for proxy in proxies:
            proxy.terminate()

    for number in signals:
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    proxies[0].wait()
    end(0, None)


def second_proxy(docker_proxy: str, words: list[str], signals: set[signal.Signals]) -> subprocess.Popen[bytes]:
    """For `-p 127.0.0.1:8080:80`: dockerd's proxy listens on the sandbox's own 127.0.0.1, where nothing from the
    machine arrives; this one listens where slirp4netns delivers.
    """
    words = [word for word in words if word != "-use-listen-fd"]
    words[words.index("-host-ip") + 1] = GUEST
    reader, writer = os.pipe()

    def prepare() -> None:
        os.dup2(writer, 3)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    proxy = subprocess.Popen([docker_proxy, *words], pass_fds=(3,), preexec_fn=prepare)
    os.close(writer)
    os.read(reader, 1)  # it listens, or has said why it does not: then dockerd's own proxy answers nobody either
    os.close(reader)
    return proxy


def inherited() -> list[int]:
    """The descriptors dockerd hands to its proxy: 3, and since engine 28 the listening socket as 4."""
    return [number for number in (3, 4) if os.path.exists(f"/proc/self/fd/{number}")]


if __name__ == "__main__":
    main()
