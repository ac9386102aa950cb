"""`start`: the sandbox, the hub, the working copy, JupyterLab; then wait, and undo what was started."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from labsupport import environment, sandbox, workcopy
from labsupport.doctor import programs
from labsupport.jupyter import server, trust
from labsupport.sandbox import startlock
from labsupport.steps import Reporter, say, step

INTERRUPTED = 130


def start(*, port: int, browser: bool) -> int:
    """Start what does not run yet, open JupyterLab, and on Ctrl-C or SIGTERM stop again what was started here.

    Two at once take turns: the second finds the JupyterLab of the first. The address goes to stdout, everything else to
    stderr. Returns 130 after Ctrl-C, as a shell expects.
    """
    with signals_as_interrupt(), contextlib.ExitStack() as undo:
        try:
            # an interrupted start undoes what it has begun before the next one has its turn
            with startlock.held(_waiting), contextlib.ExitStack() as begun:
                if already := server.find():
                    say("JupyterLab of the course already runs.")
                    _complete()
                    _open(already, browser)
                    return 0
                launched = _bring_up(port, browser, begun)
                undo.enter_context(_undone_in_turn(begun.pop_all()))
            return _serve(launched)
        except KeyboardInterrupt:
            say("\nStopping ...")
    say("Stopped. Your work is in " + str(sandbox.paths.work()))
    return INTERRUPTED


def _waiting(other: int) -> None:
    say(f"Another start (process {other}) is at work: waiting for it. Ctrl-C ends this waiting and nothing else.")


@contextlib.contextmanager
def _undone_in_turn(begun: contextlib.ExitStack) -> Iterator[None]:
    try:
        yield
    finally:
        with startlock.held(), begun:
            pass


def _complete() -> None:
    """What a running JupyterLab may lack: the sandbox (stopped by hand), newer lessons (the checkout was updated)."""
    from labsupport import hub

    hub.fill(sandbox.start(Reporter()), Reporter(), verify=True)
    _working_copy(environment.checkout(), sandbox.paths.work())


def _bring_up(port: int, browser: bool, begun: contextlib.ExitStack) -> server.Launched:
    """Sandbox, working copy, hub, JupyterLab; begun gets what undoes those that were started here."""
    booted = []

    def booting() -> None:
        # before the boot: Ctrl-C in the middle of it must not leave half a sandbox behind
        begun.callback(sandbox.stop)
        booted.append(True)

    programs.provide(programs.LESSONS, say)
    work = sandbox.paths.work()
    _working_copy(environment.checkout(), work)
    with step("Starting the sandbox"):
        box = sandbox.start(Reporter(), wait=False, booting=booting)
        # JupyterLab takes longer than the engine: both come up at the same time
        launched = server.launch(work, port, box.environment())
        begun.callback(server.stop, launched.process)
        box = sandbox.attach()
    from labsupport import hub

    with step("Filling the hub"):
        hub.fill(box, Reporter(), verify=True)
    with step("Starting JupyterLab"):
        running = server.wait_for(launched)
    if running.port != port:
        say(f"Port {port} is in use; JupyterLab listens on {running.port}.")
    rest = " and the sandbox." if booted else "; the sandbox ran before and goes on."
    say("Ctrl-C here stops JupyterLab" + rest)
    _open(running, browser)
    return launched


def _serve(launched: server.Launched) -> int:
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


def _open(running: server.Running, browser: bool) -> None:
    print(running.url, flush=True)
    if not browser or os.environ.get("SSH_CONNECTION"):
        say(f"Is this a server? On your own computer: {_tunnel(running.port)}   then open the address above there.")
    if not browser:
        return
    import webbrowser

    # without a display Python opens a text browser in this very terminal
    shown = sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not (shown and webbrowser.open(running.url)):
        say("No browser could be opened here: open the address above.")


def _tunnel(port: int) -> str:
    """The command that leads the learner's own port to this one, ssh(1); the server as they reached it, if they did."""
    # sshd(8): the client's address and port, then the server's
    reached = os.environ.get("SSH_CONNECTION", "").split()
    host, ssh_port = (reached[2], reached[3]) if len(reached) == 4 else (socket.gethostname(), "22")
    other = "" if ssh_port == "22" else f"-p {ssh_port} "
    return f"ssh -N -L {port}:127.0.0.1:{port} {other}{getpass.getuser()}@{host}"


@contextlib.contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a closed terminal window, end a start as Ctrl-C does; once, since the rest is its undo."""
    numbers = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (*numbers, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
