"""`status`, `stop`, `reset`: what runs, and how to end it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import psutil

from labsupport import environment, sandbox
from labsupport.jupyter import server
from labsupport.sandbox import exports, marked, startlock
from labsupport.steps import Reporter, say


def status(as_json: bool) -> int:
    """Print the sandbox's and JupyterLab's state; 0 when the sandbox is ready, 4 otherwise."""
    box, lab = sandbox.status(), server.find()
    facts = {
        "sandbox": box.status,
        "driver": box.driver,
        "engine": box.engine_version,
        "store": box.store,
        "docker_host": box.docker_host if box.status in ("ready", "not answering") else "",
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
        if box.status in ("failed", "not answering"):
            say(f"  next: {sandbox.advice('', box)}")
    return 0 if box.status == "ready" else 4


def stop(purge: bool) -> None:
    """Stop JupyterLab and the sandbox; with purge, remove everything the course keeps but the learner's work.

    A purge that would take more than the course's own is refused before anything is stopped.
    """
    cache, work = sandbox.paths.cache(), sandbox.paths.work()
    ours = marked.folders(cache)
    if purge:
        marked.refuse(ours, work)
    # first: a start that ends later would find its sandbox gone, and leave a JupyterLab without one
    startlock.end_other(say)
    running = server.find()
    if running:
        keeper = _start_command(running.pid)
        server.stop_running(running)
        if keeper:
            # a `start` in another terminal now stops its sandbox; a purge must not run beside it
            with contextlib.suppress(psutil.TimeoutExpired):
                keeper.wait(60)
        say("JupyterLab stopped.")
    alone = startlock.held(lambda other: startlock.end_other(say)) if cache.exists() else contextlib.nullcontext()
    with alone:
        if purge:
            _purge(cache, work, ours)
        elif sandbox.stop(report=say):
            say("The sandbox stopped.")
        elif not running:
            say("Nothing was running.")


def _purge(cache: Path, work: Path, ours: list[Path]) -> None:
    _purge_sandboxes(cache)
    for folder in ours:
        marked.remove(folder)
    for file in marked.files(cache):
        file.unlink(missing_ok=True)
    for folder in (cache / "packages", cache / "sandbox", cache / "verify", cache):
        with contextlib.suppress(OSError):
            folder.rmdir()  # what is empty now
    for line in _what_is_left(cache, work):
        say(line)


def _what_is_left(cache: Path, work: Path) -> Iterator[str]:
    """What a purge left, and why."""
    where = work.resolve()
    for path in marked.foreign(cache):
        found = path.resolve()
        if not (found.is_relative_to(where) or where.is_relative_to(found)):
            yield f"{path} stays: the course did not make it."
    packages = sandbox.paths.packages()
    if packages.exists() and not packages.is_relative_to(cache):
        yield f"{packages} stays: LABSUPPORT_PACKAGES names it, and others may use it."
    venv = environment.folder(sandbox.paths.CHECKOUT)
    if venv.exists() and not venv.is_relative_to(sandbox.paths.CHECKOUT):
        yield f"{venv} stays: LABSUPPORT_VENV names it. It holds the Python packages, which run this."
    yield f"The course keeps nothing more outside of {sandbox.paths.CHECKOUT}."
    if work.exists():
        yield f"Your work is untouched: {work}"


def _start_command(jupyter: int) -> psutil.Process | None:
    """The `start` that waits for this JupyterLab, if it is still there."""
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(jupyter).parent()
        if parent and "labsupport" in parent.cmdline():
            return parent
    return None


def _purge_sandboxes(cache: Path) -> None:
    """Remove the sandboxes of every name, and those of the lesson builder and of `verify`, with homes in the cache."""
    for home in filter(marked.is_ours, (cache / "builder", *cache.glob("verify/*"))):
        before = os.environ.get("LABSUPPORT_HOME")
        os.environ["LABSUPPORT_HOME"] = str(home)
        try:
            _purge_sandboxes(sandbox.paths.cache())
        finally:
            os.environ.pop("LABSUPPORT_HOME")
            if before is not None:
                os.environ["LABSUPPORT_HOME"] = before
    # each may need its own driver to end it and to remove what its containers own
    for folder in marked.folders(cache):
        if folder.parent.name == "sandbox":
            sandbox.purge(folder.name, report=say)


def env(shell: str) -> None:
    """Print the lines that connect a shell to the running sandbox. Raises SandboxNotRunning, EngineFailed."""
    for line in exports.lines(sandbox.attach(), os.environ, shell or "sh"):
        click.echo(line)


def reset() -> None:
    """A fresh sandbox; the learner's work is kept."""
    sandbox.reset(Reporter())
    say(f"The sandbox is fresh. Your work is as it was: {sandbox.paths.work()}")
