"""Follow an engine's images: called again whenever a build, pull, load, tag or removal changed them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from labsupport.errors import ImageDataError
from labsupport.layers.connection import Connection, Stream
from labsupport.layers.engine import Reader
from labsupport.layers.model import Store

_SETTLE = 0.03  # seconds; one command makes several events at once
_FILTER = "%7B%22type%22%3A%5B%22image%22%5D%7D"  # {"type":["image"]}


class Follower:
    """Calls `changed(store)` from a thread of its own: first with what is there, then after every change.

    failed(message): the engine does not answer; it is asked again until it does, and `changed` is called then.
    An engine before 23 tells no event of a BuildKit build (seen on 20.10), so there the list is asked for every
    0.4 s as well; elsewhere every 5 s, in case an event was lost.
    """

    def __init__(
        self, api: Connection, changed: Callable[[Store], None], failed: Callable[[str], None] | None = None
    ) -> None:
        self.reader = Reader(api)
        self._api = api
        self._changed = changed
        self._failed = failed or (lambda message: None)
        self._stirred = threading.Event()
        self._ended = threading.Event()
        self._stream: Stream | None = None
        self._seen: object = None
        self._listener = threading.Thread(target=self._listen, name="layers-events", daemon=True)
        self._worker = threading.Thread(target=self._work, name="layers-reader", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._listener.start()
        self._worker.start()

    def stop(self) -> None:
        """End both threads and the event stream. `changed` is not called afterwards, except from a call under
        way.
        """
        self._ended.set()
        self._stirred.set()
        if self._stream is not None:
            self._stream.close()

    def nudge(self) -> None:
        """Look now, and call `changed` even when nothing did."""
        self._seen = None
        self._stirred.set()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self._stream = self._api.stream(f"/events?filters={_FILTER}")
                self._stirred.set()  # whatever happened before the stream stood
                for _ in self._stream:
                    self._stirred.set()
            except ImageDataError:
                pass  # the worker tells; here it is only tried again
            self._ended.wait(0.5)

    def _work(self) -> None:
        interval = 5.0
        while not self._ended.is_set():
            self._stirred.clear()
            try:
                store = self.reader.read()
                interval = 0.4 if _older(self._api.version, 42) else 5.0
                seen = frozenset((image.id, image.tags) for image in store.images)  # engines give no order that stays
                if seen != self._seen and not self._ended.is_set():
                    self._seen = seen
                    self._changed(store)
            except ImageDataError as error:
                interval, self._seen = 0.5, None
                self._failed(error.message)
            if self._stirred.wait(interval):
                self._ended.wait(_SETTLE)


def _older(version: str, minor: int) -> bool:
    return int(version.rpartition(".")[2]) < minor
