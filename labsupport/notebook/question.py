"""Ask a question in a notebook: with ipywidgets where a person is there to click, in plain text elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from labsupport.errors import CourseError
from labsupport.exercises.quiz import LETTERS
from labsupport.notebook.showing import as_output, show_words
from labsupport.notebook.startup import QUESTION

_drawn: dict[str, Any] = {}  # the widgets of this kernel, by their questions' ids


def widgets_work() -> bool:
    """Whether to draw widgets: in JupyterLab, Notebook and VS Code, but not when a program executes the notebook.

    LABSUPPORT_WIDGETS=1 or 0 decides otherwise. Jupyter's server names a session in JPY_SESSION_NAME; nbclient,
    nbval and the course's builder start kernels without one.
    """
    wanted = os.environ.get("LABSUPPORT_WIDGETS")
    if wanted is not None:
        return wanted == "1"
    return any(name in os.environ for name in ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"))


@dataclass(frozen=True)
class Asked:
    """A question as it is drawn. text says how to answer without widgets; answered(value) is called for a press of the
    button; given is what was answered before ("" or []: nothing), and said the words that came of it.
    """

    id: str
    text: str
    choices: Sequence[str]
    answered: Callable[[Any], None]
    several: bool = False
    given: Any = ""
    said: str = ""


def ask(asked: Asked) -> None:
    """Show a question."""
    if not widgets_work():
        show_words(asked.text)
        return
    try:
        box = question(asked)
    except ImportError:
        show_words(asked.text)
        return
    from IPython.display import display

    # The text goes along: a front end without widgets, or the saved notebook opened later, shows that instead.
    bundle = {**box._repr_mimebundle_(), "text/plain": asked.text}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _code(text: str) -> str:
    """The text as HTML, with `code` between backquotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def question(asked: Asked) -> Any:
    """The question as a widget: choices or a text field, a button, and a place for what comes of it.

    Its model has the question's name: made again in a new kernel, it is the one that the notebook on the page, or in
    its file, shows. Raises ImportError where ipywidgets is not installed.
    """
    import ipywidgets as widgets  # type: ignore[import-untyped]

    several, choices = asked.several, asked.choices
    # a label shows text only: without its marks, code reads better there
    labels = [f"{letter}) {choice.replace('`', '')}" for letter, choice in zip(LETTERS, choices, strict=False)]
    boxes: list[Any] = []
    entry: Any
    if several:
        wide = {"width": "auto"}
        boxes = [
            widgets.Checkbox(letter in asked.given, description=label, indent=False, layout=wide)
            for letter, label in zip(LETTERS, labels, strict=False)
        ]
        entry = widgets.VBox(boxes)
    elif choices:
        options = list(zip(labels, LETTERS, strict=False))
        entry = widgets.RadioButtons(options=options, value=asked.given or None, layout={"width": "max-content"})
    else:
        entry = widgets.Text(str(asked.given), placeholder="a number or a short text")
    button = widgets.Button(description="Answer", tooltip="Keep this answer")
    output = widgets.Output(outputs=(as_output(asked.said),) if asked.said else ())

    def pressed(_: Any) -> None:
        value = [letter for letter, box in zip(LETTERS, boxes, strict=False) if box.value] if several else entry.value
        output.clear_output()
        with output:
            try:
                asked.answered(value or "")
            except CourseError as error:
                print(error)

    button.on_click(pressed)
    head = widgets.HTML(value=f"<p>{_code(asked.text.splitlines()[0])}</p>")
    if earlier := _drawn.pop(asked.id, None):
        earlier.close()  # two of one name would both be it
    box = _drawn[asked.id] = widgets.VBox([head, entry, button, output], model_id=QUESTION + asked.id)
    return box
