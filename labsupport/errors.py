"""The errors a learner may meet. Each says what failed, what was seen, and the next command to type.

CourseError                 base: message, seen, next command, exit code
├── SandboxError            the private engine
│   ├── NoEngine            nothing here can run containers (exit 3)
│   ├── SandboxNotRunning   no sandbox answers (exit 4)
│   └── EngineFailed        the engine was started and did not answer (exit 5)
├── HubError                the sandbox's registry and the course images
├── CommandError            a command in a cell failed, timed out, or cannot run there
├── LessonError             a lesson's source, notebook or exercise is not as it should be
└── ImageDataError          an archive, layout or API answer about images cannot be trusted
"""

from __future__ import annotations


class CourseError(Exception):
    """Something the learner can act on.

    message says what failed; seen says what was observed (or ""); next_command is what to type next (or "").
    """

    exit_code = 1

    def __init__(self, message: str, *, seen: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.seen = seen
        self.next_command = next_command

    def __str__(self) -> str:
        lines = [self.message]
        if self.seen:
            lines.append(f"  seen: {self.seen}")
        if self.next_command:
            lines.append(f"  next: {self.next_command}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a learner sees the three lines above, never our traceback."""
        return [f"{type(self).__name__}: {self}"]


class SandboxError(CourseError):
    """The private engine could not be found, started, reached or stopped."""


class NoEngine(SandboxError):
    """Nothing on this machine can run containers, and nothing could be fetched to do so."""

    exit_code = 3


class SandboxNotRunning(SandboxError):
    """No sandbox answers under this name."""

    exit_code = 4


class EngineFailed(SandboxError):
    """An engine was started and ended, or did not answer in time."""

    exit_code = 5


class HubError(CourseError):
    """The registry or the course's own images."""


class CommandError(CourseError):
    """A command failed, timed out, was interrupted, or cannot run in a notebook cell."""


class LessonError(CourseError):
    """A lesson's source, its notebook or an exercise is not as it should be."""


class ImageDataError(CourseError):
    """An archive, a layout or an API answer about images is truncated, hostile or contradicts itself."""
