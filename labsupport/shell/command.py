"""`run`: one shell command in a session of its own, its two streams kept apart and handed on as they come."""

from __future__ import annotations

import codecs
import errno
import os
import selectors
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from labsupport.errors import CommandError
from labsupport.shell.processes import GRACE, MARK, end_all, new_mark, session_alive, watch
from labsupport.shell.progress import settled

OutputHandler = Callable[[str, str], None]

LIMIT = 64 * 1024 * 1024
"""Characters of output kept; a command that writes more is ended (a notebook cannot show it anyway)."""

_POLL = 0.1
_TAIL_LINES = 12


@dataclass(frozen=True)
class Result:
    """What a command did. chunks are (stream, text) in the order in which they arrived.

    exit_code is the shell's `$?`: 128 + N when signal N ended the command; -1 when there is none.
    seconds is wall-clock time.
    """

    command: str
    exit_code: int
    seconds: float
    chunks: tuple[tuple[str, str], ...] = field(repr=False, default=())

    @property
    def stdout(self) -> str:
        return "".join(text for stream, text in self.chunks if stream == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(text for stream, text in self.chunks if stream == "stderr")

    @property
    def output(self) -> str:
        """Both streams in the order in which they arrived (as exact as two pipes allow)."""
        return "".join(text for _, text in self.chunks)


class CommandFailed(CommandError):
    """A command ended with another exit status than the caller allows. `result` is all it did.

    shown says that the reader has seen the output already: then only the verdict is rendered.
    """

    def __init__(
        self, message: str, result: Result, *, seen: str = "", next_command: str = "", shown: bool = False
    ) -> None:
        super().__init__(message, seen=seen, next_command=next_command)
        self.result = result
        self.shown = shown

    def __str__(self) -> str:
        told = super().__str__()
        parts = [told, f"  command: {_indented(self.result.command)}"]
        if self.result.exit_code >= 0:
            parts.append(f"  exit status: {self.result.exit_code}")
        for name, text in (("stdout", self.result.stdout), ("stderr", self.result.stderr)):
            tail = settled(text).rstrip().splitlines()
            if tail:
                more = "" if len(tail) <= _TAIL_LINES else f" (last {_TAIL_LINES} of {len(tail)} lines)"
                parts.append(f"  {name}{more}: {_indented(chr(10).join(tail[-_TAIL_LINES:]))}")
        return "\n".join(parts)

    def _render_traceback_(self) -> list[str]:
        told = CommandError.__str__(self) if self.shown else str(self)
        return [f"CommandError: {told}"]


class CommandTimedOut(CommandFailed):
    """A command ran longer than it may, and was ended with everything it had started."""


def run(
    command: str,
    *,
    environment: Mapping[str, str] | None = None,
    directory: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    on_output: OutputHandler | None = None,
    on_idle: Callable[[], None] | None = None,
    stop_at_first_failure: bool = True,
    stop_at_unset: bool = False,
    check: bool = False,
    grace: float = GRACE,
) -> Result:
    """Run `command` as one bash script (sh where there is no bash) and return its Result.

    The script's standard input is empty and it has no terminal. environment is the whole environment
    (default: this process's); timeout and grace are seconds. on_output(stream, text) gets "stdout" or "stderr"
    and text as it comes, on_idle is called about ten times a second while nothing comes. With
    stop_at_first_failure the script ends at its first failing command, with stop_at_unset where it reads a variable
    that nobody has set (`set -e`, `set -u`, bash(1)).

    A time-out or KeyboardInterrupt ends the whole session: TERM, then KILL after `grace`. What the script leaves
    running in the background goes on until this Python process ends.

    Raises:
        CommandTimedOut: after `timeout` seconds.
        CommandFailed: with check, when the exit status is not 0; or when more than LIMIT characters came.
    """
    mark = new_mark()
    process: subprocess.Popen[bytes] | None = None
    began = time.monotonic()
    reader = _Reader(on_output, on_idle)

    def result(code: int) -> Result:
        return Result(command, code, time.monotonic() - began, tuple(reader.chunks))

    try:
        watch.expect(mark)
        process = _start(
            argv(command, f"-{'e' * stop_at_first_failure}{'u' * stop_at_unset}c"),
            directory,
            {**(os.environ if environment is None else environment), MARK: mark},
        )
        watch.add(process.pid, mark)
        reader.read(process, None if timeout is None else began + timeout)
        code = process.wait()
    except TimeoutError:
        _stop(process, mark, grace)
        raise CommandTimedOut(
            f"the command did not end within {timeout:g} s; it was ended with everything it had started",
            result(_status(process)),
            next_command="give it longer (%%shell --timeout SECONDS), or run it in the terminal",
        ) from None
    except OverflowError:
        _stop(process, mark, grace)
        raise CommandFailed(
            f"the command wrote more than {LIMIT // 2**20} MiB; it was ended with everything it had started",
            Result(command, _status(process), time.monotonic() - began),
            next_command="send the output to a file: COMMAND > out.txt",
        ) from None
    except BaseException:
        _stop(process, mark, grace)
        raise
    reader.finish(process, keep_reading=session_alive(process.pid))
    done = result(128 - code if code < 0 else code)
    if check and done.exit_code != 0:
        raise CommandFailed(f"exit status {done.exit_code}", done)
    return done


def argv(command: str, options: str = "-c") -> list[str]:
    """The program and arguments that run `command`: bash, or sh where there is none."""
    shell = "/bin/bash" if Path("/bin/bash").exists() else shutil.which("bash") or "/bin/sh"
    return [shell, options, command]


def _start(words: list[str], directory: str | os.PathLike[str] | None, env: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env=env,
            start_new_session=True,
        )
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise CommandError("the script is too long for one cell", seen=f"{len(words[-1])} characters") from None
        where = Path(directory) if directory is not None else Path()
        raise CommandError(
            f"cannot run a command in the folder {where}",
            seen=str(error),
            next_command=f"ls -ld {shlex.quote(str(where))}",
        ) from None


def _stop(process: subprocess.Popen[bytes] | None, mark: str, grace: float) -> None:
    leader = process.pid if process is not None else 0
    try:
        end_all(leader, mark, grace=grace, reap=process.poll if process is not None else lambda: None)
    finally:
        if process is not None:
            process.wait()
            watch.remove(leader)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _status(process: subprocess.Popen[bytes] | None) -> int:
    code = process.returncode if process is not None and process.returncode is not None else -9
    return 128 - code if code < 0 else code


def _indented(text: str) -> str:
    """One line as it is; several below each other."""
    text = text.strip()
    return text if "\n" not in text else "".join(f"\n    {line}" for line in text.splitlines())


class _Reader:
    """Reads the two pipes of a command until both end, or until its shell ended and nothing more is waiting."""

    def __init__(self, on_output: OutputHandler | None, on_idle: Callable[[], None] | None) -> None:
        self.chunks: list[tuple[str, str]] = []
        self._on_output = on_output
        self._on_idle = on_idle
        self._size = 0
        self._decoders = {
            name: codecs.getincrementaldecoder("utf-8")(errors="replace") for name in ("stdout", "stderr")
        }

    def read(self, process: subprocess.Popen[bytes], deadline: float | None) -> None:
        """Hand on what comes. Raises TimeoutError at the deadline, OverflowError past LIMIT."""
        with selectors.DefaultSelector() as selector:
            for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
                assert pipe is not None
                selector.register(pipe, selectors.EVENT_READ, name)
            while selector.get_map():
                now = time.monotonic()
                if deadline is not None and now >= deadline:
                    raise TimeoutError
                wait = _POLL if deadline is None else min(_POLL, deadline - now)
                ended = process.poll() is not None
                ready = selector.select(0 if ended else wait)
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    self._take(key.data, self._decoders[key.data].decode(data, final=not data))
                if not ready and ended:
                    # The shell is gone and its pipes are open: a background process holds them.
                    return
                if not ready and self._on_idle is not None:
                    self._on_idle()
            if deadline is not None:
                try:
                    process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    raise TimeoutError from None

    def finish(self, process: subprocess.Popen[bytes], *, keep_reading: bool) -> None:
        """Close the pipes; or, for the sake of a background process, drop what it still writes."""
        pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
        if not keep_reading:
            watch.remove(process.pid)
            for pipe in pipes:
                pipe.close()
            return

        def drop(pipe: IO[bytes]) -> None:
            with pipe:
                while pipe.read(65536):
                    pass

        # A server started with `&` that logs to a closed pipe would die of it.
        for pipe in pipes:
            threading.Thread(target=drop, args=(pipe,), name="background output", daemon=True).start()

    def _take(self, stream: str, text: str) -> None:
        if not text:
            return
        self._size += len(text)
        if self._size > LIMIT:
            raise OverflowError
        self.chunks.append((stream, text))
        if self._on_output is not None:
            self._on_output(stream, text)
