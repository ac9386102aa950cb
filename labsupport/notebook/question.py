"""Ask a question in a notebook: with ipywidgets where a person is there to click, in plain text elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from labsupport.errors import CourseError
from labsupport.exercises.quiz import LETTERS
from labsupport.notebook.showing import show_words


def widgets_work() -> bool:
    """Whether to draw widgets: in JupyterLab, Notebook and VS Code, but not when a program executes the notebook.

    LABSUPPORT_WIDGETS=1 or 0 decides otherwise. Jupyter's server names a session in JPY_SESSION_NAME; nbclient,
    nbval and the course's builder start kernels without one.
    """
    wanted = os.environ.get("LABSUPPORT_WIDGETS")
    if wanted is not None:
        return wanted == "1"
    return any(name in os.environ for name in ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"))


def ask(text: str, choices: Sequence[str], answered: Callable[[Any], None], *, several: bool = False) -> None:
    """Show a question; answered(value) is called when a widget's button is pressed. Text says how to answer."""
    if not widgets_work():
        show_words(text)
        return
    try:
        box = question(text, choices, answered, several=several)
    except ImportError:
        show_words(text)
        return
    from IPython.display import display

    # The text goes along: a front end without widgets, or the saved notebook opened later, shows that instead.
    bundle = {**box._repr_mimebundle_(), "text/plain": text}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _code(text: str) -> str:
    """The text as HTML, with `code` between backquotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def question(text: str, choices: Sequence[str], answered: Callable[[Any], None], *, several: bool = False) -> Any:
    """The question as a widget: choices or a text field, a button, and a place for what comes of it.

    Raises ImportError where ipywidgets is not installed.
    """
    import ipywidgets as widgets  # type: ignore[import-untyped]

    # a label shows text only: without its marks, code reads better there
    labels = [f"{letter}) {choice.replace('`', '')}" for letter, choice in zip(LETTERS, choices, strict=False)]
    boxes: list[Any] = []
    entry: Any
    if several:
        boxes = [widgets.Checkbox(description=label, indent=False, layout={"width": "auto"}) for label in labels]
        entry = widgets.VBox(boxes)
    elif choices:
        options = list(zip(labels, LETTERS, strict=False))
        entry = widgets.RadioButtons(options=options, value=None, layout={"width": "max-content"})
    else:
        entry = widgets.Text(placeholder="a number or a short text")
    button = widgets.Button(description="Answer", tooltip="Keep this answer")
    output = widgets.Output()

    def pressed(_: Any) -> None:
        value = [letter for letter, box in zip(LETTERS, boxes, strict=False) if box.value] if several else entry.value
        output.clear_output()
        with output:
            try:
                answered(value or "")
            except CourseError as error:
                print(error)

    button.on_click(pressed)
    head = widgets.HTML(value=f"<p>{_code(text.splitlines()[0])}</p>")
    return widgets.VBox([head, entry, button, output])
