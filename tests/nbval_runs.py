"""nbval, strictly, on notebooks of the course: each run in a process of its own, in a sandbox of a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from labsupport import hub, sandbox
from labsupport.lessons import Lesson

AT_A_TIME = 2
SANITIZE = Path(__file__).with_name("nbval-sanitize.cfg")
IN_PLACE = """
import subprocess, sys
from labsupport import sandbox
from labsupport.lessons.place import begin_anew, environment
sb = sandbox.attach()
begin_anew(sb)
sys.exit(subprocess.run(sys.argv[1:], env=environment(sb)).returncode)
"""
Run = subprocess.CompletedProcess[str]


@contextmanager
def place(home: Path, engine: str = "") -> Iterator[dict[str, str]]:
    """A sandbox below this home with its hub filled, until the end; yields the variables that lead a process there."""
    variables = {"LABSUPPORT_HOME": str(home), "LABSUPPORT_PACKAGES": str(sandbox.paths.packages())}
    variables |= {"LABSUPPORT_ENGINE": engine} if engine else {}
    with _variables(variables):
        hub.fill(sandbox.start(_nobody), _nobody)
    try:
        yield {**os.environ, **variables}
    finally:
        with _variables(variables):
            sandbox.purge()


def nbval(notebook: Path, environment: Mapping[str, str], *, begin_anew: bool = True) -> Run:
    """One run. begin_anew: in the sandbox that the environment leads to, emptied first, as the learner "course"."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-sanitize-with", str(SANITIZE),
               "--nbval-cell-timeout", "180", "-p", "no:cacheprovider", "-c", os.devnull,
               "--rootdir", str(notebook.parent), str(notebook)]  # fmt: skip
    if begin_anew:
        command = [sys.executable, "-c", IN_PLACE, *command]
    return subprocess.run(command, env=environment, cwd=notebook.parent, capture_output=True, text=True, check=False)


@dataclass
class Row:
    """Runs that follow each other in one place: a file and its lesson each, and what comes of it."""

    environment: Mapping[str, str]
    notebooks: Sequence[tuple[Lesson, Path]]
    results: dict[str, Future[Run]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.results = {lesson.name: Future() for lesson, _ in self.notebooks}


class Rows:
    """Several rows side by side, two runs at a time; no lesson runs twice at once, for its ports are the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slots = threading.Semaphore(AT_A_TIME)
        self._lessons = {name: threading.Lock() for row in rows for name in row.results}
        self._ended = False
        self._threads = [threading.Thread(target=self._go, args=(row,), daemon=True) for row in rows]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Begin no further run, and wait for those that go on."""
        self._ended = True
        for thread in self._threads:
            thread.join()

    def _go(self, row: Row) -> None:
        for lesson, notebook in row.notebooks:
            with self._lessons[lesson.name], self._slots:
                if self._ended:
                    return
                try:
                    row.results[lesson.name].set_result(nbval(notebook, row.environment))
                except Exception as error:  # noqa: BLE001 - told to whoever waits for it
                    row.results[lesson.name].set_exception(error)


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in ("LABSUPPORT_SANDBOX", "LABSUPPORT_ENGINE", "LABSUPPORT_DRIVER", "LABSUPPORT_STORE"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _nobody(line: str) -> None:
    """Steps of a start nobody watches."""
