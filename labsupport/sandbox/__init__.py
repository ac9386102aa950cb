"""The sandbox: a private engine the learner cannot hurt anything with. Nothing above this package knows its driver.

    sb = sandbox.attach()           the running sandbox, or SandboxNotRunning
    sb = sandbox.start(report)      the same, booted first if need be
    sandbox.stop(), sandbox.reset(), sandbox.purge()

Importing this costs nothing; the Docker SDK is imported by Sandbox.client().
"""

from labsupport.sandbox import paths
from labsupport.sandbox.lifecycle import attach, purge, reset, start, status, stop
from labsupport.sandbox.session import Sandbox

__all__ = ["Sandbox", "attach", "paths", "purge", "reset", "start", "status", "stop"]
