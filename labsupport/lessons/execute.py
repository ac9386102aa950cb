"""Run a notebook's cells in a kernel of their own, as a learner would: top to bottom, stopping at an error."""

from __future__ import annotations

import math
import os
import re
from copy import deepcopy
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from labsupport import pace
from labsupport.errors import LessonError
from labsupport.lessons.outputs import tidy
from labsupport.lessons.source import METADATA, Notebook

CELL_TIMEOUT = 180  # seconds on an idle laptop
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TAIL = 3000  # characters of a failed cell's report


def execute(notebook: Notebook, folder: Path, environment: dict[str, str] | None = None) -> Notebook:
    """A copy of the notebook with its outputs and execution counts; `folder` is the kernel's working directory.

    Raises:
        LessonError: a cell failed or took longer than three minutes; it names the cell and what it printed.
    """
    made = deepcopy(notebook)
    client = NotebookClient(
        made,
        timeout=math.ceil(pace.seconds(CELL_TIMEOUT)),
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env={**os.environ, **(environment or {})})
    except CellExecutionError as error:
        raise LessonError(f"a cell failed: {error.ename}", seen=_plain(error)) from None
    except CellTimeoutError as error:
        raise LessonError(f"a cell ran longer than {CELL_TIMEOUT} s", seen=str(error).strip()) from None
    for cell in made.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = tidy(cell.outputs)
    made.metadata.clear()
    made.metadata.update(deepcopy(METADATA))
    return made


def _plain(error: Exception) -> str:
    """The cell and the end of what it said, without colours."""
    text = COLOURS.sub("", str(error)).strip()
    return text if len(text) <= TAIL else f"{text[: TAIL // 3]}\n...\n{text[-TAIL * 2 // 3 :]}"
