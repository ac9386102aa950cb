"""The desk in a real JupyterLab: contents, menu, toolbar, styles. One JupyterLab for all; no engine is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labsupport import environment, sandbox, workcopy
from labsupport.exercises import session
from labsupport.jupyter import server, trust

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
pytest.importorskip("playwright.sync_api")
from explorer_page import CHROMIUM, browser_page  # noqa: E402
from jupyter_page import wait_for_kernel  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # the server's pipe when it ends
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]
WIDE = "CONTAINER ID   IMAGE   CREATED                  STATUS" + 12 * "   a column of its own" + "\n"
IN_VIEW = "(e) => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < innerHeight"
EXERCISE = 'from labsupport.notebook import check, hint, undo\ncheck("00.1")'
GONE = "![...document.querySelectorAll('.lm-TabBar-tab')].some((tab) => tab.textContent.includes('NAME'))"
LONG = "<dl style='display:grid;grid-template-columns:6em 1fr'><dt>expected</dt><dd style='margin:0'>" + 30 * "words "


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Running]:
    """JupyterLab with the course's settings on a working copy of its own, and no sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABSUPPORT_HOME", str(tmp_path_factory.mktemp("desk")))
        work = sandbox.paths.work()
        workcopy.refresh(environment.checkout(), work)
        outputs(work / "notebooks" / "outputs.ipynb")
        # no sandbox can have this name: nothing is started
        launched = server.launch(work, 9660, {**os.environ, "LABSUPPORT_SANDBOX": "none here"})
        try:
            yield server.wait_for(launched)
        finally:
            server.stop(launched.process)


def outputs(path: Path) -> None:
    """A notebook with results in it, as if it had been run."""
    stream = nbformat.v4.new_output("stream", name="stdout", text=WIDE)
    checked = nbformat.v4.new_output("display_data", data={"text/html": LONG + "</dd></dl>", "text/plain": "x"})
    cells = [
        nbformat.v4.new_code_cell("%%shell\ndocker ps -a; echo $HOME", outputs=[stream]),
        nbformat.v4.new_code_cell(EXERCISE, outputs=[checked]),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)
    trust.sign([path])


@pytest.fixture(scope="module")
def page(lab: server.Running) -> Iterator[Any]:
    with browser_page(viewport={"width": 1440, "height": 900}) as made:
        made.set_default_timeout(150_000)
        yield made


def keep(page: Any, name: str) -> None:
    if folder := os.environ.get("LABSUPPORT_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def at(lab: server.Running, path: str) -> str:
    return f"http://127.0.0.1:{lab.port}{path}?token={lab.token}"


def test_the_first_tab_is_the_contents_and_follows_the_progress(page: Any, lab: server.Running) -> None:
    page.goto(lab.url)
    page.wait_for_selector(".course-contents table")
    page.wait_for_selector(".jp-Terminal .xterm-screen")
    page.wait_for_selector("#table-of-contents:visible")
    keep(page, "contents")
    lessons = len(list((environment.checkout() / "labs").glob("*/lesson.md")))
    assert page.locator(".course-contents tbody tr").count() == lessons
    assert page.locator(".jp-Launcher, .jp-Dialog, .jp-Notification").count() == 0
    assert page.inner_text(".course-contents .course-way") == "Begin: 00 Start here"
    session.progress().predict("00.p1", "b")
    page.wait_for_selector(".course-contents .course-begun")
    assert page.inner_text(".course-contents .course-way").startswith("Continue: 00.1 ")


def test_lessons_open_beside_it_and_lead_to_each_other(page: Any, lab: server.Running) -> None:
    """Goes on where the test before stopped, as the learner does."""
    page.click(".course-contents .course-way")
    page.wait_for_selector(".jp-Notebook .jp-mod-active:has-text('begin(\"00.1\")')")
    terminal, lesson = page.locator(".jp-Terminal"), page.locator(".jp-NotebookPanel:visible")
    assert lesson.bounding_box()["x"] + lesson.bounding_box()["width"] <= terminal.bounding_box()["x"]
    page.wait_for_selector("#table-of-contents >> text=Your first container")
    keep(page, "lesson")
    # cells far from what is shown come to the page a moment later
    page.wait_for_selector(".course-row >> nth=1", state="attached")
    assert page.locator(".course-status >> nth=0").inner_text() == "· open, 0 of 2 points"
    page.wait_for_function(f"({IN_VIEW})(document.querySelector('.jp-Notebook .jp-mod-active'))")
    page.click(".jp-NotebookPanel:visible [data-jp-item-name='course-next']")
    page.wait_for_selector(".jp-NotebookPanel:visible h1:has-text('Why containers')")
    page.click(".lm-MenuBar-item >> text=Course")
    page.click(".lm-Menu-item[data-command='course:cheat-sheet']")
    page.wait_for_selector(".jp-MarkdownViewer:visible h1")
    page.click(".lm-MenuBar-item >> text=Course")
    page.click(".lm-Menu-item[data-command='course:contents']")
    page.wait_for_selector(".course-contents:visible")
    assert page.locator(".course-contents").count() == 1


def test_a_closed_lesson_gives_its_kernel_back(page: Any, lab: server.Running) -> None:
    kernels = at(lab, "/api/kernels")
    page.wait_for_function(f"async () => (await (await fetch('{kernels}')).json()).length >= 2")
    for lesson in ("00-start-here", "01-why-containers"):
        tab = page.locator(f".lm-TabBar-tab:has-text('{lesson}')")
        tab.locator(".lm-TabBar-tabCloseIcon").click()
        # the kernel's name may have come after the last save: then JupyterLab asks
        page.wait_for_function(f"() => document.querySelector('.jp-Dialog') || {GONE.replace('NAME', lesson)}")
        if tab.count():
            page.click(".jp-Dialog .jp-mod-accept")
        page.wait_for_function(f"() => {GONE.replace('NAME', lesson)}")
    page.wait_for_function(f"async () => (await (await fetch('{kernels}')).json()).length === 0")


@pytest.mark.parametrize("path", ["/lab", "/"])
def test_where_nothing_is_open_there_are_the_contents(page: Any, lab: server.Running, path: str) -> None:
    page.goto(at(lab, path))
    page.wait_for_selector(".course-contents table")
    assert page.locator(".jp-Launcher").count() == 0
    assert page.locator(".jp-NotebookPanel").count() == 0


def test_cells_and_their_outputs(page: Any, lab: server.Running) -> None:
    """Shell is coloured as shell; a table stays one, and scrolls; a check is as wide as its cell."""
    page.goto(at(lab, "/lab/workspaces/outputs/tree/notebooks/outputs.ipynb"))
    page.wait_for_selector(".jp-CodeCell .cm-content[data-language='shell']")
    assert page.locator(".jp-CodeCell .cm-content[data-language='python']").count() == 1
    size = "e => [e.scrollWidth > e.clientWidth, e.offsetHeight < 2 * parseFloat(getComputedStyle(e).lineHeight)]"
    page.wait_for_function(f"({size})(document.querySelector('.jp-OutputArea-output pre'))[0]")
    assert page.eval_on_selector(".jp-OutputArea-output pre", size) == [True, True]
    dd, dl = (page.locator(f".jp-OutputArea-output {tag}").bounding_box()["width"] for tag in ("dd", "dl"))
    assert dl - dd < 120, "the first column has 6em"


def test_an_exercise_has_its_buttons(page: Any, lab: server.Running) -> None:
    """Goes on where the test before stopped. There is no engine: hints need none, and starting over says so."""
    row = page.locator(".course-row")
    wait_for_kernel(page)
    page.wait_for_selector(".jp-CodeCell .cm-content[data-language='shell']")  # still, when the kernel has told its own
    row.locator("button:text-is('Check')").click()
    # while the check still runs, and will fail
    row.locator("button:text-is('Hint')").click()
    page.wait_for_selector(
        ".jp-CodeCell:has(.course-row) .jp-OutputArea-output >> text=/cannot name a sandbox/ >> nth=0"
    )
    hint = ".jp-CodeCell:has-text('hint(\"00.1\")')"
    page.wait_for_selector(f"{hint} .jp-OutputArea-output >> text=/Hint 1 of 3/")
    row.locator("button:text-is('Start over')").click()
    page.click(".jp-Dialog .jp-mod-warn")
    page.wait_for_selector(".course-status >> text=/It could not be started over: .*cannot name a sandbox/")
    keep(page, "exercise")
