"""`Exercise`: steps with checks and points, seeds, the scene, and the attempts that prove the checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises.checks import Answer, Check
from labsupport.exercises.seeds import Seeded, fill, values

# Environment variables that mean something already: no seed may be called so.
TAKEN = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "PWD", "OLDPWD", "TMPDIR", "EDITOR", "IFS"),
    *("DISPLAY", "HOSTNAME", "LAB", "DOCKER_HOST", "DOCKER_CONFIG"),
}


@dataclass(frozen=True, init=False)
class Step:
    """A named part of an exercise. Its checks run in order until one fails; its points count when all pass.

    after names steps that must pass before this one is looked at.
    """

    name: str
    checks: tuple[Check, ...]
    points: float
    after: tuple[str, ...]

    def __init__(self, name: str, *checks: Check, points: float = 1, after: str | tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "checks", checks)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "after", (after,) if isinstance(after, str) else after)


@dataclass(frozen=True)
class Output:
    """For the proofs: an answer that is a command's output, outer blanks cut: `Output("docker ps -q | wc -l")`."""

    command: str


@dataclass(frozen=True)
class Right:
    """Another attempt that must pass: other commands, another order, more things around. Without answers of its own it
    gives the solution's.
    """

    name: str
    commands: tuple[str, ...] = ()
    answers: Any = None


@dataclass(frozen=True)
class Wrong:
    """An attempt that must fail. says: a text the report must then show. answers may hold Output."""

    name: str
    commands: tuple[str, ...] = ()
    says: str = ""
    answers: Any = None


@dataclass(frozen=True)
class Scene:
    """How an exercise starts: its files are copied to the working folder, then the commands run there, in order.

    files: a folder, named from the exercise's own: "files", or "../../files/menu" for one that several exercises of
    the lesson start from. "" when it starts with none.
    prepare commands (builds) run while an image that they build with `-t NAME` is missing; commands run at every
    begin and undo. All they create carries the label `course.lab=<exercise id>` (`--label course.lab={id}`); with
    `Exercise.owns` that is what undo removes, but for labelled images. A scene that breaks an image the learner then
    repairs builds `{image}:broken` in prepare and tags it `{image}` in commands: undo takes a moment only. A tuple
    among the commands is run at the same time.
    again: those that set up what is no container of Docker's, and so does not come back by `docker start` after a stop
    of the sandbox; begin runs them then. Checks ask `Lab.started_again`, for until then nobody knows who ended it.
    """

    commands: tuple[str | tuple[str, ...], ...] = ()
    prepare: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    files: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise. See the package's documentation for a worked example.

    id: "01.2" or "bug.3"; goal: what to reach, with `{key}` for seeded values; owns: names of what the learner
    will create ("container:{name}", "image:...", "network:...", "volume:..."), removed by undo and between proofs.
    solution: shell commands, run in the working folder; answers: those of the solution (may hold Output); right:
    other ways to do it.
    needs: what the engine must be able to do (`scene.NEEDS`).
    Set by `catalog`: folder, where it is declared; taken(seed), names and ports of the course's exercises before it.
    """

    id: str
    title: str
    goal: str
    steps: tuple[Step, ...]
    solution: tuple[str, ...] = ()
    answers: Any = None
    right: tuple[Right, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    seeds: Mapping[str, Seeded] = field(default_factory=dict)
    scene: Scene | None = None
    owns: tuple[str, ...] = ()
    untouched_says: str = ""
    needs: tuple[str, ...] = ()
    minutes: int = 10
    folder: Path | None = field(default=None, repr=False, compare=False)
    taken: Callable[[str], Collection[Any]] = field(default=lambda seed: (), repr=False, compare=False)

    def values(self, seed: str) -> dict[str, Any]:
        """The learner's values, and `id`. Names and ports are no other exercise's of the course."""
        return {**values(seed, self.id, self.seeds, self.taken(seed)), "id": self.id}

    def variables(self, seed: str) -> dict[str, str]:
        """The values that the goal tells as environment variables for shell cells: `{name}` is $NAME.

        What it does not tell is planted, to be found out. Those of the system stay.
        """
        told = {key: value for key, value in self.values(seed).items() if f"{{{key}}}" in self.goal}
        return {key.upper(): str(value) for key, value in told.items() if key.upper() not in TAKEN}

    def goal_for(self, seed: str) -> str:
        return fill(self.goal, self.values(seed))

    @property
    def points(self) -> float:
        return sum(step.points for step in self.steps)

    def step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise LessonError(f"exercise {self.id} has no step {name!r}")


def unasked(exercise: Exercise, given: Any) -> str:
    """A sentence about answers under names that no check asks for; "" when all are asked for."""
    asked = [check.key for step in exercise.steps for check in step.checks if isinstance(check, Answer)]
    unknown = sorted(set(answers_as_dict(given)) - set(asked))
    if not asked or not unknown:
        return ""  # an exercise without Answer checks may read answers in ways of its own
    wanted = "answer=..., one value" if asked == ["answer"] else "answer={...} with " + ", ".join(map(repr, asked))
    return f"Not asked for: {', '.join(map(repr, unknown))}. It wants {wanted}."


def answers_as_dict(given: Any) -> dict[str, Any]:
    """`check(..., answer=3)` means {"answer": 3}; a dict gives several answers by key."""
    if given is None:
        return {}
    if isinstance(given, dict):
        return {str(key): value for key, value in given.items()}
    return {"answer": given}
