"""A second engine for one lesson, which the learner starts, signals and kills: see `engine` for what it is.

    engine = own.start()            fresh, with the image busybox; what was there before is gone
    engine = own.attach()           the one that runs. Raises SandboxNotRunning
    engine = own.start_or_recorded()    for lessons: where there can be none, a recorded run that says so
    own.matrix(engine)              the kill matrix (see `trials`), dealt now or as it was recorded

In cells and terminals the same is the command `own-engine`; `docker --context own` leads the client there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labsupport.sandbox import lifecycle
from labsupport.sandbox.own import engine as _engine
from labsupport.sandbox.own import trials
from labsupport.sandbox.own.engine import NAME, OwnEngine
from labsupport.sandbox.own.namespaces import not_running
from labsupport.sandbox.session import Sandbox

if TYPE_CHECKING:
    from labsupport.sandbox.own.recording import Recorded

__all__ = ["NAME", "OwnEngine", "attach", "matrix", "of", "start", "start_or_recorded"]

Report = Callable[[str], None]


def start(sandbox: Sandbox | None = None) -> OwnEngine:
    """A fresh engine with the image busybox, and a context for the docker client. Raises NoEngine, EngineFailed."""
    sandbox = sandbox or lifecycle.attach()
    _engine.refuse(sandbox)
    made = OwnEngine(sandbox)
    made.boot()
    made.load()
    made.client("context", "rm", "-f", NAME)
    made.client("context", "create", NAME, "--docker", f"host={made.docker_host}", check=True)
    return made


def attach(sandbox: Sandbox | None = None) -> OwnEngine:
    """The engine that runs, whatever of it has been killed. Raises SandboxNotRunning when there is none."""
    found = of(sandbox or lifecycle.attach())
    if not found.alive():
        raise not_running()
    return found


def of(sandbox: Sandbox) -> OwnEngine:
    """The sandbox's own engine whether it runs or not, to look at what it left. Raises NoEngine."""
    _engine.refuse(sandbox)
    return OwnEngine(sandbox)


def start_or_recorded(report: Report = print) -> OwnEngine | Recorded:
    """A fresh engine, or a recorded run where there can be none; the report says which, and why."""
    sandbox = lifecycle.attach()
    if reason := _engine.why_not(sandbox):
        from labsupport.sandbox.own import recording

        kept = recording.load(reason)
        report(f"RECORDED RUN: {reason}. What follows was recorded {kept.where}.")
        return kept
    made = start(sandbox)
    report("The lesson's own engine answers: docker --context own")
    return made


def matrix(engine: OwnEngine | Recorded, report: Report = print) -> list[trials.Outcome]:
    """Deal every blow and tell of each; what was recorded, where there is no engine to kill."""
    if isinstance(engine, OwnEngine):
        return trials.run(engine, report)
    for outcome in engine.outcomes:
        report(f"{trials.told(outcome)}    [recorded]")
    return engine.outcomes
