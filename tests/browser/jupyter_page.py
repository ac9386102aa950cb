"""A JupyterLab of our own on a free loopback port, and a page of it with one notebook open."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Page

TOKEN = "test"


@contextmanager
def jupyter_lab(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a JupyterLab that serves this folder; ended, with its kernels, at the end."""
    settings = {
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"),
        "JUPYTER_DATA_DIR": str(folder / ".data"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    argv = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    argv += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"]
    log = folder / "server.log"
    with log.open("w") as written:
        server = subprocess.Popen(argv, env={**os.environ, **environment, **settings}, stderr=written, cwd=folder)
    try:
        deadline = time.monotonic() + 90
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found.group()
    finally:
        server.terminate()
        server.wait(20)


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """A notebook with these code cells, not run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def open_notebook(page: Page, address: str, name: str) -> None:
    """Open the notebook alone and wait until its cells are there."""
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    wait_for_kernel(page)


def wait_for_kernel(page: Page) -> None:
    """Wait until the open notebook has its kernel. Whoever runs a cell before is asked which kernel to take."""
    # the notebook's own indicator says idle before there is a kernel; the status bar does not
    page.wait_for_selector(".jp-StatusBar-TextItem:has-text('| Idle')", timeout=120_000)


def run_all(page: Page) -> None:
    """Run every cell, from the menu as a person does."""
    page.click(".lm-MenuBar-item >> text=Run")
    page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
