"""What a notebook sees: `%load_ext labsupport` once, then `%%shell` cells and `check`, `hint`, `predict`, `quiz`.

Kernels of the course's own JupyterLab do that by themselves (see `startup`).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from labsupport import sandbox
from labsupport.errors import HubError


def load(shell: Any) -> None:
    """Attach this kernel to the sandbox, starting it and filling its hub first if need be, and register the magics,
    the names that a learner types, and the values of the exercise this notebook was last at.

    Says nothing when all is there. Raises CourseError, shown without a traceback, when no engine can be had: it names
    the next command.
    """
    from labsupport import hub
    from labsupport.notebook import magics, mistyped

    engine = sandbox.start(report=_report)
    _tell_about_terminals(engine)
    engine.apply_environment()
    magics.register(shell, engine)
    mistyped.register(shell)
    lab = importlib.import_module("labsupport.notebook.lab")
    lab.register(shell)
    lab.restore()
    if importlib.util.find_spec("labsupport.notebook.layers_magic") is not None:
        importlib.import_module("labsupport.notebook.layers_magic").register(shell)
    try:
        hub.fill(engine, _report, verify=True)
    except HubError as error:
        # The engine and everything else works; the lessons' images may be missing.
        print(f"[sandbox] {error}", file=sys.stderr, flush=True)


def _tell_about_terminals(engine: sandbox.Sandbox) -> None:
    """Where the course's own `start` has not opened this notebook, a terminal beside it is not the sandbox's."""
    if os.environ.get("DOCKER_HOST") == engine.docker_host:
        return
    from labsupport.sandbox import exports

    print(
        "[sandbox] This notebook is connected. A terminal beside it is not: `docker` there is this computer's own,\n"
        "and what lessons have you delete there would be yours. Type this in the terminal first:\n\n"
        f"    {exports.command()}\n",
        flush=True,
    )


def _report(line: str) -> None:
    print(line, flush=True)


def __getattr__(name: str) -> Any:
    # The labs' functions bring ipywidgets and the exercises along: only a notebook that asks for them pays.
    # `from labsupport.notebook import magics` asks here first as well.
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}") is None:
        lab = importlib.import_module("labsupport.notebook.lab")
        if hasattr(lab, name):
            return getattr(lab, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
