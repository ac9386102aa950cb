"""What a check found: `Outcome` for one check, `Report` for one exercise. Plain data, the same text every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """PASSED, FAILED, WAITS (an earlier step comes first) or TROUBLE (the check could not look: no engine)."""

    PASSED = "pass"
    FAILED = "fail"
    WAITS = "wait"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class Outcome:
    """One check's result. where is the command that shows the observed value; mistake is "Name: explanation"."""

    what: str
    verdict: Verdict
    expected: str = ""
    observed: str = ""
    where: str = ""
    mistake: str = ""
    kind: str = ""

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED


@dataclass(frozen=True)
class StepResult:
    """One step: its name, points possible, and the outcomes of its checks in order."""

    name: str
    points: float
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        return bool(self.outcomes) and all(outcome.passed for outcome in self.outcomes)

    @property
    def earned(self) -> float:
        return self.points if self.passed else 0


@dataclass(frozen=True)
class Report:
    """One exercise, checked.

    next_hint is the call that shows the next hint, or ""; lacking what the engine lacks for the exercise, or "".
    """

    exercise: str
    title: str
    steps: tuple[StepResult, ...]
    next_hint: str = ""
    next_exercise: str = ""
    notes: tuple[str, ...] = field(default=())
    lacking: str = ""

    @property
    def passed(self) -> bool:
        return bool(self.steps) and all(step.passed for step in self.steps)

    @property
    def points(self) -> float:
        return sum(step.points for step in self.steps)

    @property
    def earned(self) -> float:
        return sum(step.earned for step in self.steps)

    @property
    def trouble(self) -> bool:
        """Whether some check could not look, so that this says nothing about the learner's work."""
        return any(o.verdict is Verdict.TROUBLE for step in self.steps for o in step.outcomes)

    def failed(self) -> list[Outcome]:
        return [o for step in self.steps for o in step.outcomes if o.verdict is Verdict.FAILED]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON: what the progress file keeps and a grader reads."""
        return {
            "exercise": self.exercise,
            "passed": self.passed,
            "points": self.points,
            "earned": self.earned,
            "steps": [
                {
                    "name": step.name,
                    "points": step.points,
                    "earned": step.earned,
                    "outcomes": [
                        {
                            "what": o.what,
                            "kind": o.kind,
                            "verdict": o.verdict.value,
                            "expected": o.expected,
                            "observed": o.observed,
                            "where": o.where,
                            "mistake": o.mistake,
                        }
                        for o in step.outcomes
                    ],
                }
                for step in self.steps
            ],
        }

    def __str__(self) -> str:
        from labsupport.exercises.render import text

        return text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from labsupport.exercises.render import html

        return html(self)
