"""A second engine beside the sandbox's own, for the lesson that runs one image on two."""

from __future__ import annotations

import os

from labsupport import hub, sandbox
from labsupport.sandbox import Sandbox

SECOND = "second"


def two() -> tuple[Sandbox, Sandbox]:
    """The sandbox, and a second one of the release that this computer's own distribution carries, its hub filled.

    Raises SandboxError, HubError. `sandbox.purge(name="second")` takes the second one away.
    """
    before = os.environ.get("LABSUPPORT_ENGINE")
    os.environ["LABSUPPORT_ENGINE"] = "release"
    try:
        second = sandbox.start(name=SECOND)
    finally:
        del os.environ["LABSUPPORT_ENGINE"]
        if before is not None:
            os.environ["LABSUPPORT_ENGINE"] = before
    hub.fill(second)
    return sandbox.attach(), second
