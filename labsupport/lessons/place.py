"""Where lessons are executed for the record: a sandbox of the builder's own, and always the same learner.

Names and ports are seeded per learner, so the committed notebooks are those of the learner "course". Nothing here
touches the sandbox, the working copy or the progress of whoever runs the builder.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labsupport import hub, sandbox
from labsupport.lessons.source import Notebook
from labsupport.sandbox import Sandbox, lifecycle, marked, paths

SEED = "course"
LEARNER = {"LABSUPPORT_SEED": SEED, "LABSUPPORT_WIDGETS": "0"}  # the learner "course", without widgets
CHOICES = ("LABSUPPORT_SANDBOX", "LABSUPPORT_ENGINE", "LABSUPPORT_DRIVER", "LABSUPPORT_STORE", "LABSUPPORT_SEED")
LEARNERS_CACHE = "/home/ada/.cache/containers-course"  # in committed outputs, whoever built them


@contextmanager
def workplace() -> Iterator[Callable[[], None]]:
    """A sandbox below the user's cache folder, started, in os.environ for kernels; at the end stopped and put back.

    Yields what brings it back to its beginning: call it before each notebook.
    """
    before = dict(os.environ)
    os.environ["LABSUPPORT_PACKAGES"] = str(paths.packages())  # the engine's programs, if they were fetched already
    os.environ["LABSUPPORT_HOME"] = str(marked.make(paths.cache() / "builder"))
    os.environ.pop("LABSUPPORT_SANDBOX", None)
    try:
        sb = sandbox.start(report=_nobody)
        hub.fill(sb, report=_nobody)
        os.environ.update(environment(sb))
        yield lambda: begin_anew(sb)
    finally:
        sandbox.stop()
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Place:
    """A sandbox to run notebooks in: what leads a process there as a learner without widgets, its working folder."""

    sandbox: Sandbox
    environment: Mapping[str, str]
    work: Path


@contextmanager
def fresh(
    home: Path, report: Callable[[str], None] | None = None, *, seed: str = SEED, **wanted: str
) -> Iterator[Place]:
    """A sandbox below this home with its hub filled, removed at the end; os.environ is as before in between.

    wanted: the variables that choose one (LABSUPPORT_SANDBOX, _ENGINE, _DRIVER, _STORE); none of the caller's count.
    Raises SandboxError, HubError.
    """
    packages, others = str(paths.packages()), lifecycle.supervisors()
    variables = {"LABSUPPORT_HOME": str(home), "LABSUPPORT_PACKAGES": packages, **wanted}
    try:
        with _variables(variables):
            sb = sandbox.start(report or _nobody)
            hub.fill(sb, report or _nobody)
            made = Place(sb, {**environment(sb), **variables, "LABSUPPORT_SEED": seed}, paths.work())
        yield made
    finally:
        with _variables(variables):
            sandbox.purge()
        lifecycle.reap(others)


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in CHOICES:
        os.environ.pop(name, None)
    os.environ.update({name: value for name, value in variables.items() if value})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def environment(sb: Sandbox) -> dict[str, str]:
    """What a kernel needs to run a lesson as the learner "course" in this sandbox, without widgets."""
    return {**sb.environment(), **LEARNER}


def begin_anew(sb: Sandbox, work: Path | None = None) -> None:
    """Empty the engine of containers, volumes, networks, images and build cache; forget progress and exercise folders.

    Only for a sandbox made for the purpose: it asks nobody. work: its working folder, where another process uses it.
    """
    client = sb.client()
    for container in client.containers.list(all=True):
        container.remove(force=True, v=True)
    for volume in client.volumes.list():
        volume.remove(force=True)
    for network in client.networks.list(filters={"type": "custom"}):
        network.remove()
    import docker

    # an image that others are built on goes after them: round by round, until nothing more can be removed
    left: set[str] = set()
    while (there := {str(image.id) for image in client.images.list()}) and there != left:
        left = there
        for identity in there:
            with contextlib.suppress(docker.errors.APIError):
                client.images.remove(identity, force=True)
    client.api.prune_builds()
    work = work or paths.work()
    shutil.rmtree(work / "exercises", ignore_errors=True)
    (work / "progress.json").unlink(missing_ok=True)


def anywhere(executed: Notebook) -> Notebook:
    """The notebook with the builder's own folders, in what its commands printed, written as a learner's."""
    # sockets lie below the temporary folder where the sandbox's own path is too long for them
    short = re.compile(rf"{re.escape(tempfile.gettempdir())}/{paths.APPLICATION}-\w+/")
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                text = short.sub(f"{LEARNERS_CACHE}/sandbox/default/run/", output.text)
                output.text = text.replace(str(paths.cache()), LEARNERS_CACHE)
    return executed


def _nobody(line: str) -> None:
    """Steps of a start nobody watches."""


def folder_of(notebook: Path) -> Path:
    """The kernel's working directory for a notebook: its own folder, as in JupyterLab."""
    notebook.parent.mkdir(parents=True, exist_ok=True)
    return notebook.parent
