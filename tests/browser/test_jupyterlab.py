"""What a learner sees: `start` opens the contents beside a terminal, and lesson 01 runs to its end.

Screenshots of the last run are kept in the folder that LABSUPPORT_SCREENSHOTS names, if it is set.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport import sandbox
from labsupport.environment import checkout

playwright_api = pytest.importorskip("playwright.sync_api")

from jupyter_page import wait_for_kernel  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RUN_ALL_SECONDS = 450  # twice the ordinary time is not enough where other tests run beside it

pytestmark = [
    pytest.mark.browser,
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def url(sb: sandbox.Sandbox) -> Iterator[str]:
    """The address that `start --no-browser` prints, on the test run's own sandbox."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labsupport", "start", "--no-browser", "--port", "9600"],
        cwd=checkout(),
        env={**os.environ, "LABSUPPORT_NO_VENV": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line.startswith("http://127.0.0.1:"), process.communicate(timeout=60)
        yield line
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    made = browser.new_page(viewport={"width": 1500, "height": 900})
    yield made
    made.close()


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("LABSUPPORT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def open_lab(page: Any, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(".course-contents", state="attached", timeout=60_000)
    page.wait_for_selector(".jp-Terminal .xterm-screen", timeout=60_000)


def type_in_terminal(page: Any, line: str) -> None:
    page.locator(".jp-Terminal .xterm-screen").click()
    page.keyboard.type(line + "\n")


def test_the_lesson_and_a_terminal_stand_side_by_side(page: Any, url: str) -> None:
    open_lab(page, url)
    page.click(".course-contents a:has-text('00 Start here') >> nth=-1")
    page.wait_for_selector(".jp-NotebookPanel h1:has-text('Start here')", timeout=60_000)
    keep(page, "start")
    notebook = page.locator(".jp-NotebookPanel").bounding_box()
    terminal = page.locator(".jp-Terminal").bounding_box()
    assert notebook["x"] + notebook["width"] <= terminal["x"]
    assert min(notebook["width"], terminal["width"]) > 400
    assert page.locator(".jp-Notification, .Toastify__toast, .jp-Dialog").count() == 0


def test_the_terminal_is_in_the_working_copy_and_its_docker_in_the_sandbox(
    page: Any, url: str, sb: sandbox.Sandbox, tmp_path: Path
) -> None:
    open_lab(page, url)
    answer = tmp_path / "answer"
    type_in_terminal(
        page, f"(pwd; echo $DOCKER_HOST; docker info --format '{{{{.ID}}}}') > {answer}; touch {answer}.done"
    )
    playwright_api.expect(page.locator(".jp-Terminal")).to_be_visible()
    for _ in range(300):
        if answer.with_suffix(".done").exists():
            break
        page.wait_for_timeout(100)
    assert answer.read_text().splitlines() == [
        str(sandbox.paths.work() / "notebooks"),
        sb.docker_host,
        sb.client().info()["ID"],
    ]


def run_all(page: Any, url: str, lesson: str) -> Path:
    """Open a lesson of the working copy alone, run all its cells, save it; return its file."""
    path = f"notebooks/{lesson}.ipynb"
    notebook: Path = sandbox.paths.work() / path
    base, token = url.split("/lab")[0], url.split("token=")[1]
    page.goto(f"{base}/lab/workspaces/{lesson}/tree/{path}?token={token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    wait_for_kernel(page)
    page.click("text=Run >> nth=0")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    # the file is what counts: a cell that waits has no number, and cells outside the window are not on the page
    for _ in range(RUN_ALL_SECONDS // 3):
        page.wait_for_timeout(3000)
        page.keyboard.press("Control+s")
        if errors(notebook) or not waiting(notebook):
            break
    page.wait_for_timeout(1000)
    return notebook


def waiting(notebook: Path) -> list[str]:
    """The code cells that have not run, or whose result is not saved yet."""
    return [cell["id"] for cell in cells_of(notebook) if cell["cell_type"] == "code" and not cell["execution_count"]]


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    """The notebook's cells; JupyterLab may be writing the file at this moment."""
    for _ in range(20):
        try:
            found: list[dict[str, Any]] = json.loads(notebook.read_text())["cells"]
            return found
        except ValueError:
            time.sleep(0.1)
    raise AssertionError(f"{notebook} is no notebook")


def errors(notebook: Path) -> list[str]:
    found = []
    for cell in cells_of(notebook):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                found.append(f"{cell['id']}: {output['ename']}: {output['evalue']}")
    return found


@pytest.mark.parametrize("lesson", ["00-start-here", "01-why-containers"])
def test_a_lesson_runs_to_its_end(page: Any, url: str, lesson: str) -> None:
    notebook = run_all(page, url, lesson)
    keep(page, f"{lesson}-end")
    assert errors(notebook) == []
    assert waiting(notebook) == []
