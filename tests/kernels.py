"""A real IPython kernel, driven as a front end drives it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

SECONDS = 60

# The magics on this machine's own environment, in place of a sandbox's.
PLAIN_ENGINE = """
import os
from labsupport.notebook import magics
class Engine:
    told = []
    def environment(self):
        return dict(os.environ)
    def notices(self):
        told, self.told = self.told, []
        return told
engine = Engine()
magics.register(get_ipython(), engine)
"""


@dataclass
class Seen:
    """What one cell sent to the front end, in its order."""

    streams: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    traceback: str = ""
    help: str = ""

    def text(self, name: str) -> str:
        return "".join(text for stream, text in self.streams if stream == name)


@dataclass
class Kernel:
    manager: KernelManager
    client: BlockingKernelClient

    def begin(self, code: str) -> str:
        return self.client.execute(code)

    def finish(self, message: str) -> Seen:
        seen = Seen()
        deadline = time.monotonic() + SECONDS
        while True:
            got = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if got["parent_header"].get("msg_id") != message:
                continue
            kind, content = got["msg_type"], got["content"]
            if kind == "stream":
                seen.streams.append((content["name"], content["text"]))
            elif kind == "error":
                seen.error, seen.traceback = content["evalue"], "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        reply = self.client.get_shell_msg(timeout=SECONDS)
        while reply["parent_header"].get("msg_id") != message:
            reply = self.client.get_shell_msg(timeout=SECONDS)
        seen.help = "".join(each["data"].get("text/plain", "") for each in reply["content"].get("payload", []))
        return seen

    def run(self, code: str) -> Seen:
        return self.finish(self.begin(code))

    def complete(self, code: str) -> list[str]:
        reply = self.client.complete(code, len(code), reply=True, timeout=SECONDS)
        return [str(match) for match in reply["content"]["matches"]]


@contextlib.contextmanager
def kernel(environment: dict[str, str] | None = None) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(**({"env": environment} if environment is not None else {}))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
