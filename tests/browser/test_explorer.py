"""The explorer in a headless Chromium: on a page of our own, and in JupyterLab with a real engine."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "layers"), str(HERE.parent / "recorded" / "layers")]
pytest.importorskip("playwright.sync_api")
from explorer_page import CHROMIUM, as_json, browser_page, put_explorer  # noqa: E402
from jupyter_page import jupyter_lab, open_notebook, run_all, write_notebook  # noqa: E402
from playwright.sync_api import Page  # noqa: E402
from test_books import store  # noqa: E402
from test_recorded_engines import Replay  # noqa: E402

from labsupport.figures.live import image_details, still  # noqa: E402
from labsupport.layers.engine import Reader  # noqa: E402
from labsupport.layers.identity import short  # noqa: E402
from labsupport.layers.model import Store  # noqa: E402

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


def test_images_at_left_layers_to_scale(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    assert sorted(texts(chromium, ".lx-name span")) == ["app:bk", "app:classic", "laybase:latest"]
    assert chromium.locator(".lx-layer").count() == len(real.layers)
    boxes = chromium.evaluate(
        "[...document.querySelectorAll('.lx-layer')].map((n) => [n.title, n.offsetWidth, n.offsetHeight])"
    )
    width = {title: wide for title, wide, _ in boxes}
    three = next(wide for title, wide in width.items() if "3.00 MB" in title)
    one = next(wide for title, wide in width.items() if "RUN chmod" in title)
    assert 2.7 < three / one < 3.3
    assert min(wide for _, wide, _ in boxes) >= 1, "a layer of 0 bytes can still be seen and clicked"
    tall = {title: high for title, _, high in boxes}
    assert tall["COPY dir:a01ae18a in /, 1.98 MB"] > 60, "the shared layer is one box over three rows"


def test_a_click_on_a_layer_tells_all_about_it(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.click('.lx-layer[title^="COPY dir"]')
    told = chromium.inner_text(".lx-details")
    assert "1,982,410 bytes" in told and "3: " in told and "app:classic" in told and "030e49a811f7" in told
    assert len(texts(chromium, ".lx-user")) == 3
    chromium.click("text=Show its files")
    sent = chromium.evaluate("sent[sent.length - 1]")
    assert sent["ask"] == "files" and sent["layer"].startswith("030e49a8")
    files = [{"change": "D", "path": "<b>x</b>", "size": 10, "mode": "", "owner": "", "fate": "removed here"}]
    chromium.evaluate("(files) => model.tell(files)", {"files": files, "layer": sent["layer"], "count": 1})
    assert "<b>x</b> (removed here)" in chromium.inner_text(".lx-files"), "a hostile name stays text"


def test_by_keyboard_alone(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.click(".lx input[type=search]")
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
    chromium.evaluate("(text) => model.set('picture', text)", as_json(store()))
    assert "No images here yet" in chromium.inner_text(".lx-details")


def _titles(page: Page, selector: str) -> list[str]:
    return [str(node.get_attribute("title")) for node in page.locator(selector).all()]


def test_a_search_lists_where_and_leads_there(chromium: Page, real: Store) -> None:
    put_explorer(chromium, real)
    chromium.fill(".lx input[type=search]", "/big")
    chromium.keyboard.press("Enter")
    assert chromium.evaluate("sent[sent.length - 1]") == {"ask": "search", "path": "/big"}
    image = next(one for one in real.images if one.name == "app:bk")
    found: dict[str, Any] = {"image": image.name, "id": image.id, "layer": short(image.chain[2], 20), "number": 3}
    found |= {"path": "/big", "size": 3_000_000, "fate": "deleted"}
    chromium.evaluate("(told) => model.tell(told)", {"found": [found], "count": 1, "path": "/big"})
    assert "/big (deleted later)" in chromium.inner_text(".lx-details")
    chromium.click("button:has-text('layer 3')")
    assert "RUN dd if=/dev/urandom of=/big" in chromium.inner_text(".lx-details")


@pytest.mark.parametrize("dark", [False, True])
def test_contrast_of_what_is_drawn(chromium: Page, real: Store, dark: bool) -> None:
    put_explorer(chromium, real, dark=dark)
    chromium.click('.lx-layer[title^="COPY dir"]')
    pairs = chromium.evaluate(
        """() => ['.lx-layer.lx-shared', '.lx-layer:not(.lx-shared)', '.lx-details dt', '.lx-name span',
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
    assert chromium.locator(".lx-name").count() < 100
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
    found: dict[str, Any] = {"image": last.name, "id": last.id, "layer": short(last.chain[-1], 20), "number": 8}
    found |= {"path": "/x", "size": 1, "fate": "visible"}
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
            page.wait_for_selector('.lx-name span:has-text("course-explorer/one:1")', timeout=90_000)
            assert not page.locator(".course-still").is_visible()
            drawn = page.locator(".course-figure img.course-light")
            drawn.wait_for(timeout=90_000)
            assert "layer stacks of" in str(drawn.get_attribute("alt")), "JupyterLab keeps the words"
            assert not page.locator(".course-figure img.course-dark").is_visible()
            load("course-explorer/two:1", base, top)
            page.wait_for_selector('.lx-name span:has-text("course-explorer/two:1")', timeout=20_000)
            sb.client().images.remove("course-explorer/two:1")
            page.wait_for_selector('.lx-name span:has-text("course-explorer/two:1")', state="detached", timeout=20_000)
            page.fill(".lx input[type=search]", "/a")
            page.keyboard.press("Enter")
            page.wait_for_selector(".lx-details td:has-text('course-explorer/one:1')", timeout=60_000)
            page.click('.lm-MenuBar-item >> text="File"')
            page.click('.lm-Menu-item[data-command="docmanager:save"]')
            page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=20_000)
    finally:
        sb.client().images.remove("course-explorer/one:1")
    saved = json.loads((tmp_path / "explore.ipynb").read_text())
    kinds = [list(output.get("data", {})) for output in saved["cells"][1]["outputs"]]
    assert "text/html" in kinds[0], "the still picture is kept for readers without a kernel"
