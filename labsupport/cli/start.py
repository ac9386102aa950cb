"""`start`: the sandbox, the hub, the working copy, JupyterLab; then wait, and undo what was started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from labsupport import environment, sandbox, workcopy
from labsupport.doctor import programs
from labsupport.jupyter import server, trust
from labsupport.steps import Reporter, say, step

INTERRUPTED = 130


def start(*, port: int, browser: bool) -> int:
    """Start what does not run yet, open JupyterLab, and on Ctrl-C or SIGTERM stop again what was started here.

    The address goes to stdout, everything else to stderr. Returns 130 after Ctrl-C, as a shell expects.
    """
    already = server.find()
    if already:
        say("JupyterLab of the course already runs.")
        _complete()
        _open(already.url, browser)
        return 0
    with _sigterm_as_interrupt(), contextlib.ExitStack() as undo:
        try:
            return _serve(port, browser, undo)
        except KeyboardInterrupt:
            say("\nStopping ...")
    say("Stopped. Your work is in " + str(sandbox.paths.work()))
    return INTERRUPTED


def _complete() -> None:
    """What a running JupyterLab may lack: the sandbox (stopped by hand), newer lessons (the checkout was updated)."""
    from labsupport import hub

    hub.fill(sandbox.start(Reporter()), Reporter())
    _working_copy(environment.checkout(), sandbox.paths.work())


def _serve(port: int, browser: bool, undo: contextlib.ExitStack) -> int:
    programs.provide(programs.LESSONS, say)
    was_running = sandbox.status().status in ("ready", "starting")
    if not was_running:
        # registered before the boot: Ctrl-C in the middle of it must not leave half a sandbox behind
        undo.callback(sandbox.stop)
    work = sandbox.paths.work()
    _working_copy(environment.checkout(), work)
    with step("Starting the sandbox" if not was_running else "Attaching to the sandbox"):
        box = sandbox.start(Reporter(), wait=False)
        # JupyterLab takes longer than the engine: both come up at the same time
        launched = server.launch(work, port, box.environment())
        undo.callback(server.stop, launched.process)
        box = sandbox.attach()
    from labsupport import hub

    with step("Filling the hub"):
        hub.fill(box, Reporter())
    with step("Starting JupyterLab"):
        running = server.wait_for(launched)
    if running.port != port:
        say(f"Port {port} is in use; JupyterLab listens on {running.port}.")
    rest = "; the sandbox ran before and goes on." if was_running else " and the sandbox."
    say("Ctrl-C here stops JupyterLab" + rest)
    _open(running.url, browser)
    status = launched.process.wait()
    if server.ended_on_request(status):
        say("JupyterLab was stopped.")
        return 0
    raise server.JupyterFailed(
        f"JupyterLab ended by itself (status {status}).", next_command="python3 -m labsupport start"
    )


def _working_copy(checkout: Path, work: Path) -> None:
    usual = Path.home() / sandbox.paths.APPLICATION
    if not sandbox.paths.home() and sandbox.paths.overlap(usual, checkout):
        say(f"You work in {work}, since {usual} is where the course itself lies.")
    for name in workcopy.carry_over(checkout, work):
        say(f"  Copied what you had done: {checkout / name}")
    with step(f"Bringing your working copy {work} up to date"):
        done = workcopy.refresh(checkout, work)
        trust.sign(work / name for name in done.written)
    for name, newer in done.beside.items():
        say(f"  You have changed {name}: it stays as it is, the newer version is {newer}")


def _open(url: str, browser: bool) -> None:
    print(url, flush=True)
    # without a display Python opens a text browser in this very terminal
    shown = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not browser:
        return
    import webbrowser

    if not (shown and webbrowser.open(url)):
        say("No browser could be opened here: open the address above.")


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a closed terminal window, end a start as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
