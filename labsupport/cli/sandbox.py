"""`status`, `stop`, `reset`: what runs, and how to end it."""

from __future__ import annotations

import json
import shutil

import click

from labsupport import sandbox
from labsupport.cli.steps import Reporter, say
from labsupport.jupyter import server


def status(as_json: bool) -> int:
    """Print the sandbox's and JupyterLab's state; 0 when the sandbox is ready, 4 otherwise."""
    box, lab = sandbox.status(), server.find()
    facts = {
        "sandbox": box.status,
        "driver": box.driver,
        "engine": box.engine_version,
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
        server.stop_running(running)
        say("JupyterLab stopped.")
    if purge:
        cache = sandbox.paths.cache()
        # sandboxes of every name: each may need its own driver to end and remove it
        for folder in sorted((cache / "sandbox").glob("*")):
            sandbox.purge(folder.name, report=say)
        shutil.rmtree(cache, ignore_errors=True)
        left = f"{cache} could not be removed whole." if cache.exists() else "Nothing of the course is left here."
        say(f"{left} Your work is untouched: {sandbox.paths.work()}")
    elif sandbox.stop(report=say):
        say("The sandbox stopped.")
    elif not running:
        say("Nothing was running.")


def reset() -> None:
    """A fresh sandbox; the learner's work is kept."""
    sandbox.reset(Reporter())
    say(f"The sandbox is fresh. Your work is as it was: {sandbox.paths.work()}")
