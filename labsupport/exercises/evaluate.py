"""Run an exercise's checks against a lab and report.

Whatever a check meets ends as one row. TROUBLE is for what no learner can have done (no engine, no answer in time);
what the engine refuses because of the learner's container or image, a file that can't be read and a value of another
shape than any check reckons with are the learner's work as it is: FAILED, with what was seen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from labsupport.exercises import traces
from labsupport.exercises.checks import Answer, Check
from labsupport.exercises.exercise import Exercise
from labsupport.exercises.expect import plain
from labsupport.exercises.lab import Lab, Missing, Unreachable, no_answer
from labsupport.exercises.looks import Look
from labsupport.exercises.outcome import Outcome, Report, StepResult, Verdict
from labsupport.exercises.untouched import is_untouched

# The engine's words for "not with this container, image or program", which statuses of their own do not always have
_REFUSED = re.compile(
    r"OCI runtime|failed to create (?:shim )?task|unable to find (?:user|group)|no matching entries in (?:passwd|group)"
    r"|exec failed|executable file not found|is paused|is not running|is restarting|no command specified"
    r"|cannot join network|invalid (?:mount|port|reference)|has no command",
    re.IGNORECASE,
)
_ENGINES = re.compile(
    r"no space left|disk quota|cannot allocate memory|resource temporarily|too many open files|cgroup", re.IGNORECASE
)
# a check raised something that none reckons with; the proofs do not let that through (labsupport.exercises.proof)
RAISED = "the check can't read what is there"
START = 'run "python3 -m labsupport start", then check again'


def evaluate(exercise: Exercise, lab: Lab, *, exhaustive: bool = False) -> Report:
    """Run the checks in order. A step whose `after` steps have not passed, and what follows a failed check in a
    step, waits; exhaustive runs everything (to find out which checks catch an attempt).
    """
    lab.forget()
    with suppress(*no_answer()):  # the checks say so themselves
        traces.sweep(lab.client)
    passed: set[str] = set()
    results: list[StepResult] = []
    for step in exercise.steps:
        waiting = [name for name in step.after if name not in passed]
        outcomes: list[Outcome] = []
        for check in step.checks:
            stopped = bool(outcomes) and not outcomes[-1].passed
            if (waiting or stopped) and not exhaustive:
                reason = first_open(results, waiting)
                outcomes.append(Outcome(lab.fill(check.what), Verdict.WAITS, reason, kind=check.kind))
            else:
                outcomes.append(run_check(check, lab))
        result = StepResult(step.name, step.points, tuple(outcomes))
        results.append(result)
        if result.passed:
            passed.add(step.name)
    # what is done on an engine of the exercise's own leaves no trace in this one
    seen = "own-engine" not in exercise.needs
    if not all(result.passed for result in results) and seen and _as_begun(lab):
        results = [replace(r, outcomes=tuple(replace(o, mistake="") for o in r.outcomes)) for r in results]
    hint = "" if all(result.passed for result in results) else f'hint("{exercise.id}")'
    return Report(exercise.id, exercise.title, tuple(results), next_hint=hint)


def first_open(results: list[StepResult], waiting: list[str]) -> str:
    """What is to be done first of the steps that are waited for: their names are the authors'."""
    rows = [outcome for step in results if step.name in waiting for outcome in step.outcomes]
    return next((row.what for row in rows if not row.passed), "")


def _as_begun(lab: Lab) -> bool:
    """Whether the scene is as it was left to the learner; False where that can't be told."""
    with suppress(Unreachable, OSError, *no_answer()):
        return is_untouched(lab)
    return False


def interrupted(exercise: Exercise, cut: Mapping[str, bool]) -> Report:
    """The report on an exercise whose containers ended with the sandbox: they look ended by somebody, and were not.

    cut: their names, and whether a start brings each back as it was.
    """
    seen = f"{', '.join(cut)} ended when the sandbox was stopped"
    undo = f'undo("{exercise.id}") begins the exercise anew'
    if all(cut.values()):
        again = f"docker start {' '.join(cut)}"
        mend = f'`{again}` starts again what was ended, and so does begin("{exercise.id}"); {undo}.'
    else:
        again, mend = "docker ps -a", f"What was in its memory is gone with it: {undo}."
    row = Outcome("its containers are as you left them", Verdict.TROUBLE, "", seen, again, "", "state")
    return Report(exercise.id, exercise.title, (StepResult("as left", exercise.points, (row,)),), notes=(mend,))


def run_check(check: Check, lab: Lab) -> Outcome:
    """One check; what goes wrong becomes an outcome, never a traceback."""
    from docker.errors import APIError, NotFound

    def trouble(observed: str) -> Outcome:
        return Outcome(lab.fill(check.what), Verdict.TROUBLE, "", observed, "", "", check.kind)

    def failed(expected: str, observed: str, where: str = "") -> Outcome:
        return Outcome(lab.fill(check.what), Verdict.FAILED, expected, observed, where, "", check.kind)

    try:
        return check.run(lab)
    except Unreachable as error:
        return trouble(lab.fill(str(error)))
    except Missing as error:
        return failed("it is there", str(error), _where(check, lab))
    except NotFound as error:  # it was there a moment ago
        lab.forget()
        said = str(error.explanation or "it is gone").strip()
        return failed("it stays while it is checked", f"it vanished while it was looked at ({said})", "docker ps -a")
    except APIError as error:
        said = " ".join(str(error.explanation or error).split())
        if _is_about_work(error.status_code, said):
            return failed("the engine can use it", f"the engine refused: {said}", _where(check, lab))
        return trouble(f"the engine refused: {said}")
    except no_answer():
        return trouble(f"the engine does not answer; {START}")
    except OSError as error:
        seen = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        if error.filename and _is_inside(error.filename, lab):
            return failed("a file that you can read", seen, _where(check, lab))
        return trouble(seen)
    except UnicodeError as error:
        return failed("a text in UTF-8", f"{RAISED}: {error.reason if hasattr(error, 'reason') else error}")
    except RecursionError:
        return failed("what a check can read", f"{RAISED}: it is too deep, or holds itself", _where(check, lab))
    except Exception as error:  # the last resort: a learner meets a row, whatever we did not think of
        seen = f"{RAISED}: {type(error).__name__}: {plain(error)}"
        return failed("what a check can read", seen, _where(check, lab))


def _is_about_work(status: int | None, said: str) -> bool:
    """Whether the engine's refusal is about what the learner made, and not about the engine or the machine."""
    if _ENGINES.search(said):
        return False
    return status in (400, 409) or bool(_REFUSED.search(said))


def _is_inside(path: str | bytes | int, lab: Lab) -> bool:
    """Whether a path is in the working folder, which is the learner's."""
    if isinstance(path, int):
        return False
    real = os.path.realpath(os.fsdecode(path))
    return real == (root := os.path.realpath(lab.folder)) or real.startswith(root + os.sep)


def _where(check: Check, lab: Lab) -> str:
    """The command that shows what the check looked at."""
    shown = check.want if isinstance(check, Answer) else check.look
    return lab.fill(shown.where) if isinstance(shown, Look) else ""
