"""How long the sandbox takes, beside what cannot be done without: run by hand, ratios measured side by side in one run.

    .venv/bin/python tests/bench/bench_sandbox.py [ROUNDS]

Rows: engine ready against bare dockerd on the same data; attaching; the first `docker run hello-world`; importing.
Root on Linux. Everything happens below a temporary LABSUPPORT_HOME.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def quiet(line: str) -> None:
    """Nobody watches."""


def timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def row(name: str, values: list[float], against: list[float] | None = None) -> None:
    text = f"{name:<58} median {statistics.median(values):6.3f} s  min {min(values):6.3f}  max {max(values):6.3f}"
    if against:
        pairs = [a / b for a, b in zip(values, against, strict=True)]
        text += f"  ratio {statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})"
    print(text, flush=True)


def bare_dockerd(directory: Path) -> float:
    """The same dockerd on the same data, started by hand in namespaces of its own; seconds until it answers."""
    from labsupport.sandbox import api, state
    from labsupport.sandbox.private import Private

    driver = Private(state.read_settings(directory))
    argv = driver.dockerd()
    host = argv[argv.index("--host") + 1]
    begin = time.perf_counter()
    words = ["unshare", "-n", "-m", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *argv]
    process = subprocess.Popen(words, env=driver._environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not api.answers(host):
        assert process.poll() is None, "bare dockerd ended"
        time.sleep(0.01)
    seconds = time.perf_counter() - begin
    process.terminate()
    process.wait()
    driver.sweep()
    return seconds


def imported(module: str) -> float:
    return timed(lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True, cwd=ROOT))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    from labsupport import hub, sandbox

    os.environ["LABSUPPORT_PACKAGES"] = str(sandbox.paths.packages())
    home = Path(tempfile.mkdtemp(prefix="course-bench-"))
    os.environ["LABSUPPORT_HOME"] = str(home)
    try:
        sb = sandbox.start(quiet)
        hub.fill(sb, quiet)
        sandbox.stop()
        ready, bare, hello = [], [], []
        for _ in range(rounds):
            bare.append(bare_dockerd(sb.directory))
            ready.append(timed(lambda: sandbox.start(quiet)))
            command = "docker rmi -f hello-world >/dev/null 2>&1; exec docker run --rm hello-world"
            hello.append(
                timed(
                    lambda command=command: subprocess.run(
                        command, shell=True, env=sb.environment(), check=True, stdout=subprocess.DEVNULL
                    )
                )
            )
            sandbox.stop()
        row("bare dockerd answers", bare)
        row("sandbox ready: engine and registry answer (goal 1.3)", ready, bare)
        row("first docker run hello-world after start (goal 1 s)", hello)
        sandbox.start(quiet)
        code = "from labsupport import sandbox; sandbox.attach()"
        attach = [
            timed(lambda: subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)) for _ in range(rounds)
        ]
        empty = [timed(lambda: subprocess.run([sys.executable, "-c", "0"], check=True)) for _ in range(rounds)]
        row("attach, a whole python process (goal 0.2 s)", attach)
        row("attach, within a process", [timed(lambda: sandbox.attach()) for _ in range(rounds)])
        row("python that does nothing", empty)
        row("import labsupport, a whole python process (goal 0.15 s)", [imported("labsupport") for _ in range(rounds)])
        sandbox.purge()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
