"""Run a shell command in the sandbox: streamed, timed, stoppable, with nothing left behind.

    result = shell.run("docker ps", environment=sb.environment())
    result.exit_code, result.stdout, result.stderr, result.seconds

`run` ends everything the command started when it times out or the kernel's stop button is pressed.
`settled` gives a text with progress lines as a terminal would leave them.
"""

from labsupport.shell import command
from labsupport.shell.command import CommandFailed, CommandTimedOut, Result, run
from labsupport.shell.progress import settled

__all__ = ["CommandFailed", "CommandTimedOut", "Result", "command", "run", "settled"]
