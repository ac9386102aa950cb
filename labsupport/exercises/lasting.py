"""Whether a container keeps running, and not just at this moment: `sleep 5` runs when it is looked at, too."""

from __future__ import annotations

import re

from labsupport.exercises.lab import Lab
from labsupport.exercises.looks import Look
from labsupport.exercises.recorded import engine_now
from labsupport.sandbox import ended

SETTLED = 1.0  # seconds after which a program that fails at its start has done so
LEAST = 120  # seconds that a `sleep` must last to count as one that keeps running
_LOOP = re.compile(r"\b(?:while|until|for)\b")
# a `for` over so many words: `1 2 3`, `$(seq 3)`
_COUNTED = re.compile(r"\bfor\s+\w+\s+in\s+(?:\$\(seq\s+(\d+)\)|([^;$`*?\n]*?))\s*[;\n]\s*do\b(.*?)\bdone\b", re.DOTALL)
# also in quotes and brackets, as another language's call of the shell has it: os.execute("sleep 5")
_SLEEP = re.compile(
    r"(?:^|[\s/;&|(\"'])(sleep|timeout)\s+(?:-\S+\s+(?:[A-Z]+\s+)?)*[\"']?(\d+(?:\.\d+)?)([smhd]?)(?=[\s;&|)\"']|$)"
)
_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def lasts(name: str) -> Look:
    """ "running" for a container that runs and goes on doing so; else "paused", "exited, exit code 1" and the like, or
    "running, for 5 s only" when its command is no more than a short sleep.

    Waits until a young one has run for a second (of the engine's clock).
    """

    def fetch(lab: Lab) -> str:
        def state() -> str:
            lab.forget()
            now = lab.inspect("container", name)["State"]
            if now["Status"] != "running":
                return f"{now['Status']}, exit code {now['ExitCode']}" if now["Status"] == "exited" else now["Status"]
            old = engine_now(lab.client) - ended.moment(now["StartedAt"])
            return "running" if old >= SETTLED or old < -60 else ""  # a clock that was set back: no waiting for it

        found = lab.wait(state, seconds=3 * SETTLED, every=0.2)
        config = lab.inspect("container", name)["Config"]
        seconds = short([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())])
        if found in ("running", "") and seconds is not None:
            return f"running, for {seconds:g} s only"
        return str(found or "running")

    return Look(fetch, f"docker ps -a --no-trunc --filter name={name}")


def short(command: list[str]) -> float | None:
    """The seconds after which a command ends because its last part is a `sleep` of less than two minutes in all;
    None when it says nothing of the kind, or does it in a loop without a count.
    """
    text = _COUNTED.sub(_written_out, " ".join(command))
    rest = re.sub(r"(?:[;&|\s]+(?:exit\s*\d*|true|:|echo\b[^;&|]*|date))*[;\s]*$", "", text)
    found = list(_SLEEP.finditer(rest))
    if not found or _LOOP.search(text) or re.search(r"[;&|]|\bexec\b", rest[found[-1].end() :]):
        return None
    waits = [(each[1], float(each[2]) * _UNIT[each[3]]) for each in found]
    seconds = min((wait for word, wait in waits if word == "timeout"), default=sum(wait for _, wait in waits))
    return seconds if seconds < LEAST else None


def _written_out(loop: re.Match[str]) -> str:
    """What a counted loop does, as often as it does it; the loop itself where that is very often."""
    times = int(loop[1]) if loop[1] else len(loop[2].split())
    return loop[3] * times if times <= LEAST else loop[0]
