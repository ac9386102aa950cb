"""A transcript: what a command really printed, kept as data, to be compared, shown and drawn.

`record` plays a scripted session on a real terminal; `of` keeps the result of a plain command. Both can be saved
as JSON and loaded again, compared with their volatile parts masked, and drawn (labsupport.figures.terminal).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from labsupport.errors import CourseError
from labsupport.shell import Result, settled

_SGR = re.compile(r"\x1b\[[0-9;]*m")

# In this order: a digest holds what looks like an id, a timestamp what looks like a clock time.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), stand_in)
    for pattern, stand_in in (
        (r"\bsha256:[0-9a-f]{12,64}\b", "sha256:<digest>"),
        (r"\b[0-9a-f]{64}\b", "<id>"),
        (r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b", "<id>"),
        (
            r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d)(?: [A-Z]{2,5})?)?",
            "<time>",
        ),
        (
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .{0,12}\d\d:\d\d:\d\d(?: [A-Z]{3,4})?(?: \d{4})?",
            "<time>",
        ),
        (r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b", "<time>"),
        (
            r"\b(?:About (?:a|an)|Less than a|\d+) (?:second|minute|hour|day|week|month|year)s?(?: ago)?\b",
            "<duration>",
        ),
        (r"(?<![\w.])\d+(?:\.\d+)?(?:ns|µs|ms|s|m\d+(?:\.\d+)?s)(?!\w)", "<duration>"),
        (r"(?<![\w.])\d+(?:\.\d+)? ?(?:[kKMGT]i?)?B\b", "<size>"),
        (r"((?:\d{1,3}(?:\.\d{1,3}){3}|\[::1?\]|localhost):)\d{2,5}\b", r"\1<port>"),
    )
)
_PADDING = re.compile(r"(?<=\S) {2,}")


def plain(text: str) -> str:
    """The text without its colours."""
    return _SGR.sub("", text)


def masked(text: str) -> str:
    """The text with ids, digests, times, durations, sizes and published ports replaced by names for them.

    Runs of spaces inside a line become two: a table's columns move with what stands in them.
    """
    text = plain(text)
    for pattern, stand_in in _MASKS:
        text = pattern.sub(stand_in, text)
    return "\n".join(_PADDING.sub("  ", line).rstrip() for line in text.split("\n"))


@dataclass(frozen=True)
class Transcript:
    """One command (or session) as it happened. output may carry colours (SGR sequences).

    exit_code is None when the session was still running and was left. `typed` are the lines typed into it.
    """

    command: str
    output: str
    exit_code: int | None
    typed: tuple[str, ...] = ()

    def masked(self) -> Transcript:
        """The same with everything volatile named instead of shown."""
        return Transcript(self.command, masked(self.output), self.exit_code, self.typed)

    def same_as(self, other: Transcript) -> bool:
        """Whether both show the same but for ids, digests, times, durations, sizes and ports."""
        return self.masked() == other.masked()

    def save(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)


def load(path: Path) -> Transcript:
    """Read what `save` wrote. Raises CourseError when the file is missing or is no transcript."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        command, output, exit_code, typed = (data[key] for key in ("command", "output", "exit_code", "typed"))
        if not (isinstance(command, str) and isinstance(output, str) and isinstance(exit_code, int | None)):
            raise TypeError("command and output are texts, exit_code is a number or null")
        return Transcript(command, output, exit_code, tuple(str(line) for line in typed))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is not a transcript", seen=f"{type(error).__name__}: {error}") from None


def of(result: Result) -> Transcript:
    """The transcript of a plain command: both streams as they came, progress lines as they were in the end."""
    return Transcript(result.command, settled(result.output), result.exit_code)


def record(
    command: str,
    lines: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    directory: str | os.PathLike[str] | None = None,
    timeout: float = 30.0,
    prompt: str | None = None,
    columns: int = 120,
    on_text: Callable[[str], None] | None = None,
) -> Transcript:
    """Run `command` on a real terminal, type `lines` at its prompts, and return the transcript.

        transcript.record("docker run -it --rm busybox sh", ["hostname", "exit"])

    See labsupport.shell.session.play for the arguments, for how a prompt is recognised, and for the errors.
    """
    from labsupport.shell import session

    typed = session.play(
        command,
        lines,
        environment=environment,
        directory=directory,
        timeout=timeout,
        prompt=prompt,
        columns=columns,
        on_text=on_text,
    )
    return Transcript(command, typed.screen, typed.exit_code, tuple(lines))
