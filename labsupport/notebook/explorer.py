"""The live explorer: all images of an engine, their layers to scale, redrawn as builds, pulls and removals happen.

Python reads and counts, `explorer.js` draws and listens to keys. They talk in two ways: the trait `picture` holds
what is drawn, and short messages ask for what is too much to send along (an image's history, files, a search).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import HTML, display

from labsupport.errors import CourseError, ImageDataError
from labsupport.figures.live import image_details, picture_data, still, summary
from labsupport.layers.connection import Connection
from labsupport.layers.engine import read_files
from labsupport.layers.files import FileHistory
from labsupport.layers.follow import Follower
from labsupport.layers.identity import short
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.model import Image, Store

_HERE = Path(__file__).parent
_MOST = 200  # rows of files or findings sent at once


class Explorer(anywidget.AnyWidget):
    """The widget. Leave it as a cell's last line, or `display` it; `close()` ends its threads."""

    _esm = _HERE / "explorer.js"
    _css = _HERE / "explorer.css"
    picture = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("reading the images").tag(sync=True)
    identity = traitlets.Unicode("").tag(sync=True)

    def __init__(self, api: Connection) -> None:
        super().__init__(identity=uuid.uuid4().hex)
        self._api = api
        self._files: dict[str, LayerFiles] = {}
        self._busy = threading.Lock()
        self._cancel = threading.Event()
        self._store: Store | None = None
        self._first = threading.Event()
        self.on_msg(self._asked)
        self._follower = Follower(api, self._changed, self._failed)
        self._follower.start()

    def wait(self, seconds: float) -> Store | None:
        """The first picture's Store, or None when the engine did not answer in time."""
        self._first.wait(seconds)
        return self._store

    def close(self) -> None:
        """End the threads and the widget."""
        self._cancel.set()
        self._follower.stop()
        super().close()

    def _changed(self, store: Store) -> None:
        self._store = store
        self.picture = json.dumps(picture_data(store), separators=(",", ":"))
        self.status = f"{summary(store)} As of {time.strftime('%H:%M:%S')}."
        self._first.set()

    def _failed(self, message: str) -> None:
        self.status = f"{message} Trying again. The picture is from before."

    def _asked(self, _: Any, content: Any, __: Any) -> None:
        """A message of the page. What takes long runs beside the kernel's own thread."""
        kind = content.get("ask") if isinstance(content, dict) else None
        store = self._store
        if kind == "image" and store is not None:
            self.send({"image": image_details(store, str(content.get("id")))})
        elif kind == "cancel":
            self._cancel.set()
        elif kind in ("files", "search"):
            threading.Thread(target=self._long, args=(kind, content), daemon=True).start()

    def _long(self, kind: str, content: dict[str, Any]) -> None:
        if not self._busy.acquire(blocking=False):
            self.send({"problem": "Files are being read already."})
            return
        try:
            self._cancel.clear()
            store = self._store
            if store is None:
                return
            if kind == "files":
                self._send_files(store, str(content.get("id")), str(content.get("layer")))
            else:
                self._send_findings(store, str(content.get("path") or ""))
        except CourseError as error:
            self.send({"problem": error.message})
        finally:
            self._busy.release()

    def _read(self, images: list[Image]) -> None:
        """Read the files of these images where a layer's are not known yet; one export for all."""
        missing = [image for image in images if any(diff_id not in self._files for diff_id in image.diff_ids)]
        if not missing:
            return
        total = sum(layer.size or 0 for layer in self._store.subset(missing).layers.values()) if self._store else 0
        told = 0.0

        def progress(done: int) -> None:
            nonlocal told
            if self._cancel.is_set():
                raise ImageDataError("Stopped.")
            if time.monotonic() - told > 0.2:
                told = time.monotonic()
                self.send({"progress": done, "of": max(total, done)})

        archive = read_files(
            self._api, [image.tags[0] if image.tags else image.id for image in missing], progress=progress
        )
        self._files.update(archive.files)
        if self._follower.reader.learn(archive.store):
            self._follower.nudge()  # histories that were inferred are exact now

    def _history(self, image: Image) -> FileHistory:
        return FileHistory([self._files[diff_id] for diff_id in image.diff_ids])

    def _send_files(self, store: Store, image_id: str, layer: str) -> None:
        image = next((one for one in store.images if one.id == image_id), None)
        numbers = [at for at, chain_id in enumerate(image.chain) if short(chain_id, 20) == layer] if image else []
        if image is None or not numbers:
            raise ImageDataError("This image is gone.")
        self._read([image])
        number = numbers[0]
        history = self._history(image)
        entries = [version for version in history.changes(number) if version.entry.kind != "5"]
        entries.sort(key=lambda version: (-version.size, version.path))
        removed = history.removals(number)
        rows = [
            {
                "change": version.change,
                "path": version.path,
                "size": version.size,
                "mode": f"{version.entry.mode:04o}",
                "owner": f"{version.entry.uid}:{version.entry.gid}",
                "fate": "" if version.fate == "visible" else f"{version.fate} by layer {(version.killer or 0) + 1}",
            }
            for version in entries[:_MOST]
        ]
        rows += [
            {"change": "D", "path": version.path, "size": version.size, "mode": "", "owner": "", "fate": "removed here"}
            for version in removed[: max(0, _MOST - len(rows))]
        ]
        self.send({"files": rows, "layer": layer, "count": len(entries) + len(removed)})

    def _send_findings(self, store: Store, wanted: str) -> None:
        images = [image for image in store.images if image.chain]
        self._read(images)
        found: list[dict[str, Any]] = []
        count = 0
        for image in images:
            for version in self._history(image).versions():
                if wanted in "/" + version.path and version.entry.kind not in ("5", "implied"):
                    count += 1
                    if len(found) < _MOST:
                        found.append(
                            {
                                "image": image.name,
                                "id": image.id,
                                "layer": short(image.chain[version.layer], 20),
                                "number": version.layer + 1,
                                "path": "/" + version.path,
                                "size": version.size,
                                "fate": version.fate,
                            }
                        )
        self.send({"found": found, "count": count, "path": wanted})


def explore(api: Connection, *, seconds: float = 5) -> Explorer:
    """Display the explorer, below a still picture that the live one hides: without a kernel the still one
    stays.
    """
    explorer = Explorer(api)
    store = explorer.wait(seconds)
    if store is not None:
        display(HTML(still(store, explorer.identity)))  # type: ignore[no-untyped-call]
    display(explorer)  # type: ignore[no-untyped-call]
    return explorer
