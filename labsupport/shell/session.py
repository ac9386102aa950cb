"""A scripted session on a real terminal: a command is started, lines are typed when it asks for them.

A line is typed once the cursor stands behind something that looks like a prompt and the screen has been quiet.
A line of control keys (`^C`, `^D`, `^P^Q`) is pressed, without Enter, once the screen is quiet.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labsupport import pace
from labsupport.errors import CommandError
from labsupport.shell.command import CommandFailed, CommandTimedOut, Result, argv
from labsupport.shell.processes import MARK, end_all, new_mark, watch
from labsupport.shell.screen import Screen

if TYPE_CHECKING:
    import pexpect

_PROMPT = re.compile(r"\S?.*[#$%>:?»]\s?")
_KEYS = re.compile(r"(?:\^[@-_a-z])+")
# seconds on an idle laptop
_QUIET = 0.08
_QUIET_NEW_PROMPT = 0.4
_QUIET_KEYS = 0.5
_QUIET_START = 3.0
_LEAVE = 3.0


@dataclass(frozen=True)
class Typed:
    """What a session left on its screen (SGR sequences included) and its exit status, None when it was ended."""

    screen: str
    exit_code: int | None
    seconds: float


def play(
    command: str,
    lines: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    directory: str | os.PathLike[str] | None = None,
    timeout: float = 30.0,
    prompt: str | None = None,
    columns: int = 120,
    rows: int = 40,
    on_text: Callable[[str], None] | None = None,
) -> Typed:
    """Start `command` on a terminal, type `lines`, and return what the terminal showed.

    timeout is seconds for each wait, on an idle laptop (labsupport.pace). prompt is a regular expression for the whole
    line before the cursor, for programs whose prompt does not end in one of `# $ % > : ?`.
    on_text gets whole lines as they become final.
    After the last line the session is left as a user would, with Ctrl-D, and ended if that does not help.

    Raises:
        CommandTimedOut: no prompt in time; the error shows the last output.
        CommandFailed: the command ended although lines were still to be typed.
    """
    session = _Session(command, prompt, columns, rows, on_text)
    session.start(environment, directory)
    try:
        session.type_all(lines, timeout)
        return session.leave()
    except TimeoutError:
        shown = session.result()
        session.hang_up()
        raise CommandTimedOut(
            f"nothing that looks like a prompt within {timeout:g} s",
            shown,
            next_command="give it longer (--timeout), describe its prompt (--prompt), or use the terminal",
        ) from None
    finally:
        session.end()


class _Session:
    def __init__(
        self, command: str, prompt: str | None, columns: int, rows: int, on_text: Callable[[str], None] | None
    ) -> None:
        self._command = command
        self._prompt = re.compile(prompt) if prompt is not None else None
        self._screen = Screen(columns, rows)
        self._on_text = on_text
        self._mark = new_mark()
        self._ends: set[str] = set()  # the last characters of the prompts seen so far
        self._leader = 0
        self._emitted = 0
        self._over = False
        self._newline = True
        self._came = False
        self._quiet_keys = _QUIET_START  # a container may take its time to start, or to be pulled
        self._pace = pace.factor()
        self._heard = self._began = time.monotonic()
        self._child: pexpect.spawn[bytes] | None = None

    def start(self, environment: Mapping[str, str] | None, directory: str | os.PathLike[str] | None) -> None:
        import pexpect

        env = {**(os.environ if environment is None else environment), "TERM": "xterm", MARK: self._mark}
        # Both would be believed before the terminal's own size.
        env.pop("COLUMNS", None)
        env.pop("LINES", None)
        watch.expect(self._mark)
        try:
            with warnings.catch_warnings():
                # Python 3.12 warns of fork in a process with threads; exec follows at once.
                warnings.simplefilter("ignore", DeprecationWarning)
                shell, *arguments = argv(self._command)
                self._child = pexpect.spawn(
                    shell,
                    arguments,
                    env=env,
                    cwd=directory,
                    dimensions=(self._screen.lines, self._screen.columns),
                    timeout=None,
                )
        except (pexpect.ExceptionPexpect, OSError) as error:
            raise CommandError(f"no terminal could be opened for: {self._command}", seen=str(error)) from None
        self._child.delaybeforesend = None
        self._child.delayafterclose = self._child.delayafterterminate = 0.02
        self._leader = int(self._child.pid or 0)
        watch.add(self._leader, self._mark)

    def type_all(self, lines: Sequence[str], timeout: float) -> None:
        for number, line in enumerate(lines):
            keys = bool(_KEYS.fullmatch(line))
            self._wait(timeout, keys=keys)
            if self._over:
                raise CommandFailed(
                    f"the session ended before {line!r} could be typed (line {number + 1} of {len(lines)})",
                    self.result(),
                    shown=self._emit_rest(),
                )
            self._emit(self._screen.row)
            data = bytes(ord(key.upper()) ^ 0x40 for key in line[1::2]) if keys else line.encode() + b"\n"
            self._newline = keys
            self._came = False
            self._quiet_keys = _QUIET_KEYS
            self._send(data)
        self._wait(timeout)

    def leave(self) -> Typed:
        """Take what is on the screen, then press Ctrl-D as a user would who is done."""
        lines = self._screen.text_lines()
        if not self._over and len(lines) > self._screen.row:
            del lines[self._screen.row :]  # the prompt that nothing was typed at
        self._emit(len(lines), lines)
        if not self._over:
            self._send(b"\x04")
            self._read_until_over(_LEAVE * self._pace)
        seconds = time.monotonic() - self._began
        return Typed("".join(f"{line}\n" for line in lines), self._exit_code(), seconds)

    def hang_up(self) -> None:
        """Ctrl-C and Ctrl-D: a container's shell behind `docker run -it` would outlive a killed client."""
        with contextlib.suppress(OSError):
            self._send(b"\x03")
            self._read_until_over(0.3 * self._pace)
            self._send(b"\x04")
            self._read_until_over(1.0 * self._pace)

    def end(self) -> None:
        child = self._child
        if child is None:
            return
        try:
            end_all(self._leader, self._mark, reap=child.isalive)
        finally:
            child.close(force=True)
            watch.remove(self._leader)

    def result(self) -> Result:
        text = "".join(f"{line}\n" for line in self._screen.text_lines())
        code = self._exit_code()
        return Result(self._command, -1 if code is None else code, time.monotonic() - self._began, (("stdout", text),))

    def _wait(self, timeout: float, *, keys: bool = False) -> None:
        """Until there is a prompt (for keys: until nothing has come for a while), or the command is over."""
        deadline = time.monotonic() + timeout * self._pace
        self._heard = time.monotonic()
        while not self._over:
            came = self._read(0.03)
            now = time.monotonic()
            quiet = (now - self._heard) / self._pace
            if not came and (self._at_prompt(quiet) or (keys and self._came and quiet >= self._quiet_keys)):
                return
            if now > deadline:
                raise TimeoutError

    def _at_prompt(self, quiet: float) -> bool:
        before = self._screen.before_cursor
        # Until the newline of the line typed last is echoed, the old prompt still stands there.
        if not self._newline or quiet < _QUIET or not before.strip():
            return False
        if self._prompt is not None:
            return bool(self._prompt.fullmatch(before))
        end = before.rstrip()[-1]
        # What no earlier prompt ended in may be the middle of an output: give it longer to go on.
        if not _PROMPT.fullmatch(before) or (end not in self._ends and quiet < _QUIET_NEW_PROMPT):
            return False
        self._ends.add(end)
        return True

    def _read(self, seconds: float) -> bool:
        """Feed the screen with what comes within `seconds`; False when nothing came."""
        import pexpect

        assert self._child is not None
        try:
            data = self._child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            self._over = True
            return True
        self._heard = time.monotonic()
        self._came = True
        self._newline = self._newline or b"\n" in data
        self._screen.show(data)
        if self._screen.replies:
            replies, self._screen.replies = self._screen.replies, b""
            self._send(replies)
        return True

    def _send(self, data: bytes) -> None:
        assert self._child is not None
        with contextlib.suppress(OSError):  # gone meanwhile: the next read says so
            self._child.send(data)

    def _read_until_over(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._over and time.monotonic() < deadline:
            self._read(0.05)

    def _exit_code(self) -> int | None:
        child = self._child
        if child is None or not self._over:
            return None
        child.close(force=False) if not child.isalive() else child.wait()
        if child.signalstatus is not None:
            return 128 + int(child.signalstatus)
        return child.exitstatus

    def _emit(self, row: int, lines: Sequence[str] | None = None) -> None:
        """Hand on the lines up to `row`, those handed on before left out."""
        if self._on_text is not None and row > self._emitted:
            shown = (lines if lines is not None else self._screen.text_lines())[self._emitted : row]
            self._on_text("".join(f"{line}\n" for line in shown))
        self._emitted = max(self._emitted, row)

    def _emit_rest(self) -> bool:
        lines = self._screen.text_lines()
        self._emit(len(lines), lines)
        return self._on_text is not None
