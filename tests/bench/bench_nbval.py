"""How long nbval takes for the whole course, and whether any cell is flaky.

    python3 tests/bench/bench_nbval.py [--rounds 10] [--jobs 2] [LESSON ...]

Runs nbval strictly on every notebook of notebooks/solutions/, `rounds` times, in `jobs` processes with a sandbox each,
all below a temporary folder. Prints each lesson's seconds (least, most), the wall-clock time of each round, and every
cell that ever failed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from labsupport import hub, sandbox
from labsupport.lessons import Lesson, find

ROOT = Path(__file__).parents[2]
WORKER = """
import subprocess, sys
from labsupport import sandbox
from labsupport.lessons.place import begin_anew, environment
sb = sandbox.attach()
begin_anew(sb)
sys.exit(subprocess.run(sys.argv[1:], env=environment(sb)).returncode)
"""


def nbval(lesson: Lesson, environment: dict[str, str]) -> tuple[float, list[str]]:
    """Seconds of one run, and the cells that failed in it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval",
        "--nbval-sanitize-with",
        str(ROOT / "tests/nbval-sanitize.cfg"),
    ]
    command += ["--nbval-cell-timeout", "180", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["--rootdir", str(lesson.solution.parent), str(lesson.solution)]
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", WORKER, *command],
        env=environment,
        cwd=lesson.solution.parent,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    failed = re.findall(r"^FAILED (\S+::Cell \d+)", run.stdout, re.MULTILINE)
    if run.returncode and not failed:
        failed = [f"{lesson.name}: {(run.stdout + run.stderr)[-300:]}"]
    if failed:
        print(run.stdout[-3000:], flush=True)
    return seconds, failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", help="numbers of lessons; all by default")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    lessons = [lesson for lesson in find() if not options.lessons or lesson.number in options.lessons]
    os.environ["LABSUPPORT_PACKAGES"] = str(sandbox.paths.packages())
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        homes: SimpleQueue[dict[str, str]] = SimpleQueue()
        for number in range(options.jobs):
            os.environ["LABSUPPORT_HOME"] = f"{folder}/{number}"
            hub.fill(sandbox.start(), print)
            homes.put(dict(os.environ))
        seconds: dict[str, list[float]] = defaultdict(list)
        failures: Counter[str] = Counter()

        def one(lesson: Lesson) -> None:
            home = homes.get()
            took, failed = nbval(lesson, home)
            homes.put(home)
            seconds[lesson.name].append(took)
            failures.update(failed)

        try:
            for number in range(options.rounds):
                start = time.perf_counter()
                with ThreadPoolExecutor(options.jobs) as pool:
                    # the longest first, as far as that is known
                    order = sorted(lessons, key=lambda lesson: -max(seconds[lesson.name], default=0))
                    list(pool.map(one, order))
                print(
                    f"round {number + 1}: {time.perf_counter() - start:.0f} s, {sum(failures.values())} failed",
                    flush=True,
                )
        finally:
            for number in range(options.jobs):
                os.environ["LABSUPPORT_HOME"] = f"{folder}/{number}"
                sandbox.purge()
    for name, took in sorted(seconds.items()):
        print(f"{name:30} {min(took):6.1f} to {max(took):6.1f} s")
    print(f"one after the other {sum(min(took) for took in seconds.values()):.0f} s at best")
    print("cells that failed:", dict(failures) or "none")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
