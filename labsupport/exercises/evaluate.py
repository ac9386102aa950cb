"""Run an exercise's checks against a lab and report."""

from __future__ import annotations

from labsupport.exercises.checks import Check
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.lab import Lab, Unreachable
from labsupport.exercises.outcome import Outcome, Report, StepResult, Verdict

START = 'run "python3 -m labsupport start", then check again'


def evaluate(exercise: Exercise, lab: Lab, *, exhaustive: bool = False) -> Report:
    """Run the checks in order. A step whose `after` steps have not passed, and what follows a failed check in a
    step, waits; exhaustive runs everything (to find out which checks catch an attempt).
    """
    lab.forget()
    passed: set[str] = set()
    results: list[StepResult] = []
    for step in exercise.steps:
        waiting = [name for name in step.after if name not in passed]
        outcomes: list[Outcome] = []
        for check in step.checks:
            stopped = bool(outcomes) and not outcomes[-1].passed
            if (waiting or stopped) and not exhaustive:
                reason = ", ".join(waiting)
                outcomes.append(Outcome(lab.fill(check.what), Verdict.WAITS, reason, kind=check.kind))
            else:
                outcomes.append(run_check(check, lab))
        result = StepResult(step.name, step.points, tuple(outcomes))
        results.append(result)
        if result.passed:
            passed.add(step.name)
    hint = "" if all(result.passed for result in results) else f'hint("{exercise.id}")'
    return Report(exercise.id, exercise.title, tuple(results), next_hint=hint)


def run_check(check: Check, lab: Lab) -> Outcome:
    """One check; what goes wrong with the engine becomes an outcome, never a traceback."""
    import requests
    from docker.errors import APIError, DockerException, NotFound

    def trouble(observed: str) -> Outcome:
        return Outcome(lab.fill(check.what), Verdict.TROUBLE, "", observed, "", "", check.kind)

    try:
        return check.run(lab)
    except Unreachable as error:
        return trouble(lab.fill(str(error)))
    except NotFound as error:  # it was there a moment ago
        lab.forget()
        said = str(error.explanation or "it is gone").strip()
        return Outcome(
            lab.fill(check.what), Verdict.FAILED, "it stays while it is checked",
            f"it vanished while it was looked at ({said})", "docker ps -a", "", check.kind,
        )  # fmt: skip
    except APIError as error:
        return trouble(f"the engine refused: {str(error.explanation or error).strip()}")
    except (DockerException, requests.RequestException, ConnectionError, TimeoutError):
        return trouble(f"the engine does not answer; {START}")
    except OSError as error:
        return trouble(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
