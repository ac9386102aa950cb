"""Speed of the layer model, beside what it cannot do without and beside dive, measured side by side in one run.

    python3 tests/bench/bench_layers.py unix:///path/to/a/throwaway/engine.sock [--images 300] [--megabytes 500]

Loads images named bench/... into that engine (once; they stay), and writes one archive to a temporary folder.
Prints ratios: a machine's speed cancels out. Times are the best of several rounds, taken in turns.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from layer_samples import in_batches, many_images

from labsupport.figures.live import picture_data, still
from labsupport.layers.books import books
from labsupport.layers.connection import Connection
from labsupport.layers.engine import Reader
from labsupport.layers.imagefile import read_path
from labsupport.oci.writing import archive

ROUNDS = 5


class Unix(http.client.HTTPConnection):
    """The standard library's client on an engine's socket."""

    def __init__(self, host: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = host.removeprefix("unix://")

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def best(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each call, best of the rounds; the calls take turns."""
    found = [float("inf")] * len(calls)
    for _ in range(rounds):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            found[number] = min(found[number], time.perf_counter() - start)
    return found


def load(host: str, count: int) -> None:
    """Load what is missing."""
    have = {tag for entry in Connection(host).get("/images/json") for tag in entry.get("RepoTags") or ()}
    missing = [recipe for recipe in many_images(count) if recipe.tag not in have]
    for batch in in_batches(missing):
        connection = Unix(host, 600)
        connection.request("POST", "/images/load?quiet=1", archive(batch), {"Content-Type": "application/x-tar"})
        assert connection.getresponse().read() is not None
        connection.close()
    if missing:
        print(f"loaded {len(missing)} images")


def bare(host: str, ids: list[str], threads: int) -> None:
    """The calls the model cannot do without, nothing made of their answers but JSON."""

    def part(mine: list[str]) -> None:
        connection = Unix(host, 60)
        for image_id in mine:
            for what in ("json", "history"):
                connection.request("GET", f"/images/{image_id}/{what}")
                json.loads(connection.getresponse().read())
        connection.close()

    Connection(host).get("/images/json")
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, [ids[start::threads] for start in range(threads)]))


def model(host: str, count: int) -> None:
    load(host, count)
    api = Connection(host)
    ids = [entry["Id"] for entry in api.get("/images/json")]
    mine, one, two = best(
        lambda: Reader(Connection(host)).read(), lambda: bare(host, ids, 1), lambda: bare(host, ids, 2)
    )
    reader = Reader(api)
    store = reader.read()
    deepest = max(len(image.chain) for image in store.images)
    print(f"{len(store.images)} images, {len(store.layers)} layers, at most {deepest} each")
    print(f"model from nothing           {mine:7.3f} s")
    print(f"  bare calls, 2 connections  {two:7.3f} s   model / bare = {mine / two:.2f}   (goal: at most 1.2)")
    print(f"  bare calls, 1 connection   {one:7.3f} s   model / bare = {mine / one:.2f}")
    again, listing = best(lambda: reader.read(), lambda: api.get("/images/json"))
    print(f"model again (nothing new)    {again:7.3f} s   list alone {listing:.3f} s")
    picture, drawn = best(lambda: json.dumps(picture_data(store)), lambda: still(store, "x"))
    first = mine + picture + drawn
    print(f"explorer's first picture     {first:7.3f} s  (read {mine:.3f}, data {picture:.3f}, still {drawn:.3f})")
    usage = api.get("/system/df?type=image")["LayersSize"]
    print(f"books: stored {books(store).stored:,} = engine's LayersSize {usage:,}: {books(store).stored == usage}")


WRITE = """
import sys
from pathlib import Path
from layer_samples import large_image
from labsupport.oci.writing import archive
Path(sys.argv[1]).write_bytes(archive([large_image(int(sys.argv[2]))]))
"""
MEASURED = """
import resource, sys, time
from pathlib import Path
from labsupport.layers.imagefile import read_path
start = time.perf_counter()
image = read_path(Path(sys.argv[1]))
history = image.history(image.only)
print(time.perf_counter() - start, sum(history.waste().values()), history.stored)
"""


def files(megabytes: int) -> None:
    dive = shutil.which("dive") or shutil.which("dive", path=str(Path(sys.executable).parent))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tar"
        # In a process of its own: a child's largest resident set counts what its parent had when it was forked.
        subprocess.run([sys.executable, "-c", WRITE, str(path), str(megabytes)], check=True, cwd=Path(__file__).parent)
        out = Path(folder) / "dive.json"
        ours = [sys.executable, "-c", MEASURED, str(path)]
        theirs = [dive, f"docker-archive://{path}", "--json", str(out)] if dive else None
        figures: dict[str, list[tuple[float, int]]] = {"ours": [], "dive": []}
        for _ in range(3):
            figures["ours"].append(run(ours))
            if theirs:
                figures["dive"].append(run(theirs))
        found = read_path(path)
        history = found.history(found.only)
        print(
            f"{path.stat().st_size / 1e6:.0f} MB archive, {sum(len(one.entries) for one in history.layers):,} entries"
        )
        times = {name: min(one[0] for one in runs) for name, runs in figures.items() if runs}
        memory = {name: min(one[1] for one in runs) for name, runs in figures.items() if runs}
        print(f"ours  {times['ours']:6.2f} s  {memory['ours'] / 1024:6.0f} MiB at most  (all digests checked)")
        if theirs:
            print(f"dive  {times['dive']:6.2f} s  {memory['dive'] / 1024:6.0f} MiB at most")
            print(
                f"ours / dive: time {times['ours'] / times['dive']:.2f}, memory {memory['ours'] / memory['dive']:.2f}"
            )
            found = read_path(path)
            wasted = sum(found.history(found.only).waste().values())
            said = json.loads(out.read_text())["image"]["inefficientBytes"]
            print(f"wasted bytes: ours {wasted:,}, dive {said:,}")


def run(argv: list[str]) -> tuple[float, int]:
    """Seconds and the largest resident set in KiB of a child process."""
    start = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, argv
    child.returncode = 0
    return time.perf_counter() - start, usage.ru_maxrss


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", help="unix://... of an engine to fill; - to measure files only")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    # files first: a child's largest resident set counts what its parent had when it was forked
    if options.megabytes:
        files(options.megabytes)
    if options.engine != "-":
        model(options.engine, options.images)
