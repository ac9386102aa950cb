"""The explorer in a headless Chromium: on a page of our own, and in JupyterLab with a real engine."""

import json
import sys
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
_NEAR = ("unit/layers", "unit/figures", "recorded/layers")
sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in _NEAR)]
pytest.importorskip("playwright.sync_api")
from explorer_page import CHROMIUM, as_json, browser_page, put_explorer  # noqa: E402
from jupyter_page import jupyter_lab, open_notebook, run_all, write_notebook  # noqa: E402
from playwright.sync_api import Page  # noqa: E402
from test_books import store  # noqa: E402
from test_recorded_engines import Replay  # noqa: E402

from labsupport.figures.live import image_details, still  # noqa: E402
from labsupport.layers.engine import Reader  # noqa: E402
from labsupport.layers.identity import short  # noqa: E402
from labsupport.layers.model import Image, Store  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser_page(viewport={"width": 1000, "height": 560}) as page:
        yield page


@pytest.fixture
def real() -> Store:
    return Reader(Replay("engine-20.10-overlay2")).read(exact=True)  # type: ignore[arg-type]


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


READ_BACK = """() => [...document.querySelectorAll('.lx-layer')].map((node) => {
  const box = node.getBoundingClientRect(), rows = document.querySelector('.lx-rows').getBoundingClientRect();
  return { title: node.title, kind: node.className, left: box.left - rows.left, wide: box.width,
    first: Math.round((box.top - rows.top - 2) / 24), last: Math.round((box.bottom - rows.top + 2) / 24) - 1 };
})"""


def true_spans(made: Store, order: list[Image]) -> list[list[tuple[int, int]]]:
    """For each row, where the bytes of each of its layers begin and end."""
    ends = [list(accumulate((layer.size or 0 for layer in made.path(one)), initial=0)) for one in order]
    return [list(pairwise(row)) for row in ends]


def check_lengths(page: Page, made: Store, order: list[Image], origin: int = 0) -> float:
    """Read back every box: it begins and ends where bytes do, and all bytes are covered. Returns pixels a byte."""
    rows = true_spans(made, order)
    drawn = page.evaluate(READ_BACK)
    ticks = page.evaluate(
        "[...document.querySelectorAll('.lx-axis span')].map((n) => [n.textContent, parseFloat(n.style.left)])"
    )
    names = min(box["left"] for box in drawn if box["left"] >= 0)
    longest = max(row[-1][1] for row in rows if row) - origin
    right = max(box["left"] + box["wide"] for box in drawn)
    scale = (right - names) / longest
    assert ticks, "a scale of bytes above the rows"
    for number, row in enumerate(rows):
        edges = [names + max(0, edge - origin) * scale for span in row for edge in span]
        mine = [box for box in drawn if box["first"] <= number <= box["last"]]
        for box in mine:
            assert min(abs(box["left"] - edge) for edge in edges) < 1.1, box
            if "lx-line" not in box["kind"]:
                assert min(abs(box["left"] + box["wide"] - edge) for edge in edges) < 1.1, box
            else:
                assert box["wide"] <= 2
        boxed = sum(box["wide"] for box in mine if "lx-line" not in box["kind"])
        thin = sum("lx-line" in box["kind"] for box in mine)
        true = (row[-1][1] - origin) * scale if row else 0
        assert abs(boxed - true) <= 2 * thin + 1.5, (number, boxed, true)
    return scale


def uneven() -> Store:
    """Layers of 0 bytes to 200 MB on shared beginnings, and runs of small ones."""
    from test_true_figures import image
    from test_true_figures import store as made

    base = [("base", 200_000_000), *((f"small {n}", 2_000_000 * n) for n in range(5)), ("tools", 100_000_000)]
    return made(
        image("registry.example/a-long-team-name/service-one:1.0", *base, ("app", 20_000), ("empty", 0)),
        image("two:1", *base, ("own two", 2_000_000), ("big", 90_000_000)),
        image("three:1", *base[:4], ("other", 40_000_000), ("none", None), ("last", 5)),
        image("alone:1", ("single", 3_000_000), ("x", 1), ("y", 2), ("z", 3)),
    )


@pytest.mark.parametrize("width", ["300px", "700px", "none"])
def test_lengths_read_back_are_the_bytes(chromium: Page, width: str) -> None:
    made = uneven()
    put_explorer(chromium, made, width=width)
    everything = list(made.ordered())
    scale = check_lengths(chromium, made, everything)
    assert chromium.locator(".lx-run").count() >= 1, "a run of small layers is one striped box"
    assert any("lx-unknown" in box["kind"] for box in chromium.evaluate(READ_BACK))
    assert "at least 246 MB" in chromium.inner_text(".lx-rows")
    chromium.fill('.lx-bar input[placeholder="part of a name"]', "ALONE")
    assert texts(chromium, ".lx-name span")[0].startswith("alo")
    alone = [one for one in everything if one.name == "alone:1"]
    assert check_lengths(chromium, made, alone) > scale * 50, "drawn to the scale of what is shown"
    assert not chromium.evaluate("document.documentElement.scrollWidth > innerWidth"), "nothing runs out at the right"


def test_sorted_filtered_and_in_families(chromium: Page) -> None:
    made = uneven()
    put_explorer(chromium, made)
    names = [one.name for one in made.ordered()]
    shown = "[...document.querySelectorAll('.lx-name span')].map((n) => n.title)"
    assert chromium.evaluate(shown) == names
    by_size = sorted(made.images, key=lambda one: -sum(layer.size or 0 for layer in made.path(one)))
    chromium.select_option(".lx-bar select", "size")
    assert chromium.evaluate(shown) == [one.name for one in by_size]
    check_lengths(chromium, made, by_size)
    chromium.select_option(".lx-bar select", "own")
    own = {
        one.name: sum(layer.size or 0 for layer in made.path(one) if len(made.users[layer.chain_id]) == 1)
        for one in made.images
    }
    assert chromium.evaluate(shown) == sorted(names, key=lambda name: -own[name])
    chromium.select_option(".lx-bar select", "family")
    chromium.click('.lx-layer[title^="tools"]')
    chromium.click("button:has-text('Only these 2 images')")
    assert len(chromium.evaluate(shown)) == 2
    assert focused(chromium).startswith("Layer: tools")
    family = [one for one in made.ordered() if any("tools" in layer.created_by for layer in made.path(one))]
    check_lengths(chromium, made, family)
    chromium.click("text=without what all share")
    shared = sum(layer.size or 0 for layer in made.path(family[0])[:7])
    check_lengths(chromium, made, family, origin=shared)
    chromium.click("button:has-text('All 4 images')")
    assert len(chromium.evaluate(shown)) == 4
    chromium.fill('.lx-bar input[placeholder="part of a name"]', "nobody")
    assert chromium.locator(".lx-name").count() == 0 and chromium.locator(".lx-none").count() == 1


def test_a_name_that_is_cut_is_told_whole(chromium: Page) -> None:
    put_explorer(chromium, uneven(), width="300px")
    name = "registry.example/a-long-team-name/service-one:1.0"
    cut = chromium.locator(f'.lx-name span[title="{name}"]')
    assert "…" in cut.inner_text() and cut.inner_text().endswith(".0")
    whole = chromium.locator(".lx-whole")
    assert not whole.is_visible()
    cut.hover()
    assert whole.inner_text() == name
    chromium.mouse.move(0, 0)
    cut.focus()
    assert whole.is_visible() and whole.inner_text() == name


def test_a_striped_box_tells_its_layers(chromium: Page) -> None:
    put_explorer(chromium, uneven())
    chromium.locator(".lx-run").first.click()
    told = chromium.inner_text(".lx-details")
    assert "small layers" in told
    chromium.click(".lx-details button >> nth=1")
    assert "chain id" in chromium.inner_text(".lx-details")


def test_an_idle_explorer_does_nothing(chromium: Page, real: Store) -> None:
    """The same images again, in another order, are no change: nothing is drawn or read aloud, and errors stay."""
    put_explorer(chromium, real)
    drawn = chromium.get_attribute(".lx", "data-drawn")
    chromium.evaluate("(text) => model.tell({ problem: text })", "The engine refused (HTTP 500).")
    chromium.evaluate(
        """() => { window.said = []; new MutationObserver((all) => said.push(...all.map((one) => one.target)))
        .observe(document.querySelector('.lx'), { subtree: true, childList: true, characterData: true }); }"""
    )
    again = Store(tuple(reversed(real.images)), real.layers, real.accounting)
    for _ in range(3):
        chromium.evaluate("(text) => model.set('picture', text)", as_json(again))
        chromium.evaluate("model.set('status', '3 images.')")
    assert chromium.evaluate("said.length") == 0
    assert chromium.get_attribute(".lx", "data-drawn") == drawn
    assert "HTTP 500" in chromium.inner_text(".lx-trouble[role=alert]")


def test_what_could_not_be_read_stays_beside_the_rest(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.evaluate("(told) => model.set('unread', told)", json.dumps([["bad:1", "<b>no</b> such blob"], ["x", "y"]]))
    chromium.evaluate("(told) => model.tell(told)", {"found": [], "count": 0, "path": "/x"})
    chromium.evaluate("model.set('status', 'other')")
    told = chromium.inner_text(".lx-trouble:not([role])")
    assert "2 could not be read" in told and "bad:1: <b>no</b> such blob" in told
    assert len(texts(chromium, ".lx-name span")) == 3


def tree_row(path: str, kind: str = "file", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": path.rpartition("/")[2], "path": path, "kind": kind, "change": "A", "size": 10}
    return row | {"files": 1, "mode": "0644", "owner": "0:0", "link": "", "fate": ""} | more


def test_files_are_a_tree_for_hands_and_keys(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.click('.lx-layer[title^="COPY dir"]')
    chromium.click("text=Show its files")
    sent = chromium.evaluate("sent[sent.length - 1]")
    assert (sent["ask"], sent["folder"], sent["start"], sent["changes"]) == ("files", "", 0, True)
    answer = {"layer": sent["layer"], "folder": "", "wanted": "", "start": 0, "count": 400_000, "summary": "All files."}
    files = [tree_row("usr", "folder", size=5000, files=7), tree_row("<b>x", change="D")]
    chromium.evaluate("(told) => model.tell(told)", {**answer, "files": files})
    assert "<b>x" in chromium.inner_text(".lx-files"), "a hostile name stays text"
    assert "2 of 400,000 are shown" in chromium.inner_text(".lx-more")
    chromium.click(".lx-more button")
    assert chromium.evaluate("sent[sent.length - 1].start") == 2
    chromium.evaluate("(told) => model.tell(told)", {**answer, "files": [tree_row("z")], "start": 2, "count": 3})
    assert chromium.locator(".lx-tree li[role=treeitem]").count() == 3
    assert chromium.locator(".lx-more").count() == 0
    chromium.locator("li[data-folder=usr]").focus()
    chromium.keyboard.press("ArrowRight")
    assert chromium.evaluate("sent[sent.length - 1].folder") == "usr"
    told = {**answer, "folder": "usr", "count": 1, "files": [tree_row("usr/bin", "folder", change="")]}
    chromium.evaluate("(told) => model.tell(told)", told)
    chromium.keyboard.press("ArrowDown")
    assert focused(chromium).startswith("bin/, 10 B")
    assert chromium.evaluate("document.activeElement.getAttribute('aria-level')") == "2"
    chromium.keyboard.press("ArrowLeft")
    chromium.keyboard.press("ArrowLeft")
    assert chromium.get_attribute("li[data-folder=usr]", "aria-expanded") == "false"
    chromium.fill(".lx-files input[type=search]", "conf")
    chromium.wait_for_function("sent[sent.length - 1].wanted === 'conf'")
    found = {**answer, "wanted": "conf", "files": [tree_row("etc/x.conf")], "count": 684}
    chromium.evaluate("(told) => model.tell(told)", found)
    assert "The first 1 of 684 paths with “conf”." in chromium.inner_text(".lx-files")
    assert texts(chromium, ".lx-path") == ["/etc/x.conf"]


def test_a_click_on_a_layer_tells_all_about_it(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.click('.lx-layer[title^="COPY dir"]')
    told = chromium.inner_text(".lx-details")
    assert "1,982,410 bytes" in told and "3: " in told and "app:classic" in told and "030e49a811f7" in told
    assert len(texts(chromium, ".lx-user")) == 3
    chromium.click("text=Show its files")
    sent = chromium.evaluate("sent[sent.length - 1]")
    assert sent["ask"] == "files" and sent["layer"].startswith("030e49a8")


def test_by_keyboard_alone(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.click(".lx form input")
    for _ in range(8):
        chromium.keyboard.press("Tab")
        if focused(chromium).startswith("Image "):
            break
    assert focused(chromium).startswith("Image laybase:latest")
    chromium.keyboard.press("ArrowRight")
    assert focused(chromium).startswith("Layer: COPY dir:a01ae18a")
    chromium.keyboard.press("Enter")
    assert "used by" in chromium.inner_text(".lx-details")
    chromium.keyboard.press("ArrowLeft")
    chromium.keyboard.press("ArrowDown")
    assert focused(chromium).startswith("Image app:")
    chromium.keyboard.press("ArrowRight")
    chromium.keyboard.press("ArrowRight")
    assert focused(chromium).startswith("Layer: WORKDIR /new")
    chromium.keyboard.press("Escape")
    chromium.keyboard.press(" ")
    assert "Removing the 1 ticked frees 5.00 MB." in chromium.inner_text(".lx-status")
    chromium.keyboard.press("Enter")
    image_id = chromium.evaluate("sent[sent.length - 1].id")
    chromium.evaluate("(told) => model.tell(told)", {"image": image_details(real, image_id)})
    told = chromium.inner_text(".lx-details")
    assert "History, oldest first" in told and "no layer" in told and "RUN rm /big" in told


def test_ticking_all_frees_all(chromium: Page) -> None:
    made = store(("base", "a"), ("one", "abc"), ("two", "abd"))
    put_explorer(chromium, made)
    for name in ("one", "two"):
        chromium.click(f'input[aria-label="Tick {name}:latest"]')
    assert "Removing the 2 ticked frees 90 B." in chromium.inner_text(".lx-status")


def test_a_new_picture_keeps_focus_and_choice_and_marks_what_is_new(chromium: Page) -> None:
    put_explorer(chromium, store(("base", "a"), ("one", "ab")))
    chromium.click('.lx-layer[title^="COPY a"]')
    chromium.evaluate(
        "(text) => model.set('picture', text)", as_json(store(("base", "a"), ("one", "ab"), ("two", "ac")))
    )
    assert focused(chromium).startswith("Layer: COPY a")
    assert "used by" in chromium.inner_text(".lx-details")
    assert [node.split(",")[0] for node in _titles(chromium, ".lx-new")] == ["COPY c"]
    assert chromium.locator(".lx-chosen").count() == 1
    chromium.evaluate("(text) => model.set('picture', text)", as_json(store()))
    assert "No images here yet" in chromium.inner_text(".lx-details")


def _titles(page: Page, selector: str) -> list[str]:
    return [str(node.get_attribute("title")) for node in page.locator(selector).all()]


def test_a_search_lists_where_and_leads_there(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.fill(".lx form input", "/big")
    chromium.keyboard.press("Enter")
    assert chromium.evaluate("sent[sent.length - 1]") == {"ask": "search", "path": "/big"}
    image = next(one for one in real.images if one.name == "app:bk")
    found: dict[str, Any] = {"images": 6, "names": [image.name], "layer": short(image.chain[2], 20), "number": 3}
    found |= {"path": "/big", "size": 3_000_000, "fate": "deleted later"}
    chromium.evaluate("(told) => model.tell(told)", {"found": [found], "count": 684, "path": "/big"})
    assert "/big deleted later" in chromium.inner_text(".lx-details")
    assert "The first 1 of 684 found" in chromium.inner_text(".lx-details")
    assert "layer 3 in 6 images" in chromium.inner_text(".lx-details")
    put_explorer(chromium, real, width="300px")
    found["path"] = "/usr/lib/python3/dist-packages/some_package/module/big"
    chromium.evaluate("(told) => model.tell(told)", {"found": [found], "count": 684, "path": "/big"})
    fits = "document.querySelector('.lx-details').scrollWidth <= document.querySelector('.lx-details').clientWidth"
    assert chromium.evaluate(fits), "the table fits into 300 pixels"
    chromium.click("button:has-text('layer 3')")
    assert "RUN dd if=/dev/urandom of=/big" in chromium.inner_text(".lx-details")


@pytest.mark.parametrize("dark", [False, True])
def test_contrast_of_what_is_drawn(chromium: Page, real: Store, dark: bool) -> None:
    put_explorer(chromium, real, dark=dark)
    chromium.click('.lx-layer[title^="COPY dir"]')
    pairs = chromium.evaluate(
        """() => ['.lx-layer.lx-shared', '.lx-layer:not(.lx-shared):not(.lx-line)', '.lx-details dt', '.lx-name span',
        '.lx-total']
        .map((selector) => {
          const node = document.querySelector(selector);
          let under = node;
          while (getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
          return [selector, getComputedStyle(node).color, getComputedStyle(under).backgroundColor];
        })"""
    )
    for selector, ink, ground in pairs:
        light, dim = sorted((_luminance(ink), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dim + 0.05) >= 4.5, (selector, ink, ground)


def _luminance(color: str) -> float:
    parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_live_view_hides_the_still_one_and_gives_it_back(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real, still=still(real, "page"))
    assert not chromium.locator(".course-still").is_visible()
    chromium.evaluate("end()")
    assert chromium.locator(".course-still").is_visible()
    assert "if each image had its own copy" in chromium.inner_text(".course-still")
    label = chromium.get_attribute(".course-still svg", "aria-label")
    assert label is not None and "3 images" in label


def test_three_hundred_images(chromium: Page) -> None:
    """Only what is in view is made; scrolling, keys and a search reach the rest."""
    letters = "abcdef"
    many = store(
        *((f"i{number:03}", "".join(letters[(number // 6**at) % 6] for at in range(8))) for number in range(300))
    )
    assert len(many.layers) > 1200
    put_explorer(chromium, many)
    assert chromium.evaluate("document.querySelector('.lx-rows').offsetHeight") == 300 * 24
    assert chromium.locator(".lx-name").count() < 120
    wide = chromium.evaluate(
        "document.querySelector('.lx-scroll').scrollWidth <= document.querySelector('.lx').clientWidth"
    )
    assert wide, "nothing runs out at the right"
    names = [image.name for image in many.ordered()]
    chromium.click(".lx-name span >> nth=0")
    chromium.keyboard.press("End")
    assert focused(chromium).startswith(f"Image {names[-1]}")
    chromium.keyboard.press("ArrowRight")
    chromium.keyboard.press("ArrowUp")
    chromium.keyboard.press("Escape")
    assert not focused(chromium).startswith(f"Image {names[-1]}")
    last = many.image(names[-1])
    assert last is not None
    chromium.evaluate("document.querySelector('.lx-scroll').scrollTop = 0")
    found: dict[str, Any] = {"images": 1, "names": [last.name], "layer": short(last.chain[-1], 20), "number": 8}
    found |= {"path": "/x", "size": 1, "fate": ""}
    chromium.evaluate("(told) => model.tell(told)", {"found": [found], "count": 1, "path": "/x"})
    chromium.click("button:has-text('layer 8')")
    assert last.name in chromium.inner_text(".lx-details")


@pytest.mark.engine
@pytest.mark.slow
def test_in_jupyterlab_it_follows_the_engine(chromium: Page, sb: Any, tmp_path: Path) -> None:
    from labsupport.oci.writing import File, Recipe, archive, layer

    def load(tag: str, *layers: bytes) -> None:
        sb.client().images.load(archive([Recipe(tag, layers)]))

    base, top = layer([File("a", b"a" * 5000)]), layer([File("b", b"b" * 3000)])
    load("course-explorer/one:1", base)
    write_notebook(
        tmp_path / "explore.ipynb",
        [
            "from labsupport.notebook import layers_magic\nlayers_magic.register(get_ipython())",
            "%layers",
            "layers.show()",
        ],
    )
    try:
        with jupyter_lab(tmp_path, sb.environment()) as address:
            browser = chromium.context.browser
            assert browser is not None
            page = browser.new_page(viewport={"width": 1300, "height": 800})
            open_notebook(page, address, "explore.ipynb")
            run_all(page)
            page.wait_for_selector('.lx-name span[title*="course-explorer/one:1"]', timeout=90_000)
            assert not page.locator(".course-still").is_visible()
            drawn = page.locator(".course-figure img.course-light")
            drawn.wait_for(timeout=90_000)
            assert "layer stacks of" in str(drawn.get_attribute("alt")), "JupyterLab keeps the words"
            assert not page.locator(".course-figure img.course-dark").is_visible()
            load("course-explorer/two:1", base, top)
            page.wait_for_selector('.lx-name span[title*="course-explorer/two:1"]', timeout=20_000)
            sb.client().images.remove("course-explorer/two:1")
            page.wait_for_selector('.lx-name span[title*="course-explorer/two:1"]', state="detached", timeout=20_000)
            page.fill(".lx form input", "/a")
            page.keyboard.press("Enter")
            page.wait_for_selector(".lx-details button[title*='course-explorer/one:1']", timeout=60_000)
            page.click('.lm-MenuBar-item >> text="File"')
            page.click('.lm-Menu-item[data-command="docmanager:save"]')
            page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=20_000)
    finally:
        sb.client().images.remove("course-explorer/one:1")
    saved = json.loads((tmp_path / "explore.ipynb").read_text())
    kinds = [list(output.get("data", {})) for output in saved["cells"][1]["outputs"]]
    assert "text/html" in kinds[0], "the still picture is kept for readers without a kernel"
