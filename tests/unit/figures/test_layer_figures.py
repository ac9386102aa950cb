"""Every figure has an alternative text that states its finding, its numbers as a table, and both drawings."""

import base64
import importlib
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "layers"))
from test_books import store
from test_compare import history

from labsupport.figures.bars import Bar, bars, seconds
from labsupport.figures.layout import layout
from labsupport.figures.style import DARK, LIGHT, Picture, Table, Theme, png
from labsupport.layers.books import books
from labsupport.layers.builds import Build, BuildStep
from labsupport.oci.writing import File, whiteout

THREE = store(("base", "ab"), ("one", "abc"), ("two", "abde"))
MANY = store(*((f"i{number}", "ab"[: 1 + number % 2] + "cdef"[: number % 5]) for number in range(40)))


def figure(name: str) -> Callable[..., Picture]:
    found: Callable[..., Picture] = getattr(importlib.import_module(f"labsupport.figures.{name}"), name)
    return found


FILES = history([File("a", b"x" * 100), File("b", b"y" * 50)], [whiteout("a"), File("b", b"z" * 50)])
BUILD = Build("second", (BuildStep(1, "FROM base", True), BuildStep(2, "COPY src", False, 0.2)))
PICTURES = {
    "stacks": lambda: figure("stacks")(THREE),
    "stacks of many": lambda: figure("stacks")(MANY),
    "tree": lambda: figure("tree")(THREE),
    "tree cut": lambda: figure("tree")(MANY, most=5),
    "matrix": lambda: figure("matrix")(THREE),
    "matrix of many": lambda: figure("matrix")(MANY),
    "ledger": lambda: figure("ledger")(THREE, removed=THREE.images[:2]),
    "waste": lambda: figure("waste")(FILES, ["COPY . /", "RUN rm /a"]),
    "cache": lambda: figure("cache")([BUILD, BUILD]),
    "changes": lambda: figure("changes")(THREE.subset(THREE.images[:2]), THREE),
    "nothing": lambda: figure("stacks")(store()),
}


@pytest.mark.parametrize("name", PICTURES)
def test_each_figure_is_complete(name: str) -> None:
    picture = PICTURES[name]()
    html = picture.as_html()
    images = re.findall(
        r'<img class="course-(\w+)" width="(\d+)" alt="([^"]+)"( hidden="hidden")? src="data:image/png;base64,', html
    )
    assert [(theme, bool(hidden)) for theme, _, _, hidden in images] == [("light", False), ("dark", True)]
    assert all(100 < int(width) <= 1000 for _, width, _, _ in images)
    assert len(picture.alt) > 30 and picture.alt.endswith(".")
    assert "<table>" in html or name == "nothing"
    assert picture.as_text().startswith(picture.alt)


def test_the_findings_are_in_the_words() -> None:
    assert "3 images" in PICTURES["stacks"]().alt and "2 of them shared" in PICTURES["stacks"]().alt
    assert "first miss: COPY src" in PICTURES["cache"]().alt
    assert "100 B deleted later" in PICTURES["waste"]().alt and "50 B overwritten later" in PICTURES["waste"]().alt
    assert "new: two:latest" in PICTURES["changes"]().alt


def test_the_same_data_gives_the_same_bytes() -> None:
    draw = PICTURES["stacks"]().draw
    assert png(draw, LIGHT) == png(draw, LIGHT)
    assert png(draw, LIGHT) != png(draw, DARK)


def test_the_area_drawn_is_the_bytes_stored() -> None:
    plan = layout(THREE, small=0)
    assert sum(band.height for band in plan.bands) == books(THREE).stored
    assert sum(band.height * band.users for band in plan.bands) == books(THREE).pulled_separately
    assert len(plan.bands) == len(THREE.layers), "in tree order every layer is one box"


def test_small_layers_of_the_same_images_are_one_band_and_no_larger_for_it() -> None:
    plan = layout(store(("one", "abcdef"), ("two", "abcdeb")), small=0.2)
    assert [(len(band.layers), band.height, band.users) for band in plan.bands] == [
        (4, 100, 2), (1, 50, 2), (1, 60, 1), (1, 20, 1),
    ]  # fmt: skip
    marked = plan.bands[0].layers[1].chain_id
    apart = layout(store(("one", "abcdef"), ("two", "abcdeb")), small=0.2, apart={marked})
    assert [len(band.layers) for band in apart.bands][:3] == [1, 1, 2]


def test_a_figure_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="alternative text"):
        Picture(PICTURES["stacks"]().draw, " ", Table((), ()))


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_contrast(theme: Theme) -> None:
    """WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for what must be seen (1.4.11)."""
    assert _contrast(theme.ink, theme.ground) >= 7
    assert _contrast(theme.quiet, theme.ground) >= 4.5
    for hue in theme.hues:
        assert _contrast(hue, theme.ground) >= 3
        assert _contrast(theme.ink, theme.tint(hue, 0.35)) >= 4.5
    assert _contrast(theme.on_hue, theme.first) >= 4.5


def test_bars_print_their_numbers() -> None:
    picture = bars([Bar("container", 0.31, "warm"), Bar("vm", 2.5), Bar("hand", 125)], "Time")
    assert picture.alt == "Time. container: 310 ms warm; vm: 2.5 s; hand: 2 min 5 s."
    assert "2 min 5 s" in picture.as_html()


@pytest.mark.parametrize("value, text", [(0, "0 ms"), (0.9996, "1.0 s"), (99.99, "1 min 40 s"), (60, "60.0 s")])
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


def test_saved_files_are_what_they_are_called(tmp_path: Path) -> None:
    picture = PICTURES["tree"]()
    picture.save(tmp_path / "t.png")
    picture.save(tmp_path / "t.svg")
    head = (tmp_path / "t.png").read_bytes()
    assert head[:4] == b"\x89PNG" and struct.unpack(">I", head[16:20])[0] > 300
    assert picture.alt.split(".")[0].encode() in (tmp_path / "t.svg").read_bytes()


def test_html_carries_real_images() -> None:
    encoded = re.findall(r"base64,([^\"]+)", PICTURES["matrix"]().as_html())
    assert all(base64.b64decode(text)[:4] == b"\x89PNG" for text in encoded)


def test_the_words_survive_nbconvert() -> None:
    """nbconvert drops the alternative text of a plain PNG output; ours is HTML for that reason."""
    import nbformat
    from nbconvert import HTMLExporter

    picture = PICTURES["stacks"]()
    output = nbformat.v4.new_output("display_data", {"text/html": picture.as_html(), "text/plain": picture.as_text()})
    cell = nbformat.v4.new_code_cell("layers.show()", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert f'alt="{picture.alt}"' in page and "<details>" in page
    assert "No description has been provided" not in page
