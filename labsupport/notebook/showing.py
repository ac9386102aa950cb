"""Show a result in a cell: plain text always, HTML beside it for front ends that draw it."""

from __future__ import annotations


def show(text: str, html: str = "") -> None:
    """Display text (and its HTML) as an output of the running cell; without IPython, print the text."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(text)
        return
    if get_ipython() is None:
        print(text)
    elif html:
        display({"text/plain": text, "text/html": html}, raw=True)  # type: ignore[no-untyped-call]
    else:
        print(text)
