"""What a cell says that has gone on for a while without a word: that it still runs, why it may, and how to end it."""

from __future__ import annotations

import time

from labsupport.notebook import terminal
from labsupport.shell.show import Show

SILENCE = 15.0  # seconds without output before a person wonders


class Waiting:
    """Call it while nothing comes: it writes its note once. For a person only: a notebook that a program runs has no
    stop button, and its outputs are compared.
    """

    def __init__(self, script: str, shown: Show, *, silence: float = SILENCE) -> None:
        self._reason = terminal.holding(script)
        self._shown = shown
        self._silence = silence
        self._told = not self._reason

    def __call__(self) -> None:
        if self._told or time.monotonic() - self._shown.written_at < self._silence:
            return
        self._told = True
        self._shown.write(
            "stdout", f"[still running: {self._reason}. The stop button (\u25a0) above the notebook ends this cell.]\n"
        )
