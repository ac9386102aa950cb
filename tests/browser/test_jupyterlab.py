"""What a learner sees: `start` opens lesson 00 beside a terminal, and lesson 01 runs to its end.

Screenshots of the last run are kept in the folder that LABSUPPORT_SCREENSHOTS names, if it is set.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport import sandbox
from labsupport.environment import checkout

playwright_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
RUN_ALL_SECONDS = 240

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
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_selector(".jp-Terminal .xterm-screen", timeout=60_000)


def type_in_terminal(page: Any, line: str) -> None:
    page.locator(".jp-Terminal .xterm-screen").click()
    page.keyboard.type(line + "\n")


def test_the_lesson_and_a_terminal_stand_side_by_side(page: Any, url: str, tmp_path: Path) -> None:
    open_lab(page, url)
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
        str(sandbox.paths.work()),
        sb.docker_host,
        sb.client().info()["ID"],
    ]


def run_all(page: Any, url: str, lesson: str) -> Path:
    """Open a lesson of the working copy, run all its cells, save it; return its file."""
    open_lab(page, url)
    path = f"notebooks/{lesson}.ipynb"
    token = url.split("token=")[1]
    page.goto(f"{url.split('/lab')[0]}/lab/tree/{path}?token={token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000)
    page.click("text=Run >> nth=0")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    page.wait_for_timeout(1000)
    page.wait_for_function(
        """() => document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status === "idle"
           && ![...document.querySelectorAll(".jp-InputPrompt")].some(p => p.textContent.includes("*"))""",
        timeout=RUN_ALL_SECONDS * 1000,
    )
    page.keyboard.press("Control+s")
    page.wait_for_selector(".jp-mod-dirty", state="detached", timeout=30_000)
    return sandbox.paths.work() / path


def errors(notebook: Path) -> list[str]:
    found = []
    for cell in json.loads(notebook.read_text())["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                found.append(f"{cell['id']}: {output['ename']}: {output['evalue']}")
    return found


@pytest.mark.parametrize("lesson", ["00-start-here", "01-why-containers"])
def test_a_lesson_runs_to_its_end(page: Any, url: str, lesson: str) -> None:
    notebook = run_all(page, url, lesson)
    keep(page, f"{lesson}-end")
    assert errors(notebook) == []
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["id"] for cell in cells if cell["execution_count"] is None] == []
