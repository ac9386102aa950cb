"""The sandbox: a private engine the learner cannot hurt anything with. Nothing above this package knows its driver.

    sb = sandbox.attach()           the running sandbox, or SandboxNotRunning
    sb = sandbox.start(report)      the same, booted first if need be
    sandbox.stop(), sandbox.reset(), sandbox.purge()

Importing this costs nothing; the Docker SDK is imported by Sandbox.client().
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labsupport.sandbox import paths
    from labsupport.sandbox.lifecycle import attach, purge, reset, start, status, stop
    from labsupport.sandbox.session import Sandbox
    from labsupport.sandbox.trouble import advice

__all__ = ["Sandbox", "advice", "attach", "paths", "purge", "reset", "start", "status", "stop"]


def __getattr__(name: str) -> Any:
    """Load on first use (PEP 562): the supervisor imports modules from here too, and must be up at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "paths":
        return importlib.import_module(f"{__name__}.paths")
    module = {"Sandbox": "session", "advice": "trouble"}.get(name, "lifecycle")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
