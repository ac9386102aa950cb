"""Quizzes, predictions and the progress panel clicked in a real JupyterLab (no engine is needed for them)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport.jupyter import settings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
pytest.importorskip("playwright.sync_api")
from explorer_page import CHROMIUM, browser_page  # noqa: E402
from jupyter_page import TOKEN, jupyter_lab, open_notebook, run_all, write_notebook  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    # the server's pipe when it ends
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]
ROOT = HERE.parents[1]
LABS = ROOT / "tests" / "unit" / "exercises" / "labs"
CELLS = (
    'from labsupport.notebook import predict, progress, quiz\nquiz("01.q1")',
    'predict("01.p1")',
    "progress()",
)


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_answers_by_clicking(tmp_path: Path) -> None:
    write_notebook(tmp_path / "questions.ipynb", CELLS)
    environment = {
        "PYTHONPATH": str(ROOT),
        "LABSUPPORT_HOME": str(tmp_path / "home"),
        "LABSUPPORT_LABS": str(LABS),
        "LABSUPPORT_SEED": "course",
    }
    with (
        jupyter_lab(tmp_path, environment) as address,
        browser_page(viewport={"width": 1100, "height": 900}) as page,
    ):
        open_notebook(page, address, "questions.ipynb")
        run_all(page)
        outputs = page.locator(".jp-CodeCell .jp-OutputArea")
        page.wait_for_selector(".widget-radio-box", timeout=60_000)
        page.wait_for_selector("text=0 of 6 points", timeout=60_000)
        page.click(".widget-radio-box label:has-text('read-only and shared')")
        page.click("button:has-text('Answer') >> nth=0")
        page.wait_for_selector("text=✔ pass", timeout=20_000)
        assert "a) copied into the container: wrong." in outputs.nth(0).inner_text()
        page.fill("input[type=text][placeholder='a number or a short text']", "2")
        page.click("button:has-text('Answer') >> nth=1")
        page.wait_for_selector("text=Predicted: 2", timeout=20_000)
        page.click("button:has-text('Look again')")
        page.wait_for_selector("text=1 of 6 points", timeout=20_000)
        page.screenshot(path=str(tmp_path / "widgets.png"))


def test_questions_outlive_their_kernel(tmp_path: Path) -> None:
    """In a notebook opened with a new kernel, one that was answered says so, and one that was not takes its answer."""
    cells = ('from labsupport.notebook import predict, quiz\nquiz("01.q1")', 'predict("01.p2")')
    write_notebook(tmp_path / "questions.ipynb", cells)
    profile = tmp_path / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.json").write_text(json.dumps(settings.KERNEL))
    environment = {
        "PYTHONPATH": str(ROOT),
        "LABSUPPORT_HOME": str(tmp_path / "home"),
        "LABSUPPORT_LABS": str(LABS),
        "LABSUPPORT_SEED": "course",
        "LABSUPPORT_SANDBOX": "none here",  # no such name can be: nothing is started for these questions
    }
    with (
        jupyter_lab(tmp_path, environment) as address,
        browser_page(viewport={"width": 1100, "height": 1400}) as page,
    ):
        open_notebook(page, address, "questions.ipynb")
        run_all(page)
        page.wait_for_selector(".widget-radio-box label:has-text('read-only and shared')", timeout=60_000)
        page.click(".widget-radio-box label:has-text('read-only and shared')")
        page.click("button:has-text('Answer') >> nth=0")
        page.wait_for_selector("text=✔ pass", timeout=20_000)
        page.keyboard.press("Control+s")
        wait_until(lambda: "course-question-01.p2" in (tmp_path / "questions.ipynb").read_text())

        kernel = page.request.get(f"{address}/api/kernels?token={TOKEN}").json()[0]["id"]
        page.goto("about:blank")
        page.request.delete(f"{address}/api/kernels/{kernel}?token={TOKEN}")
        open_notebook(page, address, "questions.ipynb")
        page.wait_for_selector("text=✔ pass", timeout=60_000)
        assert page.locator("text=model not found").count() == 0
        page.click(".widget-radio-box >> nth=1 >> label >> nth=0")
        page.click("button:has-text('Answer') >> nth=1")
        page.wait_for_selector("text=/Predicted: a/", timeout=20_000)
