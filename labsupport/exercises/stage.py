"""`Stage`: one exercise on an engine, set up, worked at and checked from outside, for the proofs and whoever grades."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.exercises import begun, scene
from labsupport.exercises.begun import Begun
from labsupport.exercises.evaluate import evaluate
from labsupport.exercises.exercise import Exercise, Output, answers_as_dict
from labsupport.exercises.lab import Lab
from labsupport.exercises.outcome import Report
from labsupport.exercises.recorded import EventSource
from labsupport.exercises.seeds import fill_all

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass
class Bench:
    """Where exercises are staged: an engine, the environment that leads the docker command to it, a folder of their
    own, the learner's seed, and whether published ports answer on this machine (`Lab.reach`).
    """

    client: DockerClient
    environment: Mapping[str, str]
    folder: Path
    seed: str = "proof"
    reach: str = "engine"


@dataclass
class Stage:
    """One exercise at a bench; `set_up` first. output: what commands printed."""

    exercise: Exercise
    bench: Bench
    begun: Begun = field(default_factory=lambda: Begun(0))
    output: str = ""

    @property
    def known(self) -> dict[str, Any]:
        return self.exercise.values(self.bench.seed)

    @property
    def folder(self) -> Path:
        return self.bench.folder / self.exercise.id

    @property
    def environment(self) -> dict[str, str]:
        found = {**self.bench.environment, "LAB": str(self.folder), **self.exercise.variables(self.bench.seed)}
        # attempts in Python have the course's packages, whatever python3 this process was started from
        first, *others = found.get("PATH", os.defpath).split(os.pathsep)
        found["PATH"] = os.pathsep.join([first, str(Path(sys.executable).parent), *others])
        return found

    def set_up(self) -> None:
        """Bring the exercise to its start, as `begin` and `undo` do. Raises LessonError."""
        client, known = self.bench.client, self.known
        made = self.begun.made
        moment = scene.set_up(self.exercise, self.folder, client, known, self.environment, made)
        self.begun = begun.after(client, self.exercise, known, self.folder, moment)

    def run(self, commands: Sequence[str | tuple[str, ...]], known: Mapping[str, Any] | None = None) -> None:
        """Run commands as a learner would, one after the other whatever comes of them; known: other values."""
        self.output += scene.run_commands(commands, known or self.known, self.folder, self.environment, strict=False)

    def answers(self, declared: Any) -> dict[str, Any]:
        """Declared answers with the learner's values in; an `Output` is what its command prints. Raises LessonError."""
        rows = {"answer": declared} if isinstance(declared, Output) else answers_as_dict(declared)
        return {key: self._answer(value) for key, value in rows.items()}

    def _answer(self, value: Any) -> Any:
        if not isinstance(value, Output):
            return fill_all(value, self.known)
        return scene.run_commands((value.command,), self.known, self.folder, self.environment, strict=True).strip()

    def lab(self, answers: Mapping[str, Any]) -> Lab:
        """What the checks may look at."""
        client = self.bench.client
        return Lab(
            client, self.known, self.folder, answers, EventSource(client), since=self.begun.moment,
            reach=self.bench.reach, made=self.begun.made, left=self.begun.left, environment=self.environment,
        )  # fmt: skip

    def check(self, answers: Mapping[str, Any] | None = None, *, exhaustive: bool = False) -> Report:
        """The report of the checks as things are; exhaustive: also those that would wait for others."""
        return evaluate(self.exercise, self.lab(answers or {}), exhaustive=exhaustive)

    def clear(self) -> None:
        """Take away what the exercise has in the engine."""
        scene.remove_owned(self.bench.client, self.exercise, self.known, self.begun.made)
