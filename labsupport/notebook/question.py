"""Ask a question in a notebook: with ipywidgets where a person is there to click, in plain text elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from labsupport.exercises.quiz import LETTERS
from labsupport.notebook.showing import show


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
        show(text)
        return
    try:
        import ipywidgets as widgets  # type: ignore[import-untyped]
        from IPython.display import display
    except ImportError:
        show(text)
        return
    shown = text.splitlines()
    head = widgets.HTML(value=_paragraph(shown[0]))
    entry: Any
    boxes: list[Any] = []
    if several:
        boxes = [widgets.Checkbox(description=f"{LETTERS[i]}) {c}", indent=False) for i, c in enumerate(choices)]
        entry = widgets.VBox(boxes)
    elif choices:
        options = [(f"{LETTERS[i]}) {choice}", LETTERS[i]) for i, choice in enumerate(choices)]
        entry = widgets.RadioButtons(options=options, value=None, layout={"width": "max-content"})
    else:
        entry = widgets.Text(placeholder="a number or a short text")
    button = widgets.Button(description="Answer", tooltip="Keep this answer")
    output = widgets.Output()

    def pressed(_: Any) -> None:
        from labsupport.errors import CourseError

        value = [LETTERS[i] for i, box in enumerate(boxes) if box.value] if several else entry.value
        with output:
            output.clear_output()
            try:
                answered(value if value else "")
            except CourseError as error:
                print(error)

    button.on_click(pressed)
    box = widgets.VBox([head, entry, button, output])
    # The text goes along: a front end without widgets, or the saved notebook opened later, shows that instead.
    bundle = box._repr_mimebundle_()
    bundle["text/plain"] = text
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _paragraph(text: str) -> str:
    from html import escape

    return f"<p>{escape(text)}</p>"
