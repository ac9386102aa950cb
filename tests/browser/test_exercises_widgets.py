"""Quizzes, predictions and the progress panel clicked in a real JupyterLab (no engine is needed for them)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
pytest.importorskip("playwright.sync_api")
from explorer_page import CHROMIUM, browser_page  # noqa: E402
from jupyter_page import jupyter_lab, open_notebook, run_all, write_notebook  # noqa: E402

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
