"""Speed of the layer model, beside what it cannot do without, measured side by side in one run.

    python3 tests/bench/bench_layers.py unix:///path/to/a/throwaway/engine.sock [--images 300]

Loads images named bench/... into that engine (once; they stay). Prints ratios: a machine's speed cancels out. Times are
the medians of several rounds, taken in turns. bench_layer_files.py measures the files of an archive.
"""

from __future__ import annotations

import argparse
import json
import statistics
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
from labsupport.layers.cache import LayerCache
from labsupport.layers.connection import Connection
from labsupport.layers.engine import Reader
from labsupport.layers.finding import find
from labsupport.layers.kept import files_of
from labsupport.oci.writing import archive
from labsupport.sandbox.unixhttp import UnixConnection

ROUNDS = 5


def medians(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each call, median of the rounds; the calls take turns."""
    found: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            found[number].append(time.perf_counter() - start)
    return [statistics.median(each) for each in found]


def load(host: str, count: int) -> None:
    """Load what is missing."""
    have = {tag for entry in Connection(host).get("/images/json") for tag in entry.get("RepoTags") or ()}
    missing = [recipe for recipe in many_images(count) if recipe.tag not in have]
    for batch in in_batches(missing):
        connection = UnixConnection(host.removeprefix("unix://"), 600)
        connection.request("POST", "/images/load?quiet=1", archive(batch), {"Content-Type": "application/x-tar"})
        assert connection.getresponse().read() is not None
        connection.close()
    if missing:
        print(f"loaded {len(missing)} images")


def bare(host: str, ids: list[str], threads: int) -> None:
    """The calls the model cannot do without, nothing made of their answers but JSON."""

    def part(mine: list[str]) -> None:
        connection = UnixConnection(host.removeprefix("unix://"), 60)
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
    mine, one, two = medians(
        lambda: Reader(Connection(host)).read(), lambda: bare(host, ids, 1), lambda: bare(host, ids, 2)
    )
    reader = Reader(api)
    store = reader.read()
    deepest = max(len(image.chain) for image in store.images)
    print(f"{len(store.images)} images, {len(store.layers)} layers, at most {deepest} each")
    print(f"model from nothing           {mine:7.3f} s")
    print(f"  bare calls, 2 connections  {two:7.3f} s   model / bare = {mine / two:.2f}   (goal: at most 1.1)")
    print(f"  bare calls, 1 connection   {one:7.3f} s   model / bare = {mine / one:.2f}")
    again, listing = medians(lambda: reader.read(), lambda: api.get("/images/json"))
    print(f"model again (nothing new)    {again:7.3f} s   list alone {listing:.3f} s")
    picture, drawn = medians(lambda: json.dumps(picture_data(store)), lambda: still(store, "x"))
    first = mine + picture + drawn
    print(f"explorer's first picture     {first:7.3f} s  (read {mine:.3f}, data {picture:.3f}, still {drawn:.3f})")
    usage = api.get("/system/df?type=image")["LayersSize"]
    print(f"books: stored {books(store).stored:,} = engine's LayersSize {usage:,}: {books(store).stored == usage}")


def search(host: str) -> None:
    """A path in all images: with nothing kept, with the layers on disk, with them in memory."""
    with tempfile.TemporaryDirectory() as folder:
        cache = LayerCache(Path(folder) / "layers")
        for what in ("nothing kept", "kept on disk"):
            reader = Reader(Connection(host))
            start = time.perf_counter()
            images = reader.read().images
            files, _ = files_of(reader, images, cache=cache)
            count = len(find(images, files, "f1"))
            print(f"search, {what:15}      {time.perf_counter() - start:7.3f} s  ({count} found)")
        (again,) = medians(lambda: find(images, files, "f1"))
        print(f"search, in memory            {again:7.3f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", help="unix://... of an engine to fill")
    parser.add_argument("--images", type=int, default=300)
    options = parser.parse_args()
    model(options.engine, options.images)
    search(options.engine)
