"""Cost of `shell.run` over `subprocess.run` of the same command, measured side by side in one run.

    python tests/bench/bench_shell.py [ROUNDS]

Prints medians and their difference; exits 1 when the difference is over 10 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from labsupport import shell

COMMANDS = ("true", "ls /usr/bin", "seq 1 200000", "docker --version")
ALLOWED_MS = 10.0


def bare(command: str) -> None:
    subprocess.run(["/bin/bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def ours(command: str) -> None:
    shell.run(command)


def milliseconds(call, command: str) -> float:
    began = time.perf_counter()
    call(command)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    worst = 0.0
    print(f"{'command':20} {'subprocess.run':>15} {'shell.run':>15} {'difference':>12}   (medians of {rounds}, ms)")
    for command in COMMANDS:
        ours(command)
        pairs = []
        for turn in range(rounds):
            # Side by side, each first in every other turn: a busy machine slows both alike.
            pair = {call: milliseconds(call, command) for call in ((bare, ours) if turn % 2 else (ours, bare))}
            pairs.append((pair[bare], pair[ours]))
        base, with_us = (statistics.median(each) for each in zip(*pairs, strict=True))
        difference = statistics.median(ours_ms - bare_ms for bare_ms, ours_ms in pairs)
        worst = max(worst, difference)
        print(f"{command:20} {base:15.2f} {with_us:15.2f} {difference:12.2f}")
    print(f"worst {worst:.2f} ms, allowed {ALLOWED_MS:.0f} ms")
    return 0 if worst <= ALLOWED_MS else 1


if __name__ == "__main__":
    sys.exit(main())
