"""Which containers ended because the sandbox was stopped, and the engine's clock.

Without a note they look like containers that their own process or somebody's `docker kill` ended. The supervisor writes
the note when it is told to stop, before it ends them. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from labsupport.sandbox import api, state

_FILE = "ended.json"
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|([+-])(\d\d):(\d\d))$")


def moment(stamp: str) -> float:
    """Seconds since the epoch of an engine's time stamp (RFC 3339, nine digits). Raises ValueError."""
    match = _STAMP.match(stamp)
    if not match:
        raise ValueError(f"{stamp!r} is no time stamp of an engine")
    seconds = (datetime.fromisoformat(match[1]) - datetime(1970, 1, 1)).total_seconds()
    away = timedelta(hours=int(match[5] or 0), minutes=int(match[6] or 0)).total_seconds()
    return seconds + float(match[2] or 0) - (-away if match[4] == "-" else away)


def note(directory: Path, docker_host: str, certificates: str = "") -> None:
    """Write down what runs now; what an earlier stop ended and nobody has started since stays noted.

    An engine that does not answer has no note.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        now = moment(api.get(docker_host, "/info", certificates)["SystemTime"])
        rows = api.get(docker_host, "/containers/json?all=1", certificates)
        there = {row["Id"]: row["State"] in ("running", "paused") for row in rows}
        kept = {identity: at for identity, at in read(directory).items() if identity in there}
        kept.update({identity: now for identity, runs in there.items() if runs})
        state.write_json(directory / _FILE, kept)


def read(directory: Path) -> dict[str, float]:
    """When (seconds since the epoch, the engine's clock) which container was ended so, by its id."""
    try:
        found = json.loads((directory / _FILE).read_text(encoding="utf-8"))
        return {str(identity): float(at) for identity, at in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
