"""A run of the kill matrix, kept for computers where no engine can be killed: clearly not live.

`python3 -m labsupport.sandbox.own.recording` records it anew, on the sandbox that runs.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from labsupport.sandbox.own.trials import Outcome

KEPT = Path(__file__).parents[3] / "labs" / "09-runtimes" / "files" / "recorded.json"


class Recorded:
    """Stands where an OwnEngine would; runs nothing. where says on what it was recorded."""

    recorded = True

    def __init__(self, kept: dict[str, Any], reason: str) -> None:
        self.where: str = kept["where"]
        self.reason = reason
        self.outcomes = [Outcome(**row) for row in kept["outcomes"]]

    def variables(self) -> dict[str, str]:
        """For cells: an empty $OWN_DIR, by which they see that there is no engine of their own."""
        return {"OWN_DIR": ""}

    def stop(self) -> None:
        """Nothing runs."""


def load(reason: str, path: Path = KEPT) -> Recorded:
    """The committed run, and why it is shown."""
    return Recorded(json.loads(path.read_text(encoding="utf-8")), reason)


def main() -> None:
    """Run the matrix on a fresh engine, write what was seen."""
    import datetime

    from labsupport.sandbox import own
    from labsupport.sandbox.own import trials

    engine = own.start()
    outcomes = trials.run(engine)
    engine.stop()
    day = datetime.date.today()
    where = f"in {day:%B %Y} on Linux, with dockerd {engine.sandbox.engine_version}"
    kept = {"where": where, "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes]}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
