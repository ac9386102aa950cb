"""What a learner has done, kept outside the notebooks: one JSON file, replaced whole under a lock.

Replaced by rename(2), which is atomic, so a killed kernel leaves the old file or the new one; the lock makes two
notebooks take turns. Results only get better: a later failure never takes points away. The learner's seed has a file
of its own beside it: all names and ports follow from it, and a broken progress must not change them.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises import shape
from labsupport.exercises.outcome import Report


@dataclass(frozen=True)
class Progress:
    """The progress in one file."""

    path: Path

    def read(self) -> dict[str, Any]:
        """All of it, as JSON. What is no progress counts as none; `change` then keeps the file aside."""
        found, _ = shape.read(self.path)
        return found

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Read, let the caller change it, write it whole. Raises LessonError when the folder cannot be written."""
        import filelock

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=10):
                data, whole = shape.read(self.path)
                if not whole:
                    self._keep_damaged()
                kept = self._seed()
                data["learner"] = kept or data["learner"] or secrets.token_hex(4)
                if kept != data["learner"]:
                    self._replace(self.seed_path, data["learner"] + "\n")
                yield data
                self._replace(self.path, json.dumps(data, indent=1, sort_keys=True))
        except filelock.Timeout:
            raise LessonError("another notebook has held the progress for 10 seconds", seen=str(self.path)) from None
        except OSError as error:
            raise LessonError(f"the progress cannot be written: {error.strerror}", seen=str(self.path)) from error

    @staticmethod
    def _replace(path: Path, text: str) -> None:
        new = path.with_name(f".{path.name}.{os.getpid()}")
        with new.open("w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        new.replace(path)

    def _keep_damaged(self) -> None:
        """Put the file aside, under a name that nothing has."""
        aside = self.path.with_name(f"{self.path.stem}-damaged-{time.time_ns()}.json")
        if self.path.exists() or self.path.is_symlink():
            self.path.replace(aside)

    @property
    def seed_path(self) -> Path:
        """The file with the learner's seed."""
        return self.path.with_name(f".{self.path.stem}-seed")

    def _seed(self) -> str:
        try:
            found = self.seed_path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""
        return found if found.isprintable() and len(found) <= 100 else ""

    def known(self) -> str:
        """The learner's seed, "" when none was drawn yet."""
        return str(self._seed() or self.read()["learner"])

    def learner(self) -> str:
        """The learner's seed, drawn once."""
        if found := self.known():
            return found
        with self.change() as data:
            return str(data["learner"])

    def record(self, report: Report, *, engine: str = "", seed: str = "") -> None:
        """Keep a report's result; the best one counts. Reports in trouble say nothing and are not kept.

        The best result carries when it was, the engine's id, the seed, and a digest of all that the report saw, with
        these three: what a hand-in is held against.
        """
        if report.trouble:
            return
        with self.change() as data:
            kept = data["exercises"].setdefault(report.exercise, {"tries": 0, "earned": 0, "passed": False})
            kept["tries"] += 1
            kept["points"] = report.points
            if report.earned > kept["earned"] or (report.passed and not kept["passed"]):
                kept["result"] = _result(report, engine, seed or data["learner"])
            kept["earned"] = max(kept["earned"], report.earned)
            if report.passed and not kept["passed"]:
                # hints read afterwards are free: what they cost, if anything, is counted up to here
                kept.update(passed=True, passed_at=int(time.time()), hints_needed=kept.get("hints", 0))

    def record_quiz(self, quiz: str, answer: tuple[str, ...], passed: bool, points: float) -> None:
        """Keep an answer. A right one at the first try earns the points, a later one a part (`second_try`)."""
        with self.change() as data:
            kept = data["quizzes"].setdefault(quiz, {"tries": 0, "earned": 0, "passed": False})
            kept["tries"] += 1
            kept.update(answer=list(answer), points=points)
            if passed and not kept["passed"]:
                kept.update(passed=True, earned=points if kept["tries"] == 1 else points * second_try())

    def predict(self, prediction: str, value: Any) -> Any:
        """Keep the first prediction (a later one would be hindsight) and give back the one that is kept."""
        with self.change() as data:
            kept = data["predictions"].setdefault(prediction, {"predicted": value, "at": int(time.time())})
            return kept["predicted"]

    def predicted(self, prediction: str) -> Any:
        return self.read()["predictions"].get(prediction, {}).get("predicted")

    def answered(self, quiz: str) -> list[str]:
        """The letters of the last answer to a quiz's question, none before the first."""
        given = self.read()["quizzes"].get(quiz, {}).get("answer", [])
        return [str(letter) for letter in given] if isinstance(given, list) else []

    def take_hint(self, exercise: str, number: int | None, of: int) -> int:
        """The number of the hint to show: the one asked for, else the next. Kept, for teachers who count hints."""
        with self.change() as data:
            kept = data["exercises"].setdefault(exercise, {"tries": 0, "earned": 0, "passed": False})
            shown = min(max(number or kept.get("hints", 0) + 1, 1), max(of, 1))
            kept["hints"] = max(kept.get("hints", 0), shown)
            return shown

    def begun(self, exercise: str) -> float:
        """When the scene of an exercise was set up (seconds since the epoch), 0 if it was not."""
        return float(self.read()["scenes"].get(exercise, {}).get("begun", 0))

    def set_lacking(self, exercise: str, missing: str) -> None:
        """Keep what this learner's engine lacks for an exercise, in words; "" when it lacks nothing (any more)."""
        if self.read()["lacking"].get(exercise, "") == missing:
            return
        with self.change() as data:
            data["lacking"].pop(exercise, None)
            if missing:
                data["lacking"][exercise] = missing

    def set_begun(self, exercise: str, moment: float) -> None:
        with self.change() as data:
            data["scenes"][exercise] = {"begun": moment}


def second_try() -> float:
    """What part of its points a quiz is worth after a wrong answer: LABSUPPORT_SECOND_TRY, 0 to 1; half by default."""
    try:
        part = float(os.environ.get("LABSUPPORT_SECOND_TRY", ""))
    except ValueError:
        return 0.5
    return part if 0 <= part <= 1 else 0.5


def _result(report: Report, engine: str, seed: str) -> dict[str, Any]:
    result = {"at": int(time.time()), "engine": engine, "seed": seed, "earned": report.earned}
    return {**result, "evidence": evidence(report.as_json(), result)}


def evidence(seen: dict[str, Any], result: dict[str, Any]) -> str:
    """The SHA-256 of what a report saw and of when, where and for whom, as `sha256:...`."""
    told = {name: result[name] for name in ("at", "engine", "seed", "earned")}
    text = json.dumps({"report": seen, **told}, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
