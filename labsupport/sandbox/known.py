"""What is known of engines: which the course was tried with, and what became of each one on this machine.

The second is a file beside the packages, so that an engine is tried once for a set of packages, a kernel and a driver:

    chosen   (wish, driver, kernel) -> the engine that is used, until its packages change
    failed   (engine, driver, kernel) -> what it could not do
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
from pathlib import Path

from labsupport.sandbox import marked, paths, state

# The engines all lessons were run on, with the oldest Linux each needs. 28.5 changes modes with fchmodat2(2) when it
# unpacks a file: without it (before 6.6) `docker cp` ends in "chmod ...: via /proc/self/fd/33: no such file".
KNOWN: dict[str, tuple[int, int]] = {"20.10": (0, 0), "26.1": (0, 0), "28.5": (6, 6)}


def kernel() -> str:
    """This machine's kernel release (uname(2))."""
    return platform.release()


def why_not(version: str, release: str = "") -> str:
    """Why an engine of this version is not among the first to be taken; "" when the course was tried with it here."""
    needs = KNOWN.get(".".join(version.split(".")[:2]))
    if needs is None:
        return "the course was not tried with it"
    numbers = [int(number) for number in re.findall(r"\d+", release or kernel())[:2]]
    if tuple(numbers) < needs:
        return f"needs Linux {needs[0]}.{needs[1]}, and this is {release or kernel()}"
    return ""


def chosen(wish: str, driver: str) -> str:
    """The identity of the engine that is used here, "" when none was chosen yet."""
    return _read()["chosen"].get(_key(wish, driver), "")


def failure(identity: str, driver: str) -> str:
    """What this engine could not do here; "" when it was not tried, or could do everything."""
    return _read()["failed"].get(_key(identity, driver), "")


def failures(driver: str) -> dict[str, str]:
    """Identity -> what it could not do, for all engines that failed here."""
    rest = _key("", driver)
    return {key.removesuffix(rest): why for key, why in _read()["failed"].items() if key.endswith(rest)}


def record_chosen(wish: str, driver: str, identity: str) -> None:
    """Keep that this engine is the one to use here."""
    kept = _read()
    kept["chosen"][_key(wish, driver)] = identity
    _write(kept)


def record_failure(identity: str, driver: str, why: str) -> None:
    """Keep what this engine could not do here."""
    kept = _read()
    kept["failed"][_key(identity, driver)] = why
    _write(kept)


def forget_failures(driver: str) -> None:
    """Give every engine another chance with this driver: what it lacked may have been installed."""
    kept = _read()
    rest = _key("", driver)
    kept["failed"] = {key: why for key, why in kept["failed"].items() if not key.endswith(rest)}
    _write(kept)


def _key(what: str, driver: str) -> str:
    return f"{what} | {driver} | {kernel()}"


def _places() -> list[Path]:
    # packages shared by several people can't be written by each: theirs is kept in their own cache
    return [paths.packages() / marked.TRIALS, paths.cache() / marked.TRIALS]


def _read() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"chosen": {}, "failed": {}}
    for place in _places():
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            content = json.loads(place.read_text("utf-8"))
            for part, pairs in found.items():
                pairs.update(content[part] if isinstance(content.get(part), dict) else {})
    return found


def _write(kept: dict[str, dict[str, str]]) -> None:
    for place in _places():
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.access(place.parent, os.W_OK):
                state.write_json(place, kept)
                return
