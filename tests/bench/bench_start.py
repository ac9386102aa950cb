"""How long a second `start` takes until JupyterLab answers, beside `jupyter lab` alone: run by hand, pairs in one run.

    .venv/bin/python tests/bench/bench_start.py [ROUNDS]

Root on Linux. Everything happens below a temporary LABSUPPORT_HOME.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def until_it_answers(process: subprocess.Popen[str], stream: object) -> float:
    """Seconds from now until the address the process prints answers."""
    begin = time.perf_counter()
    for line in stream:  # type: ignore[attr-defined]
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\w+", line):
            while True:
                try:
                    with urllib.request.urlopen(found[0], timeout=5) as answer:
                        assert answer.status == 200
                        return time.perf_counter() - begin
                except urllib.error.URLError:
                    time.sleep(0.02)
    raise RuntimeError(f"it ended with {process.wait()} and no address")


def course() -> float:
    argv = [sys.executable, "-m", "labsupport", "start", "--no-browser"]
    with subprocess.Popen(
        argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        seconds = until_it_answers(process, process.stdout)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    return seconds


def jupyter_alone(folder: Path) -> float:
    argv = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"]
    with subprocess.Popen(argv, cwd=folder, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        seconds = until_it_answers(process, process.stderr)
        process.terminate()
        process.wait(60)
    return seconds


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    from labsupport import sandbox

    os.environ["LABSUPPORT_PACKAGES"] = str(sandbox.paths.packages())
    home = Path(tempfile.mkdtemp(prefix="course-bench-"))
    os.environ["LABSUPPORT_HOME"] = str(home)
    try:
        course()
        pairs = [(course(), jupyter_alone(home)) for _ in range(rounds)]
        ratios = [ours / alone for ours, alone in pairs]
        for name, values in (
            ("second start until JupyterLab answers", [pair[0] for pair in pairs]),
            ("jupyter lab alone", [pair[1] for pair in pairs]),
        ):
            print(f"{name:<40} median {statistics.median(values):.2f} s  ({min(values):.2f} to {max(values):.2f})")
        print(f"ratio (goal 1.5) {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
    finally:
        sandbox.purge()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
