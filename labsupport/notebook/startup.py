"""The IPython extension of kernels that the course's own JupyterLab starts: a new one is ready at its first cell.

After a restart, of the kernel or the computer, a learner goes on in the middle of a lesson. There, `%%shell` and
`check` must be known although the lesson's first cell has not run again. labsupport.jupyter.settings names this
extension in a configuration of the course's own (IPYTHONDIR); any other Jupyter has the lesson's first cell for it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import labsupport
from labsupport.errors import CourseError

QUESTION = "course-question-"  # before a question's id: its widget's model_id


def load_ipython_extension(shell: Any) -> None:
    """Connect this kernel just before its first cell, and not earlier: a kernel nobody uses boots no sandbox.

    A cell that connects by itself is left alone. What went wrong is shown above the cell's own output, and tried again
    before the next cell.
    """

    def connect(info: Any) -> None:
        if "_ext labsupport" not in (info.raw_cell or ""):
            try:
                labsupport.load_ipython_extension(shell)
            except CourseError as error:
                print(f"[sandbox] {error}", file=sys.stderr, flush=True)
                return
        shell.events.unregister("pre_run_cell", connect)

    shell.events.register("pre_run_cell", connect)
    _ask_again()


def _ask_again() -> None:
    """What the page shows must be there before the page asks the new kernel for it; rarely is there anything."""
    try:
        notebook = Path(os.environ.get("JPY_SESSION_NAME", "")).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    if shown := re.findall(rf'"model_id": "{QUESTION}([\w.]+)"', notebook):
        # brings ipywidgets and the exercises along
        from labsupport.notebook import lab

        lab.ask_again(dict.fromkeys(shown))
