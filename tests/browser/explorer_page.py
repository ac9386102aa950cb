"""A page that holds the explorer's script with a model of our own: no kernel, no JupyterLab."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from labsupport.figures.live import picture_data
from labsupport.layers.model import Store
from labsupport.notebook.explorer import script

STYLE = Path(__file__).parents[2] / "labsupport" / "notebook" / "page" / "explorer.css"
CHROMIUM = Path("/usr/bin/chromium")

_MODEL = """
async ([source, picture, status]) => {
  const { default: widget } = await import(source);
  const values = { picture, status, identity: "page", as_of: "As of 12:00.", trouble: "", unread: "[]" };
  const listeners = {};
  window.sent = [];
  window.model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; (listeners["change:" + name] || []).forEach((call) => call()); },
    on: (name, call) => { (listeners[name] ||= []).push(call); },
    off: (name, call) => { listeners[name] = (listeners[name] || []).filter((other) => other !== call); },
    send: (content) => window.sent.push(content),
    tell: (content) => (listeners["msg:custom"] || []).forEach((call) => call(content)),
  };
  window.end = widget.render({ model: window.model, el: document.getElementById("here") });
}
"""


@contextmanager
def browser_page(**options: Any) -> Iterator[Page]:
    """A page of a headless Chromium with nothing in it; every error on it fails the test at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(**options)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def put_explorer(page: Page, store: Store, *, dark: bool = False, still: str = "", width: str = "none") -> None:
    """Load the explorer with this store into the page."""
    style = STYLE.read_text()
    ground, ink = ("#111111", "#f0f0f0") if dark else ("#ffffff", "#1a1a1a")
    theme = f"--jp-layout-color0:{ground};--jp-layout-color1:{ground};--jp-layout-color2:{'#333' if dark else '#eee'};"
    theme += f"--jp-layout-color3:{'#444' if dark else '#ddd'};--jp-border-color1:{'#555' if dark else '#bdbdbd'};"
    theme += (
        f"--jp-ui-font-color0:{ink};--jp-ui-font-color1:{ink};--jp-ui-font-color2:{'#b4b4b4' if dark else '#616161'}"
    )
    page.set_content(
        f'<html><body data-jp-theme-light="{"false" if dark else "true"}" style="background:{ground};{theme}">'
        f'<style>{style}</style>{still}<div id="here" style="max-width:{width}"></div></body></html>'
    )
    source = base64.b64encode(script().encode()).decode()
    page.evaluate(_MODEL, [f"data:text/javascript;base64,{source}", as_json(store), "3 images."])
    page.wait_for_selector(".lx[data-drawn]")


def as_json(store: Store) -> str:
    """What the explorer's trait carries for this store."""
    return json.dumps(picture_data(store))
