"""The text of the recorded engines: what a terminal shows."""

from pathlib import Path

import pytest
from test_recorded_engines import ENGINES, Replay

from labsupport.layers.command import layers_command
from labsupport.layers.compare import Difference
from labsupport.layers.container import Change, Writable
from labsupport.layers.text import difference_text, writable_text
from labsupport.oci.writing import File, Recipe, archive, layer, whiteout


@pytest.mark.parametrize("name", ENGINES)
def test_all_images_and_the_tree(name: str) -> None:
    text = layers_command(Replay(name))  # type: ignore[arg-type]
    assert text.splitlines()[0].split() == ["IMAGE", "LAYERS", "SIZE", "SHARED", "ITS", "OWN"]
    assert "stored, " in text and "accounting" in text
    tree = text.split("\n\n")[-1].splitlines()
    assert len(tree) == 3 and tree[1].startswith("├─ ") and tree[2].startswith("└─ ")


def test_one_image_row_by_row() -> None:
    text = layers_command(Replay("engine-20.10-overlay2"), ["app:classic"])  # type: ignore[arg-type]
    lines = text.splitlines()
    deleting = next(line for line in lines if line.endswith("RUN rm /big"))
    assert deleting.split()[1:3] == ["0", "1"]
    assert next(line for line in lines if line.endswith("RUN true")).startswith("no layer")
    assert "inferred" not in text


def test_an_inference_is_marked() -> None:
    text = layers_command(Replay("engine-20.10-overlay2"), ["app:bk"])  # type: ignore[arg-type]
    assert "~no layer" in text and text.splitlines()[-1].startswith("~ inferred")


@pytest.mark.parametrize("name", ENGINES)
def test_the_check(name: str) -> None:
    text = layers_command(Replay(name), check=True)  # type: ignore[arg-type]
    assert "DIFFERENT" not in text and text.count("equal") >= 5


def test_an_archive_with_its_files(tmp_path: Path) -> None:
    layers = [layer([File("secret", b"s" * 2000), File("kept", b"k")]), layer([whiteout("secret")])]
    path = tmp_path / "image.tar"
    path.write_bytes(archive([Recipe("hand:1", layers)]))
    text = layers_command(None, archive=path, files=True)
    assert "hand:1" in text and "2.00 kB of 2.00 kB (100.0 %) no container sees" in text
    assert text.splitlines()[-1].strip().startswith("2.00 kB  /secret  (in layer 1, deleted by layer 2)")


def test_differences() -> None:
    found = [Difference("A", "new", 0, 5000, 2), Difference("M", "x", 10, 20, 1), Difference("m", "y", 7, 7, 1)]
    text = difference_text(found, most=2).splitlines()
    assert text[0] == "1 added, 1 changed, 1 other mode or owner"
    assert text[1] == "A  /new  5.00 kB  (layer 3)" and text[2] == "M  /x  10 B -> 20 B  (layer 2)"
    assert text[3] == "and 1 smaller"
    assert difference_text([]) == "No file differs."


def test_a_container() -> None:
    found = Writable("box", "busybox", (Change("A", "/a", 70), Change("D", "/b", None)), 100)
    assert writable_text(found).splitlines() == [
        "box (of busybox): its own layer holds 100 B",
        "A  /a  70 B",
        "D  /b",
        "30 B more: files copied up unchanged, or whole blocks where the store counts so",
    ]
