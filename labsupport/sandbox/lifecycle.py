"""Start, find, stop and remove a sandbox. One supervisor per sandbox; any number of notebooks attach to it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from labsupport import pace
from labsupport.errors import EngineFailed, SandboxNotRunning
from labsupport.sandbox import api, marked, paths, processes, startlock, state, store, trouble
from labsupport.sandbox.session import Sandbox

if TYPE_CHECKING:
    from labsupport.sandbox.driver import Driver

Report = Callable[[str], None]

HUNG_SECONDS = 20  # a busy machine's engine may be slow to answer; its supervisor pings it meanwhile
HUNG_MOST = 60  # however slow the machine: a learner waits before a silent cell
STOP_SECONDS = 30
_START_LOCK = "start.lock"

# They outlive this process on purpose: dropping a Popen whose child runs is a ResourceWarning.
_SUPERVISORS: list[subprocess.Popen[bytes]] = []


def status(name: str = "") -> state.State:
    """How the sandbox is doing now: the last written state, corrected by what is found.

    "stopped" where its supervisor has gone, "not answering" where the engine that should be ready does not answer.
    """
    directory = paths.sandbox(name or paths.sandbox_name())
    current = _written(directory)
    if current.status == "ready" and not api.answers(current.docker_host, current.certificates):
        again = _written(directory)  # it may have been stopped or restarted just now
        current = dataclasses.replace(again, status=trouble.NOT_ANSWERING) if again.status == "ready" else again
    return current


def _written(directory: Path) -> state.State:
    """The last written state, corrected by whether a supervisor lives."""
    current = state.read_state(directory)
    if state.supervised(directory):
        if current.status == "stopped" and not current.supervisor:
            # a supervisor writes its number first of all: what it wrote is lost
            return dataclasses.replace(
                current, status=trouble.NOT_ANSWERING, error=f"{state.STATE} there can't be read"
            )
    elif current.status == "ready" or (current.status == "starting" and not state.is_held(directory / _START_LOCK)):
        current.status = "stopped"
    return current


def attach(name: str = "") -> Sandbox:
    """The running sandbox. Waits while its engine is being (re)started. Raises SandboxNotRunning, EngineFailed."""
    name = name or paths.sandbox_name()
    directory = paths.sandbox(name)
    hung = time.monotonic()
    while True:
        current = _written(directory)
        if current.status == "ready" and api.answers(current.docker_host, current.certificates):
            break
        if current.status in ("failed", trouble.NOT_ANSWERING):
            raise trouble.failed(name, current)
        if current.status == "stopped":
            raise SandboxNotRunning(
                f"no sandbox is running under the name {name!r}",
                seen=f"no supervisor for {directory}",
                next_command=trouble.START,
            )
        if current.status == "starting":
            # its supervisor says when it is to be given up: a slow machine is no failure
            hung = time.monotonic()
        elif (waited := time.monotonic() - hung) > HUNG_SECONDS and waited > min(pace.seconds(HUNG_SECONDS), HUNG_MOST):
            raise trouble.failed(name, current)
        time.sleep(0.02)
    sandbox = Sandbox.of(directory)
    sandbox._notices_read = state.size(sandbox.directory / state.NOTICES)
    return sandbox


def start(
    report: Report = print, name: str = "", *, wait: bool = True, booting: Callable[[], None] = lambda: None
) -> Sandbox:
    """The running sandbox, booted first where there is none or it hangs. Safe to call from two processes, or again.

    With wait=False it returns while the engine still boots: its address and environment are known by then; attach()
    waits until it answers. booting is called before this process boots one: whoever started it may want to stop it.
    """
    name = name or paths.sandbox_name()
    store.choose(paths.sandbox(name))  # a running engine of the other store is not what was asked for
    with contextlib.suppress(SandboxNotRunning, EngineFailed):
        return attach(name)
    try:
        directory = marked.make(paths.sandbox(name))
        with _starting(directory):
            current = status(name)
            if current.status not in ("ready", "starting"):
                if state.supervised(directory):
                    report("the engine does not answer: it is ended and started again")
                    stop(name)
                booting()
                _remove_half_made(directory)
                _boot(name, directory, report)
    except OSError as error:
        if not trouble.is_full(error):
            raise
        raise trouble.full(paths.sandbox(name)) from error
    if not wait and (driver := _driver(directory)):
        return Sandbox(name, directory, driver.name, driver.docker_host, driver.certificates)
    return _wait(name, directory)


def stop(name: str = "", report: Report = lambda line: None) -> bool:
    """End the sandbox's engine and all it runs; keep its images and containers. False when none was running."""
    name = name or paths.sandbox_name()
    directory = paths.sandbox(name)
    if not marked.is_ours(directory):
        # the folder may have been removed while the sandbox ran: its processes are found by their marks
        running = bool(processes.leftovers(str(directory)) | processes.supervisors(str(directory)))
        processes.kill_leftovers(str(directory))
        return running
    running = state.supervised(directory)
    if running:
        report(f"stopping the sandbox {name!r}")
        deadline = time.monotonic() + STOP_SECONDS
        while state.supervised(directory):
            late = time.monotonic() > deadline
            # read anew each time: a supervisor that has just begun has not written its number yet
            supervisor = state.holder(directory / state.LOCK)
            if supervisor > 0:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(supervisor, getattr(signal, "SIGKILL", signal.SIGTERM) if late else signal.SIGTERM)
            if late:
                break
            time.sleep(0.05)
    _sweep(name, directory)
    return running


def supervisors() -> frozenset[int]:
    """The process ids of the supervisors that this process has started."""
    return frozenset(each.pid for each in _SUPERVISORS)


def reap(others: frozenset[int], seconds: float = 30) -> None:
    """Wait for those among them that were told to end: all but these others."""
    for each in [each for each in _SUPERVISORS if each.pid not in others]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            each.wait(seconds)
            _SUPERVISORS.remove(each)


def purge(name: str = "", report: Report = lambda line: None) -> None:
    """Stop the sandbox and remove all of it: engine data, hub, sockets. The learner's working copy stays.

    Only what the course made is removed, see marked.py. Raises SandboxError before anything is touched where that would
    take more with it.
    """
    name = name or paths.sandbox_name()
    directory, sockets = paths.sandbox(name), paths.sockets(name)
    marked.refuse([folder for folder in (directory, sockets) if folder.exists()], paths.work())
    stop(name, report)
    if marked.is_ours(directory):
        report(f"removing {directory}")
        if driver := _driver(directory):
            driver.remove_all()
        else:
            _empty_without_settings(directory, sockets)
        marked.remove(directory)
    if _own(sockets):
        marked.remove(sockets)
    # the folders above go with the last sandbox in them
    with contextlib.suppress(OSError):
        directory.parent.rmdir()
        trials = paths.cache() / marked.TRIALS
        if trials in marked.files(paths.cache()):
            trials.unlink()  # of packages that somebody else keeps
        paths.cache().rmdir()


def _empty_without_settings(*folders: Path) -> None:
    """Where a learner's `rm -rf` took the settings along: files of a rootless engine belong to subordinate users."""
    from labsupport.sandbox import rootless
    from labsupport.sandbox.driver import is_root

    if sys.platform == "linux" and not is_root():
        for folder in filter(Path.is_dir, folders):
            rootless.empty(folder)


def _own(folder: Path) -> bool:
    """Whether this user made the folder: the temporary folder is open to everybody, and root could remove anything."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def reset(report: Report = print, name: str = "") -> Sandbox:
    """A fresh engine without images, containers, volumes or networks; the hub and the learner's work are kept."""
    name = name or paths.sandbox_name()
    directory = paths.sandbox(name)
    marked.refuse([directory / "data"], paths.work(), again="python3 -m labsupport reset")
    stop(name, report)
    if driver := _driver(directory):
        report("removing the engine's images, containers, volumes and networks")
        driver.remove_data()
        store.forget(directory)
        # what exercises began with went with the engine's data
        shutil.rmtree(directory / paths.SCENES, ignore_errors=True)
    return start(report, name)


def _boot(name: str, directory: Path, report: Report) -> None:
    from labsupport.sandbox import choice

    settings = choice.settings(name, directory, report)
    state.write_json(directory / state.SETTINGS, settings)
    state.write_json(directory / state.STATE, state.State(status="starting", driver=settings.driver))
    report(f"starting the engine ({settings.driver} driver, version {settings.engine.get('version') or 'as found'})")
    package_root = Path(__file__).resolve().parents[2]
    # only the container driver needs installed packages; without them Python starts in half the time
    options = [] if settings.driver == "container" else ["-S"]
    with (directory / state.SUPERVISOR_LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *options, "-m", "labsupport.sandbox.supervisor", str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=package_root,
            env={**os.environ, "PYTHONPATH": str(package_root)},
            start_new_session=True,
        )
    try:
        # until its lock is held, "stopped" would be read where "starting" is true
        while not state.supervised(directory):
            if process.poll() is not None:
                raise EngineFailed(
                    "the sandbox's supervisor ended at once", seen=state.tail(directory / state.SUPERVISOR_LOG)
                )
            time.sleep(0.005)
    except KeyboardInterrupt:
        # nobody could find it yet to stop it
        process.terminate()
        process.wait()
        raise
    _SUPERVISORS.append(process)


def _remove_half_made(directory: Path) -> None:
    """Data of an engine that never came up may be why it does not (a disk that was full): it is made anew."""
    if state.read_state(directory).status == "failed" and not trouble.worked(directory):
        marked.refuse([directory / "data"], paths.work(), again=trouble.START)
        if driver := _driver(directory):
            driver.remove_data()


def _wait(name: str, directory: Path) -> Sandbox:
    try:
        return attach(name)
    except SandboxNotRunning as error:
        raise trouble.failed(name, state.read_state(directory)) from error


def _sweep(name: str, directory: Path) -> None:
    """After the supervisor: end what it could not, and take its traces away."""
    if driver := _driver(directory):
        driver.sweep()
    processes.kill_leftovers(str(directory))
    with contextlib.suppress(OSError):
        state.write_json(
            directory / state.STATE,
            dataclasses.replace(state.read_state(directory), status="stopped", supervisor=0),
        )


def _driver(directory: Path) -> Driver | None:
    """The driver of a sandbox that does not run, to clean up with; None where its settings were never written."""
    from labsupport.sandbox.supervisor import driver_for

    try:
        return driver_for(state.read_settings(directory))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _starting(directory: Path, seconds: float = startlock.WAIT_SECONDS) -> Iterator[None]:
    """One boot at a time, by a command or a notebook; a second one waits, then finds the sandbox running."""

    def end(other: int) -> str:
        return f"kill {other} && {trouble.START}   (a notebook's kernel, it may be: its variables go with it)"

    with startlock.only_one(directory / _START_LOCK, lambda other: None, seconds, end):
        yield
