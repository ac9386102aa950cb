"""SHA-256 of a stream, computed on a second core while the first one reads on.

hashlib gives up the interpreter's lock while it digests more than 2047 bytes (its documentation says so), so a
thread is enough. What waits is bounded: a reader that is faster than the digest waits for it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

_MOST_WAITING = 4  # pieces of one stream
_SMALL = 1 << 16  # bytes that cost less to digest here than to hand over


class Digester:
    """Digests of any number of streams, one thread for all of them. Close it (or use `with`) when done."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sha256")

    def __enter__(self) -> Digester:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def sha256(self) -> Sha256:
        """The digest of a new stream."""
        return Sha256(self._pool)


class Sha256:
    """Like hashlib.sha256(); the pieces given to update() must not change afterwards."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._digest = hashlib.sha256()
        self._pool = pool
        self._waiting: deque[Future[None]] = deque()

    def update(self, piece: bytes | memoryview) -> None:
        if len(piece) < _SMALL and not self._waiting:
            self._digest.update(piece)
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._digest.update, piece))

    def hexdigest(self) -> str:
        """The digest of all pieces so far, as hexadecimal text."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._digest.hexdigest()
