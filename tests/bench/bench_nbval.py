"""How long nbval takes for the whole course, and whether any cell is flaky.

    python3 tests/bench/bench_nbval.py [--rounds 10] [--jobs 2] [LESSON ...]

Runs nbval strictly on every notebook of notebooks/solutions/, `rounds` times, in `jobs` processes with a sandbox each,
all below a temporary folder. Prints each lesson's seconds (least, most), the wall-clock time of each round, and every
cell that ever failed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).parents[1]))

from nbval_runs import Place, nbval, place

from labsupport.lessons import Lesson, find


def failed_cells(lesson: Lesson, where: Place) -> list[str]:
    """One run, and the cells that failed in it."""
    run = nbval(lesson.solution, where)
    failed = re.findall(r"^FAILED (\S+::Cell \d+)", run.stdout, re.MULTILINE)
    if run.returncode and not failed:
        failed = [f"{lesson.name}: {(run.stdout + run.stderr)[-300:]}"]
    if failed:
        print(run.stdout[-3000:], flush=True)
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", help="numbers of lessons; all by default")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    lessons = [lesson for lesson in find() if not options.lessons or lesson.number in options.lessons]
    seconds: dict[str, list[float]] = defaultdict(list)
    failures: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder, ExitStack() as places:
        free: SimpleQueue[Place] = SimpleQueue()
        for number in range(options.jobs):
            free.put(places.enter_context(place(Path(folder, str(number)))))

        def one(lesson: Lesson) -> None:
            where = free.get()
            start = time.perf_counter()
            failures.update(failed_cells(lesson, where))
            seconds[lesson.name].append(time.perf_counter() - start)
            free.put(where)

        for number in range(options.rounds):
            start = time.perf_counter()
            with ThreadPoolExecutor(options.jobs) as pool:
                # the longest first, as far as that is known
                list(pool.map(one, sorted(lessons, key=lambda lesson: -max(seconds[lesson.name], default=0))))
            took = time.perf_counter() - start
            print(f"round {number + 1}: {took:.0f} s, {sum(failures.values())} failed", flush=True)
    for name, each in sorted(seconds.items()):
        print(f"{name:30} {min(each):6.1f} to {max(each):6.1f} s")
    print(f"one after the other {sum(min(each) for each in seconds.values()):.0f} s at best")
    print("cells that failed:", dict(failures) or "none")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
