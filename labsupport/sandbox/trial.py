"""An engine is tried on this machine before it is used: what the lessons' first cells do, on an engine of its own.

Nothing of it is seen later: the trial's engine has a folder, sockets and a log of its own inside the sandbox's folder,
and they are removed whether it passes or not. The learner's images, containers and events are not touched by it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from labsupport.sandbox import engine_image, ready, state
from labsupport.sandbox.driver import Driver
from labsupport.sandbox.engine import Engine
from labsupport.sandbox.session import Sandbox
from labsupport.sandbox.supervisor import driver_for

STEP_SECONDS = 300  # a machine in software emulation takes a minute for a build
IMAGE = "trial:1"
CONTAINER = "trial"
SAID = "it works\n"


class Failed(Exception):
    """A step of the trial failed: which, and what it said last."""


def run(settings: state.Settings, programs: Engine) -> str:
    """Boot this engine with these settings, try it, remove it; return what it could not do, "" when it can do all.

    settings describe a sandbox of the trial's own, not the learner's. An engine without BusyBox to run is not tried.
    """
    busybox = programs.find("busybox")
    if not busybox:
        return ""
    driver = driver_for(settings)
    driver.sweep()
    try:
        with _booted(driver):
            _steps(driver, programs, Path(busybox))
    except Failed as error:
        return str(error)
    except (OSError, RuntimeError) as error:
        return f"it does not start: {error}; {state.tail(driver.engine_log, 1)}".rstrip("; ")
    finally:
        driver.remove_all()
    return ""


@contextlib.contextmanager
def _booted(driver: Driver) -> Iterator[None]:
    def boot() -> None:
        driver.boot()
        ready.wait(driver, "the engine")

    try:
        ready.patiently(driver, boot)
        yield
    finally:
        driver.stop()


def _steps(driver: Driver, programs: Engine, busybox: Path) -> None:
    box = Sandbox(CONTAINER, driver.directory, driver.name, driver.docker_host, driver.certificates)
    docker = _Client(programs.find("docker"), box.environment())
    context = driver.directory / "context"
    context.mkdir()
    (context / "said").write_text(SAID)
    (context / "Dockerfile").write_text(f'FROM {IMAGE}\nCOPY said /said\nRUN ["/bin/busybox", "true"]\n')
    docker("import", "-", IMAGE, given=_userland(busybox, programs))
    docker("run", "--detach", "--name", CONTAINER, IMAGE, "/bin/busybox", "sleep", "3600")
    docker("exec", CONTAINER, "/bin/busybox", "true")
    docker("cp", str(context / "said"), f"{CONTAINER}:/copied")
    if docker("exec", CONTAINER, "/bin/busybox", "cat", "/copied") != SAID:
        raise Failed("docker cp: another content arrived in the container")
    docker("cp", f"{CONTAINER}:/copied", str(context / "returned"))
    if (context / "returned").read_text() != SAID:
        raise Failed("docker cp: another content came out of the container")
    docker("build", "--tag", "trial:2", str(context))
    docker("rm", "--force", CONTAINER)


@dataclasses.dataclass(frozen=True)
class _Client:
    """`docker` on the trial's engine. Raises Failed with the last line it wrote."""

    program: str
    environment: dict[str, str]

    def __call__(self, verb: str, *words: str, given: bytes = b"") -> str:
        try:
            done = subprocess.run(
                [self.program, verb, *words],
                input=given,
                capture_output=True,
                env=self.environment,
                timeout=STEP_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"docker {verb}: no end after {STEP_SECONDS} s") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit {done.returncode}"]
            raise Failed(f"docker {verb}: {next((line for line in said if 'rror' in line), said[-1])}")
        return done.stdout.decode(errors="replace")


def _userland(busybox: Path, programs: Engine) -> bytes:
    """An image's files as a tar: BusyBox, and the shared libraries it may need."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox.resolve(), "bin/busybox", filter=engine_image.owned_by_root)
        for target, source in engine_image.libraries(busybox.resolve(), programs).items():
            archive.add(source, target.lstrip("/"), filter=engine_image.owned_by_root)
    return buffer.getvalue()
