"""The record of one trial: a JSON file in results/, one for each machine, user, driver, engine and image store.

    {"tried": HOW, "facts": {...}, "start": {...}, "doctor": {...}, "lessons": {NAME: {...}, ...}}

`start`, `doctor` and each lesson have result ("pass" or "fail"), seconds, commit and date of their own, for a trial may
be resumed after the course has moved on. A lesson that was never tried is not in it.
"""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
ROOT = Path(__file__).parents[2]
SAID = 300  # characters kept of what a failing cell said


class Record:
    """One trial's file. Each change is written at once: a trial takes hours and may be ended at any time."""

    def __init__(self, name: str, results: Path = RESULTS) -> None:
        self.path = results / f"{name}.json"
        git = ["git", "-C", str(ROOT), "rev-parse", "--short=9", "HEAD"]
        # of the beginning: the checkout may move on while this one is tried
        self.commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        self.data: dict[str, Any] = {"tried": "", "facts": {}, "lessons": {}}
        if self.path.exists():
            self.data = json.loads(self.path.read_text(encoding="utf-8"))

    def describe(self, tried: str, facts: dict[str, str]) -> None:
        self.data |= {"tried": tried, "facts": facts}

    def part(self, name: str, result: str, seconds: float, said: str = "") -> None:
        """Keep how `start` or `doctor` went."""
        self.data[name] = {"result": result, "said": said[-SAID:], "seconds": round(seconds), **self._now()}
        self._write()

    def lesson(self, result: dict[str, Any]) -> None:
        """Keep a line of solutions.py."""
        kept = {key: value for key, value in result.items() if key != "lesson"}
        kept["failing"] = [cell | {"said": cell["said"][-SAID:]} for cell in kept["failing"]]
        self.data["lessons"][result["lesson"]] = kept | self._now()
        self._write()

    def has_passed(self, number: str) -> bool:
        """Whether this lesson passed at the commit that is checked out now."""
        return any(
            name.startswith(number) and lesson["result"] == "pass" and lesson["commit"] == self.commit
            for name, lesson in self.data["lessons"].items()
        )

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.data["lessons"] = dict(sorted(self.data["lessons"].items()))
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(self.path)

    def _now(self) -> dict[str, str]:
        return {"commit": self.commit, "date": datetime.date.today().isoformat()}
