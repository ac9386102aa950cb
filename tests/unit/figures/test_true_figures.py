"""Figures say what is so: nobody's text is markup, and what is drawn is as long as its number (read back here)."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "layers"))
from test_books import store as small_store

import labsupport.figures
from labsupport.figures import (
    architecture,
    bars,
    cache,
    changes,
    containers,
    content,
    family,
    killmatrix,
    ledger,
    lifecycle,
    live,
    matrix,
    networks,
    panels,
    runtime,
    stacks,
    tree,
    waste,
)  # fmt: skip
from labsupport.figures.lettering import LACKING, legible, visible
from labsupport.figures.style import LIGHT, Picture, png, svg, themed
from labsupport.layers.builds import Build, BuildStep
from labsupport.layers.files import FileHistory
from labsupport.layers.identity import chain_ids
from labsupport.layers.layerfiles import layer_files
from labsupport.layers.model import Image, Step, Store, assemble
from labsupport.layers.tarstream import Entry
from labsupport.sandbox.own.family import Process

BAD = 'printf "$A\\n$B" $(id -u) \\frac{ <b>&"x" 火🚀 \x1b[31m \u202e \udcff %s {0}'


def image(name: str, *layers: tuple[str, int | None]) -> Image:
    """One whose layers are (text, bytes); the text tells them apart."""
    diff_ids = tuple(f"sha256:{abs(hash(text)) % 16**12:064x}" for text, _ in layers)
    chain = chain_ids(diff_ids)
    steps = [
        Step(at, text, size, False, chain_id, "size" if size is not None else "unknown")
        for at, ((text, size), chain_id) in enumerate(zip(layers, chain, strict=True))
    ]
    return Image(f"sha256:{name}", (name,), diff_ids, chain, tuple(steps))


def store(*images: Image) -> Store:
    return assemble(images, BAD[:20] if any("$" in one.name for one in images) else "overlay2")


HOSTILE = store(
    image(BAD, (BAD, 5_000_000), (f"a{BAD}", 10), (f"b{BAD}", 20)), image("two", (BAD, 5_000_000), (f"c{BAD}", 70))
)
PLAIN = store(image("two", ("base", 5_000_000)))
FILES = FileHistory([layer_files([Entry(BAD, "0", 0o644, 0, 0, 5, 0)]), layer_files([])])
ENDS = {BAD: {"IPAddress": BAD}}
HUNG = {"Id": "x", "Name": BAD, "HostConfig": {"NetworkMode": "bridge"}, "NetworkSettings": {"Networks": ENDS}}
LINE = killmatrix.Line("k", BAD, ("alive", BAD), BAD)
BUILDS = [Build(BAD, (BuildStep(1, BAD, False, 1.0),)), Build("b", (BuildStep(1, f"x{BAD}", True),))]
WAY = networks.Way(BAD, ((BAD, BAD), ("there", BAD)), 1)
PICTURES: dict[str, Callable[[], Picture]] = {
    "architecture": lambda: architecture.architecture(
        [architecture.Station("dockerd", 1, 0, BAD, "/a/" + BAD), architecture.Station("container", 2, 1, BAD)],
        {BAD: 1}, BAD, BAD,
    ),
    "bars": lambda: bars.bars([bars.Bar(BAD, 1.0, BAD), bars.Bar("b", 2.0, highlight=True)], BAD, axis=BAD),
    "cache": lambda: cache.cache(BUILDS, BAD),
    "cache of one": lambda: cache.cache(BUILDS[:1], BAD),
    "changes": lambda: changes.changes(PLAIN, HOSTILE, BAD),
    "containers": lambda: containers.containers(BAD, [containers.Box(BAD, BAD)], [containers.Box(BAD, 3)], BAD),
    "content": lambda: content.picture([content.Blob("layer", 2, "sha256:" + BAD, 3, BAD, [])], BAD),
    "family": lambda: family.family([Process(1, 0, BAD), Process(2, 1, "b")], BAD, {1: BAD}),
    "killmatrix": lambda: killmatrix.killmatrix([LINE], {"k": f"{BAD}, dead"}, (BAD, "b"), BAD),
    "ledger": lambda: ledger.ledger(HOSTILE, removed=HOSTILE.images),
    "lifecycle": lambda: lifecycle.lifecycle([], BAD),
    "matrix": lambda: matrix.matrix(HOSTILE, BAD),
    "networks": lambda: networks.networks([HUNG], BAD),
    "networks.ways": lambda: networks.ways([WAY], BAD),
    "panels": lambda: panels.panels([BAD, "b"], [panels.Panel(BAD, [1.0, 2.0])], BAD),
    "runtime": lambda: runtime.runtime_states([(BAD, BAD)], BAD),
    "stacks": lambda: stacks.stacks(HOSTILE, BAD),
    "stacks of many": lambda: stacks.stacks(store(*(image(f"{n}{BAD}", (BAD, 9)) for n in range(12))), BAD),
    "tree": lambda: tree.tree(HOSTILE, BAD),
    "waste": lambda: waste.waste(FILES, [BAD, BAD], BAD),
}  # fmt: skip


def test_every_function_that_makes_a_picture_is_among_them() -> None:
    folder = Path(labsupport.figures.__file__).parent
    made = set()
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(0)) == "Picture":
                made.add(path.stem)
    assert made == {name.split()[0].split(".")[0] for name in PICTURES}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


OURS = {"figure", "style", "img", "figcaption", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
OURS |= {"p", "div", "svg", "title", "rect", "path", "text", "pattern"}


@pytest.mark.parametrize("name", PICTURES)
def test_no_text_of_a_learner_is_markup(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's for a letter that its font lacks
        picture = PICTURES[name]()
        html = picture.as_html()
        for line in (html, picture.as_text(), repr(picture), svg(picture.draw, LIGHT, picture.alt).decode()):
            line.encode()  # no byte that is no text
            assert not re.search("[\x00-\x08\x0e-\x1f\x7f\u202e]", line)
    parser = _Tags()
    parser.feed(html)
    assert parser.tags <= OURS
    with themed(LIGHT):
        figure = picture.draw(LIGHT)
        texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    assert not any(text.get_parse_math() or text.get_usetex() for text in texts)


def test_the_still_picture_of_the_explorer_is_no_markup_either() -> None:
    html = live.still(HOSTILE, "x")
    html.encode()
    parser = _Tags()
    parser.feed(html)
    assert parser.tags <= OURS and "\x1b" not in html


def test_a_letter_that_the_font_lacks_is_said_to_be_lacking() -> None:
    picture = bars.bars([bars.Bar("火 ok", 1.0)], "Title")
    assert LACKING in picture.as_html() and "火 ok" in picture.as_html(), "the table has it"
    with themed(LIGHT):
        figure = picture.draw(LIGHT)
        lacking = legible(figure)
        figure.canvas.draw()
        assert lacking == {"火"}
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [f"{LACKING} ok"]
    assert LACKING not in bars.bars([bars.Bar("größer…", 1.0)], "Title").as_html()


@pytest.mark.parametrize(
    "text, seen", [("a\x1b[0m", "a\\e[0m"), ("\udce9t\udcc3", "\\xe9t\\xc3"), ("\u202ea", "\\u202ea"), ("é\n", "é\n")]
)
def test_what_is_not_to_be_obeyed_is_shown(text: str, seen: str) -> None:
    assert visible(text) == seen


layers = st.lists(
    st.one_of(st.none(), st.integers(0, 40), st.integers(1, 2_000), st.integers(10**5, 10**9)), min_size=0, max_size=6
)


@st.composite
def stores(draw: Any) -> Store:
    """Images on a few common beginnings, with layers from 0 bytes to 1 GB, a size in ten not known."""
    bases = draw(st.lists(layers, min_size=1, max_size=3))
    made = []
    for number in range(draw(st.integers(1, 12))):
        base = draw(st.integers(0, len(bases) - 1))
        below = [(f"base {base} {at}", size) for at, size in enumerate(bases[base][: draw(st.integers(0, 6))])]
        own = [(f"own {number} {at}", size) for at, size in enumerate(draw(layers))]
        made.append(image(f"i{number}", *below, *own))
    return assemble(made, "overlay2")


Lengths = list[tuple[int, int, int]]


def expected(given: Store) -> dict[int, list[tuple[float, float]]]:
    """For each column of the picture, where each layer's bytes begin and end."""
    found = {}
    for column, one in enumerate(given.ordered()):
        ends = list(itertools.accumulate((layer.size or 0 for layer in given.path(one)), initial=0))
        found[column] = list(itertools.pairwise(ends))
    return found


def boxes_of(figure: Figure, count: int, upright: bool) -> dict[int, list[tuple[float, float]]]:
    """The boxes of each column as they are drawn, in data units; touching and overlapping ones are checked here."""
    found: dict[int, list[tuple[float, float]]] = {column: [] for column in range(count)}
    (axes,) = figure.axes
    for collection in axes.collections:
        if isinstance(collection, PolyCollection) and collection.get_gid() != "stripes":
            for path in collection.get_paths():
                points = path.vertices if upright else path.vertices[:, ::-1]
                (left, start), (right, end) = points.min(axis=0), points.max(axis=0)
                for column in range(count):
                    if left < column < right:
                        found[column].append((start, end))
    return {column: sorted(spans) for column, spans in found.items()}


@settings(max_examples=20, deadline=None)
@given(stores())
def test_what_is_drawn_is_as_long_as_its_bytes(given: Store) -> None:
    """No box is longer or shorter than the layers it stands for, and none is where other bytes are."""
    upright = len(given.images) <= 8
    with themed(LIGHT):
        figure = stacks.stacks(given).draw(LIGHT)
    true = expected(given)
    tallest = max((spans[-1][1] for spans in true.values() if spans), default=0)
    drawn = boxes_of(figure, len(given.images), upright)
    for column, spans in true.items():
        edges = {edge for span in spans for edge in span}
        covered = 0.0
        for (start, end), following in itertools.zip_longest(drawn[column], drawn[column][1:]):
            assert {start, end} <= edges, "a box begins and ends where a layer does"
            assert following is None or end <= following[0], "no two boxes over one byte"
            covered += end - start
        total = spans[-1][1] if spans else 0
        thin = [end - start for start, end in spans]
        missing = total - covered
        assert 0 <= missing <= sum(length for length in thin if length < 0.012 * tallest), "only lines are left out"
        for start, end in spans:
            if end - start > 0.02 * tallest:
                assert (start, end) in drawn[column], "a layer that is not small has a box of its own"
    lines = sum(
        len(collection.get_segments())
        for collection in figure.axes[0].collections
        if isinstance(collection, LineCollection) and collection.get_gid() == "unknown"
    )
    assert lines == sum(layer.size is None for layer in given.layers.values() if layer.chain_id in given.users)
    words = " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    assert ("at least" in words) == (lines > 0 and len(given.images) <= 12)


@settings(max_examples=20, deadline=None)
@given(stores())
def test_the_still_picture_is_true_to_scale(given: Store) -> None:
    html = live.still(given, "x", most=100)
    found = re.findall(r'<rect class="[so]" x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="(\d+)">', html)
    true = expected(given)
    tallest = max((spans[-1][1] for spans in true.values() if spans), default=0) or 1
    scale = (live._WIDTH - live._NAMES - 90) / tallest
    for x, y, width, height in found:
        column = int(y) // live._ROW
        assert (int(height) + 4) % live._ROW == 0
        edges = [live._NAMES + edge * scale for span in true[column] for edge in span]
        assert min(abs(float(x) - edge) for edge in edges) < 0.02
        assert min(abs(float(x) + float(width) - edge) for edge in edges) < 0.02
    for column, spans in true.items():
        mine = sum(float(width) for _, y, width, high in found if int(y) <= column * live._ROW + 2 < int(y) + int(high))
        assert abs(mine - sum(end - start for start, end in spans) * scale) < 0.02 * (len(spans) + 1)


def test_bars_are_as_long_as_their_numbers() -> None:
    hidden = FileHistory(
        [
            layer_files([Entry("a", "0", 0o644, 0, 0, 5, 0, "", "1"), Entry("b", "0", 0o644, 0, 0, 995, 0, "", "2")]),
            layer_files([Entry("b", "0", 0o644, 0, 0, 3, 0, "", "3")]),
            layer_files([]),
        ]
    )
    with themed(LIGHT):
        wasted = waste.waste(hidden, ["COPY a b", "COPY b", "RUN true"]).draw(LIGHT).axes[0]
        counted = bars.bars([bars.Bar("x", 3.0), bars.Bar("y", 1000.0)], "t").draw(LIGHT).axes[0]
        measured = panels.panels(["a", "b"], [panels.Panel("p", [0.0, 7.0])], "t").draw(LIGHT).axes[0]
    assert sorted(patch.get_width() for patch in wasted.patches) == [0, 3, 5, 995]  # type: ignore[attr-defined]
    assert sorted(patch.get_width() for patch in counted.patches) == [3, 1000]  # type: ignore[attr-defined]
    assert sorted(patch.get_width() for patch in measured.patches) == [0, 7]  # type: ignore[attr-defined]
    assert counted.get_xlim()[0] == wasted.get_xlim()[0] == 0


@settings(max_examples=20, deadline=None)
@given(stores(), st.integers(1, 9))
def test_what_the_tree_leaves_out_is_told_with_its_bytes(given: Store, most: int) -> None:
    rows = tree.branches(given)
    shown = tree._largest(rows, most) if len(rows) > most else rows
    ends = {row.last for row in shown}
    left = [row for row in rows if row.last not in ends]
    picture = tree.tree(given, most=most)
    assert len(shown) <= most
    if left:
        assert f"the largest {tree.size(max(map(tree.weight, left)))}." in picture.caption
        heavy = max(rows, key=lambda row: (tree.weight(row), row.users))
        assert heavy.last in ends or heavy.depth >= most, "the largest is drawn unless its parents leave no room"
    else:
        assert not picture.caption


def test_a_thin_shared_layer_is_seen_among_shared_ones() -> None:
    """Pixels: at the line of a small layer between two large shared ones, neither the box's hue nor the ground's."""
    wide = store(*(image(n, ("base", 10**8), ("tiny", 50), ("big", 10**8), (f"own {n}", 10**6)) for n in "abcdef"))
    with themed(LIGHT):
        figure = stacks.stacks(wide).draw(LIGHT)
    lines = {c.get_gid(): c for c in figure.axes[0].collections if isinstance(c, LineCollection)}
    (segment,) = [one for one in lines["line"].get_segments() if one[0][1] == 10**8]
    assert segment[1][0] - segment[0][0] > 5, "over all six images"
    from matplotlib.colors import to_hex

    assert to_hex(lines["line"].get_colors()[0]) == LIGHT.ink


def test_the_matrix_calls_its_halves_what_they_are() -> None:
    few, many = (
        matrix.matrix(small_store(("a", "ab"), ("b", "ac"))),
        matrix.matrix(small_store(*((f"i{n}", "a" + "bcdef"[n % 5]) for n in range(20)))),
    )
    assert "Below: layers" in few.caption
    assert "layers" not in many.caption and "same above and below" in many.caption


def test_the_drawings_are_made_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert png(stacks.stacks(HOSTILE).draw, LIGHT)
