"""The kill matrix: a container runs, one of the engine's processes is sent a signal, and what happens is written down.

Nothing here knows what ought to happen. A container of these trials ends with GOODBYE when its program is asked to
(SIGTERM), so its exit code tells "was asked" from 137, "was killed".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labsupport import pace
from labsupport.errors import EngineFailed
from labsupport.sandbox import processes, state
from labsupport.sandbox.own.engine import OwnEngine

KEPT = "kill-matrix.json"
GOODBYE = 7
PROGRAM = f"trap 'exit {GOODBYE}' TERM; while true; do usleep 50000; done"
# on an idle laptop: what nobody has ended by then stays, because a killed process is gone within some milliseconds
SETTLE_SECONDS = 0.6
NOTICE_SECONDS = 20  # for what is waited for by its event


@dataclasses.dataclass(frozen=True)
class Blow:
    """One line of the matrix: a signal for one process of the engine, with live-restore on or off."""

    key: str
    who: str
    signal: str
    live_restore: bool

    @property
    def words(self) -> str:
        setting = f", live-restore {'on' if self.live_restore else 'off'}" if self.who == "dockerd" else ""
        return f"{self.who} {self.signal}{setting}"


BLOWS = (
    Blow("term", "dockerd", "TERM", False),
    Blow("kill", "dockerd", "KILL", False),
    Blow("term-live", "dockerd", "TERM", True),
    Blow("kill-live", "dockerd", "KILL", True),
    Blow("containerd", "containerd", "KILL", False),
    Blow("shim", "shim", "KILL", False),
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was seen of the container: while the process is gone, and once all is started again.

    alive_down and alive_back: the very process that ran before is alive. status and code are those of .State;
    code is None while it runs.
    """

    key: str
    words: str
    alive_down: bool
    alive_back: bool
    status: str
    code: int | None

    @property
    def state(self) -> str:
        """ "running", or "exited (137)"."""
        return self.status if self.code is None else f"{self.status} ({self.code})"


def run(engine: OwnEngine, report: Callable[[str], None] = print) -> list[Outcome]:
    """Deal every blow once and keep the outcomes in the sandbox's folder. Raises EngineFailed."""
    outcomes = []
    for blow in BLOWS:
        outcomes.append(deal(engine, blow))
        report(told(outcomes[-1]))
    keep(engine.sandbox.directory, outcomes)
    return outcomes


def told(outcome: Outcome) -> str:
    """One line of text."""
    down, back = words(outcome)
    return f"{outcome.words:<31} while it is gone: {down:<5}  started again: {back:<5}  State: {outcome.state}"


def words(outcome: Outcome) -> tuple[str, str]:
    """ "alive" or "dead": while the process is gone, and once all is started again."""
    down, back = ("alive" if alive else "dead" for alive in (outcome.alive_down, outcome.alive_back))
    return down, back


def deal(engine: OwnEngine, blow: Blow) -> Outcome:
    """Run a container, send the signal, look, start again what has ended, look again, remove the container."""
    _ready(engine, blow.live_restore)
    engine.client("run", "-d", "--name", "trial", "busybox", "sh", "-c", PROGRAM, check=True)
    try:
        first = engine.first_process("trial")
        began = _began(first)
        engine.signal(engine.shim("trial") if blow.who == "shim" else blow.who, blow.signal)
        if blow.who == "shim":
            # containerd hears of a shim's end, does what it does then, and tells dockerd
            pace.until(lambda: _began(first) != began or not engine.state("trial").get("Running", True), NOTICE_SECONDS)
        else:
            engine.wait_ended(blow.who, NOTICE_SECONDS)
        alive_down = _stays(lambda: _began(first) == began, SETTLE_SECONDS / 2)
        engine.containerd()
        engine.dockerd()
        alive_back = _stays(lambda: _began(first) == began, SETTLE_SECONDS)
        found = _settled(engine, alive_back)
        code = None if found["Running"] else int(found["ExitCode"])
        return Outcome(blow.key, blow.words, alive_down, alive_back, str(found["Status"]), code)
    finally:
        engine.client("rm", "-f", "trial")


def keep(folder: Path, outcomes: list[Outcome]) -> None:
    state.write_json(folder / KEPT, [dataclasses.asdict(outcome) for outcome in outcomes])


def kept(folder: Path) -> list[Outcome]:
    """The outcomes of the last run in this sandbox, [] when there was none."""
    import json

    try:
        return [Outcome(**row) for row in json.loads((folder / KEPT).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _ready(engine: OwnEngine, live_restore: bool) -> None:
    engine.containerd()
    engine.dockerd()
    engine.client("rm", "-f", "trial")
    if bool(engine.info()["LiveRestoreEnabled"]) != live_restore:
        engine.configure(live_restore=live_restore)
        engine.reload()
        if not pace.until(lambda: bool(engine.info()["LiveRestoreEnabled"]) == live_restore, NOTICE_SECONDS):
            raise EngineFailed("dockerd did not take over live-restore from daemon.json")


def _began(pid: int) -> str:
    """When a process began; "" when it is gone or only waits to be reaped. A number may be used again, not the pair."""
    found = processes.stat(pid)
    return found.started if found and found.alive else ""


def _stays(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition holds from now on for a while (seconds of an idle laptop: see labsupport.pace)."""
    return not pace.until(lambda: not condition(), seconds, every=0.02)


def _settled(engine: OwnEngine, alive: bool) -> dict[str, Any]:
    """.State once the engine has noticed what became of the process."""
    if pace.until(lambda: engine.state("trial").get("Running") is alive, NOTICE_SECONDS, every=0.02):
        return engine.state("trial")
    found = str(engine.state("trial"))
    raise EngineFailed("the engine has not noticed what became of the container", seen=found)
