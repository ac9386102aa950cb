"""Take images/screenshot.png: `python tests/browser/take_screenshot.py`. In a home of its own: no name shows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from labsupport import sandbox
from labsupport.environment import checkout

TARGET = checkout() / "images" / "screenshot.png"


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="course-screenshot-"))
    (home / ".bashrc").write_text(r"PS1='\w \$ '" + "\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LABSUPPORT_", "DOCKER_"))},
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "LABSUPPORT_NO_VENV": "1",
        "LABSUPPORT_PACKAGES": os.environ.get("LABSUPPORT_PACKAGES") or str(sandbox.paths.cache() / "packages"),
    }
    command = [sys.executable, "-m", "labsupport"]
    start = subprocess.Popen(
        [*command, "start", "--no-browser", "--port", "9650"],
        cwd=checkout(), env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert start.stdout is not None
        take(start.stdout.readline().strip())
    finally:
        start.send_signal(signal.SIGINT)
        start.wait()
        subprocess.run([*command, "stop", "--purge"], cwd=checkout(), env=environment, check=True)
        shutil.rmtree(home)


def take(url: str) -> None:
    """Run the first cells of lesson 00 and two commands in the terminal, and take the picture."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = chromium.new_page(viewport={"width": 1400, "height": 820})
        page.goto(url)
        page.click(".course-contents .course-way", timeout=60_000)
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
        page.wait_for_selector(".jp-Terminal .xterm-screen", timeout=60_000)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000)
        page.locator(".jp-NotebookPanel h1").first.click()
        page.click("text=Run >> nth=0")
        page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        page.wait_for_timeout(2_000)
        page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(p => p.textContent.includes('*'))",
            timeout=120_000,
        )
        page.locator(".jp-Terminal .xterm-screen").click()
        page.keyboard.type("clear; docker run -d -p 8090:80 --name page web\n")
        page.wait_for_timeout(3_000)
        page.keyboard.type("curl -s 127.0.0.1:8090 | head -4\n")
        page.wait_for_timeout(1_000)
        page.keyboard.type("docker ps --format '{{.Image}} {{.Status}}'\n")
        page.wait_for_timeout(2_000)
        page.locator("h2:has-text('Your first container')").first.scroll_into_view_if_needed()
        page.locator("h2:has-text('Your first container')").first.click()
        page.wait_for_timeout(1_000)
        page.screenshot(path=str(TARGET))
        chromium.close()


if __name__ == "__main__":
    main()
