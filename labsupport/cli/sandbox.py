"""`status`, `stop`, `reset`: what runs, and how to end it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path

import click
import psutil

from labsupport import sandbox
from labsupport.jupyter import server
from labsupport.steps import Reporter, say


def status(as_json: bool) -> int:
    """Print the sandbox's and JupyterLab's state; 0 when the sandbox is ready, 4 otherwise."""
    box, lab = sandbox.status(), server.find()
    facts = {
        "sandbox": box.status,
        "driver": box.driver,
        "engine": box.engine_version,
        "store": box.store,
        "docker_host": box.docker_host if box.status == "ready" else "",
        "restarts": box.restarts,
        "error": box.error,
        "jupyterlab": lab.url if lab else "",
        "work": str(sandbox.paths.work()),
        "state": str(sandbox.paths.cache()),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
    else:
        for name, value in facts.items():
            if value != "":
                click.echo(f"{name.replace('_', ' '):12} {value}")
    return 0 if box.status == "ready" else 4


def stop(purge: bool) -> None:
    """Stop JupyterLab and the sandbox; with purge, remove everything the course keeps but the learner's work."""
    running = server.find()
    if running:
        keeper = _start_command(running.pid)
        server.stop_running(running)
        if keeper:
            # a `start` in another terminal now stops its sandbox; a purge must not run beside it
            with contextlib.suppress(psutil.TimeoutExpired):
                keeper.wait(60)
        say("JupyterLab stopped.")
    if purge:
        cache = sandbox.paths.cache()
        _purge_sandboxes(cache)
        shutil.rmtree(cache, ignore_errors=True)
        left = f"{cache} could not be removed whole." if cache.exists() else "Nothing of the course is left here."
        say(f"{left} Your work is untouched: {sandbox.paths.work()}")
    elif sandbox.stop(report=say):
        say("The sandbox stopped.")
    elif not running:
        say("Nothing was running.")


def _start_command(jupyter: int) -> psutil.Process | None:
    """The `start` that waits for this JupyterLab, if it is still there."""
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(jupyter).parent()
        if parent and "labsupport" in parent.cmdline():
            return parent
    return None


def _purge_sandboxes(cache: Path) -> None:
    """Remove the sandboxes of every name, and those of the lesson builder, whose home lies in the cache."""
    builder = cache / "builder"
    if builder.is_dir():
        before = os.environ.get("LABSUPPORT_HOME")
        os.environ["LABSUPPORT_HOME"] = str(builder)
        try:
            _purge_sandboxes(sandbox.paths.cache())
        finally:
            os.environ.pop("LABSUPPORT_HOME")
            if before is not None:
                os.environ["LABSUPPORT_HOME"] = before
    # each may need its own driver to end it and to remove what its containers own
    for folder in sorted((cache / "sandbox").glob("*")):
        sandbox.purge(folder.name, report=say)


def reset() -> None:
    """A fresh sandbox; the learner's work is kept."""
    sandbox.reset(Reporter())
    say(f"The sandbox is fresh. Your work is as it was: {sandbox.paths.work()}")
