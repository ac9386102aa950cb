"""The progress panel of a notebook: `progress()` shows how far you are and what to do next.

With widgets it has a bar and a tab per lesson, and looks again when its button is pressed; elsewhere it is text and
a table in HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from labsupport.exercises.overview import SYMBOLS, Row, next_words, rows, text, totals
from labsupport.exercises.render import number
from labsupport.notebook.question import widgets_work
from labsupport.notebook.showing import show


def progress() -> None:
    """Show the progress of this learner over the whole course."""
    found = _rows()
    if not widgets_work():
        show(text(found), html(found))
        return
    try:
        import ipywidgets  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        show(text(found), html(found))
        return
    from IPython.display import display

    bundle = panel()._repr_mimebundle_()
    bundle["text/plain"] = text(found)
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _rows() -> list[Row]:
    from labsupport.exercises import session

    return rows(session.progress())


def html(found: Sequence[Row]) -> str:
    """A table: symbol and word for the state, no colour, readable by a screen reader."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", "exercise", "points", "tries", "hints"))
    body = "".join(
        f"<tr><td>{SYMBOLS[row.state]} {row.state}</td><td>{escape(row.id)} {escape(row.title)}</td>"
        f"<td>{number(row.earned)}/{number(row.points)}</td><td>{row.tries}</td><td>{row.hints}</td></tr>"
        for row in found
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(next_words(found))}</p>"


def panel() -> Any:
    """The widget: a bar with its numbers in words, one fold per lesson, a button that looks again."""
    import ipywidgets as widgets

    bar = widgets.FloatProgress(min=0, max=1, description="Progress", layout={"width": "24em"})
    label, following, folds = widgets.Label(), widgets.HTML(), widgets.Accordion()
    button = widgets.Button(description="Look again", tooltip="Read the progress anew")

    def look(_: Any = None) -> None:
        found = _rows()
        earned, points = totals(found)
        bar.max, bar.value = points or 1, earned
        label.value = f"{number(earned)} of {number(points)} points"
        following.value = f"<p>{escape(next_words(found))}</p>"
        lessons = list(dict.fromkeys(row.lesson for row in found))
        tables = []
        for lesson in lessons:
            mine = [row for row in found if row.lesson == lesson]
            tables.append(widgets.HTML(value=html(mine).partition("<p>")[0]))
        folds.children = tables
        for place, lesson in enumerate(lessons):
            done, there = totals([row for row in found if row.lesson == lesson])
            folds.set_title(place, f"{lesson}: {number(done)} of {number(there)}")

    look()
    button.on_click(look)
    return widgets.VBox([widgets.HBox([bar, label, button]), following, folds])
