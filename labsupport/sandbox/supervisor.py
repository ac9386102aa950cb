"""The process that keeps one sandbox: boots the engine, serves the registry, restarts what ends, cleans up at the end.

    python -m labsupport.sandbox.supervisor DIRECTORY

It ends on SIGTERM (`labsupport stop`), and when its folder was removed. When it is killed instead, the engine and
slirp4netns end with it, and the next start sweeps the rest. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO

from labsupport import pace
from labsupport.sandbox import api, ended, events, ready, state, store
from labsupport.sandbox.driver import Driver

MOST_RESTARTS = 5  # within RESTART_WINDOW seconds; then something is wrong that restarting does not mend
RESTART_WINDOW = 120
# An engine that is there and does not answer, asked every PING_SECONDS, is killed and started again after HUNG_SECONDS.
PING_SECONDS, HUNG_SECONDS = 3, 15


def driver_for(settings: state.Settings) -> Driver:
    """The driver named in the settings."""
    if settings.driver == "private":
        from labsupport.sandbox.private import Private

        return Private(settings)
    if settings.driver == "rootless":
        from labsupport.sandbox.rootless import Rootless

        return Rootless(settings)
    from labsupport.sandbox.contained import Contained

    return Contained(settings)


class Supervisor:
    """Boots one engine and watches over it."""

    def __init__(self, directory: Path, lock: IO[bytes]) -> None:
        self.directory, self.lock = directory, lock
        self.settings = state.read_settings(directory)
        self.driver = driver_for(self.settings)
        self.state = state.State(
            status="starting",
            driver=self.driver.name,
            engine_version=self.driver.engine.version,
            store=self.settings.store,
            docker_host=self.driver.docker_host,
            certificates=self.driver.certificates,
            supervisor=os.getpid(),
        )
        self.stopping = threading.Event()
        self.restarts: list[float] = []
        self.answered = time.monotonic()

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self._write()
        try:
            self.driver.sweep()
            self._boot()
            threading.Thread(target=self._record_events, daemon=True).start()
            threading.Thread(target=self._ping, daemon=True).start()
            while not self.stopping.wait(0.2):
                if not self._holds_its_folder():
                    print("the sandbox's folder was removed; ending", file=sys.stderr, flush=True)
                    return
                if name := self.driver.ended():
                    self._restart(name, self.driver.exit_status(name))
                elif (silent := time.monotonic() - self.answered) > HUNG_SECONDS and silent > pace.seconds(
                    HUNG_SECONDS
                ):
                    self._restart("engine", f"no answer for {silent:.0f} s")
        except Exception as error:  # noqa: BLE001  whatever it was, it is told and everything is stopped
            traceback.print_exc()
            self.state.error = str(error)
        finally:
            if self._holds_its_folder():
                ended.note(self.directory, self.driver.docker_host, self.driver.certificates)
                self.driver.stop()
                self.state.status = "failed" if self.state.error else "stopped"
                self._write()
            else:
                self.driver.abandon()

    def _boot(self) -> None:
        ready.patiently(self.driver, self._boot_once)

    def _boot_once(self) -> None:
        self.driver.boot()
        # the registries come up while the engine does
        ports = self.driver.serve_registry()
        ready.wait(self.driver, "the engine", stopping=self.stopping.wait)
        ready.wait(self.driver, "the hub's registry", lambda: not ports[0] or api.listens(ports[0]), self.stopping.wait)
        version = api.get(self.driver.docker_host, "/version", self.driver.certificates)
        self.state.engine_version = version["Version"].split("+")[0]
        self._check_store()
        self.state.registry_port, self.state.login_registry_port = ports
        self.state.status, self.state.error = "ready", ""
        self.answered = time.monotonic()
        self._write()

    def _check_store(self) -> None:
        if self.settings.store == store.GRAPH:
            return  # every engine has it, and it is pinned: the question would only cost time
        seen = store.of(api.get(self.driver.docker_host, "/info", self.driver.certificates))
        if seen != self.settings.store:
            raise RuntimeError(
                f"the engine ({self.state.engine_version}) keeps images with its {store.NAMES[seen]}, "
                f"and LABSUPPORT_STORE asked for the {store.NAMES[self.settings.store]}"
            )

    def _ping(self) -> None:
        """Note when the engine answered last. A stopped process (SIGSTOP) takes connections, and says nothing."""
        while not self.stopping.wait(PING_SECONDS):
            if api.answers(self.driver.docker_host, self.driver.certificates, timeout=2 * PING_SECONDS):
                self.answered = time.monotonic()

    def _holds_its_folder(self) -> bool:
        """Whether the lock that others would find is the one held here: not after a folder is removed, or made anew."""
        with contextlib.suppress(OSError):
            there, held = (self.directory / state.LOCK).stat(), os.fstat(self.lock.fileno())
            return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
        return False

    def _restart(self, name: str, how: str) -> None:
        hung = not self.driver.ended()
        ended = "hangs" if hung else "ended"
        now = time.monotonic()
        self.restarts = [moment for moment in self.restarts if now - moment < RESTART_WINDOW] + [now]
        if len(self.restarts) > MOST_RESTARTS:
            raise RuntimeError(f"{name} keeps ending ({how}); it was restarted {MOST_RESTARTS} times")
        self.state.status, self.state.restarts = "starting", self.state.restarts + 1
        self._write()
        print(f"{name} {ended} ({how}); starting again", file=sys.stderr, flush=True)
        if hung:
            self.driver.sweep()  # it would not hear a polite request
        else:
            self.driver.stop()
        self._boot()
        what = "The engine" if name == "engine" else f"The sandbox's {name}"
        ended = "did not answer any more" if hung else "had ended"
        state.add_notice(
            self.directory,
            f"{what} {ended} ({how}) and was started again. Images and stopped containers are still there; "
            "containers that ran have ended.",
        )

    def _record_events(self) -> None:
        if self.driver.certificates:
            os.environ.update(DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=self.driver.certificates)
        events.record(self.driver.docker_host, self.directory / "events.jsonl", self.stopping)

    def _write(self) -> None:
        state.write_json(self.directory / state.STATE, self.state)


def main() -> None:
    directory = Path(sys.argv[1])
    lock = state.try_lock(directory / state.LOCK)
    deadline = time.monotonic() + 1
    while lock is None and time.monotonic() < deadline:
        # who asks whether a supervisor lives takes the lock for a moment: that is not another supervisor
        time.sleep(0.01)
        lock = state.try_lock(directory / state.LOCK)
    if lock is None:
        return  # another supervisor keeps this sandbox
    with lock:
        state.write_holder(lock)
        Supervisor(directory, lock).run()


if __name__ == "__main__":
    main()
