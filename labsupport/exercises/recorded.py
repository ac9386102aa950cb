"""The engine's events for Did checks: the recorder's log, and from the engine itself what the log lacks yet."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsupport.exercises.lab import Unreachable
from labsupport.sandbox import ended, events

if TYPE_CHECKING:
    from docker import DockerClient


class EventSource:
    """Call it with a time (seconds since the epoch): the events from then on, oldest first, each once.

    Raises Unreachable when the log no longer goes back that far; the time 0 means all that is known.

    The engine keeps its last 256 events in memory, so what just happened is there even before it is in the log.
    """

    def __init__(self, client: DockerClient, log: Path | None = None, ended: Mapping[str, float] | None = None) -> None:
        """ended: containers that the sandbox's stop ended, and when; the first start after it is no new one."""
        self.client, self.log, self.ended = client, log, ended or {}

    def lost(self) -> float:
        """Up to when (seconds since the epoch) nothing is known; 0 when all is."""
        return events.lost(self.log) if self.log is not None else 0

    def __call__(self, since: float) -> list[dict[str, Any]]:
        if 0 < since < self.lost():
            raise Unreachable(
                "more has happened in the engine since this exercise began than is kept, so what was done at its "
                'beginning can\'t be judged; undo("{id}") begins it anew'
            )
        logged = events.read(self.log, since) if self.log is not None else []
        last = logged[-1].get("timeNano", 0) / 1e9 if logged else since
        now = engine_now(self.client)
        if since > now + 1:
            raise Unreachable(
                "the engine's clock was set back since this exercise began, so what was done can't be told from what "
                'was before; undo("{id}") begins it anew'
            )
        stream: Any = self.client.api.events  # the stubs know whole seconds only; the API takes fractions
        fresh = stream(since=f"{last:.6f}", until=f"{now:.6f}", decode=True)
        found = {events.identity(event): event for event in [*logged, *fresh]}
        return self._without_restarts(sorted(found.values(), key=lambda event: int(event.get("timeNano", 0))))

    def _without_restarts(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        waiting = dict(self.ended)
        kept = []
        for event in found:
            identity = str((event.get("Actor") or {}).get("ID", ""))
            if event.get("Action") == "start" and event.get("timeNano", 0) / 1e9 > waiting.get(identity, math.inf):
                del waiting[identity]
            else:
                kept.append(event)
        return kept


def engine_now(client: DockerClient) -> float:
    """The engine's clock, which stamps its events: seconds since the epoch. It need not be this machine's."""
    try:
        return ended.moment(str(client.info()["SystemTime"]))
    except (KeyError, ValueError):
        return time.time()
