"""The live explorer: all images of an engine, their layers to scale, redrawn as builds, pulls and removals happen.

Python reads and counts, the scripts in `page/` draw and listen to keys. They talk in two ways: the trait `picture`
holds what is drawn, and short messages ask for what is too much to send along (an image's history, files, a search).
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
from labsupport.layers.cache import kept_layers
from labsupport.layers.connection import Connection
from labsupport.layers.files import FileHistory
from labsupport.layers.filetree import FileTree, Node
from labsupport.layers.finding import find
from labsupport.layers.follow import Follower
from labsupport.layers.identity import short
from labsupport.layers.kept import files_of
from labsupport.layers.layerfiles import LayerFiles
from labsupport.layers.model import Image, Store, Unread
from labsupport.layers.names import harmless, printable
from labsupport.layers.units import plural, size

_PAGE = Path(__file__).parent / "page"
_PARTS = ("words", "place", "rows", "files", "details", "explorer")
_MOST = 200  # rows of files or findings sent at once


def script() -> str:
    """The page's part: its files in one text, each after those that it uses."""
    return "\n".join((_PAGE / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS)


class Explorer(anywidget.AnyWidget):
    """The widget. Leave it as a cell's last line, or `display` it; `close()` ends its threads."""

    _esm = script()
    _css = (_PAGE / "explorer.css").read_text(encoding="utf-8")
    picture = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("reading the images").tag(sync=True)
    as_of = traitlets.Unicode("", help="when it was read; apart from `status`, which is read aloud").tag(sync=True)
    trouble = traitlets.Unicode("", help="why the engine does not answer").tag(sync=True)
    unread = traitlets.Unicode("[]", help="images that could not be read: [[name, why], ...]").tag(sync=True)
    identity = traitlets.Unicode("").tag(sync=True)

    def __init__(self, api: Connection) -> None:
        super().__init__(identity=uuid.uuid4().hex)
        self._api = api
        self._files: dict[str, LayerFiles] = {}
        self._unread: dict[str, str] = {}  # images whose files could not be read: name, why
        self._past: tuple[object, FileHistory] | None = None  # the last that were asked for
        self._tree: tuple[object, FileTree] | None = None
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
        self._unread = {name: why for name, why in self._unread.items() if store.image(name) is not None}
        self.picture = json.dumps(picture_data(store), separators=(",", ":"))
        self.status = summary(store)
        self.as_of = f"As of {time.strftime('%H:%M:%S')}."
        self.trouble = ""
        self._tell_unread()
        self._first.set()

    def _tell_unread(self) -> None:
        """What could not be read stays until it is gone or can be read."""
        listed = self._store.unread if self._store else ()
        self.unread = json.dumps([*listed, *self._unread.items()])

    def _failed(self, message: str) -> None:
        self.trouble = f"{message} Trying again. The picture is from before."

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
        if not self._busy.acquire(blocking=kind == "files"):
            self.send({"problem": "Files are being read already."})
            return
        try:
            self._cancel.clear()
            store = self._store
            if store is None:
                return
            if kind == "files":
                self._send_files(store, content)
            else:
                self._send_findings(store, str(content.get("path") or ""))
        except CourseError as error:
            self.send({"problem": harmless(f"{error.message} {error.seen}".strip())})
        finally:
            self._busy.release()

    def _read(self, images: list[Image]) -> None:
        """Read the files of these images where a layer's are not known yet. Those that cannot be read are noted."""
        missing = [image for image in images if not self._is_read(image)]
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

        names = {image.tags[0] if image.tags else image.id: image for image in missing}
        why: dict[str, str] = {}
        try:
            files, unread = files_of(self._follower.reader, missing, cache=kept_layers(), progress=progress)
        except ImageDataError as error:
            if self._cancel.is_set():
                raise
            why = dict.fromkeys(names, Unread.of("", error).why)  # none of them
        else:
            self._files.update(files)
            why = dict(unread)
            if not all(image.is_exact for image in missing):
                self._follower.nudge()  # histories that were inferred may be exact now
        for name, image in names.items():
            self._unread.pop(name, None)
            if not self._is_read(image):
                self._unread[name] = why.get(name, "The engine's export does not hold its layers.")
        self._tell_unread()

    def _is_read(self, image: Image) -> bool:
        return all(diff_id in self._files for diff_id in image.diff_ids)

    def _send_files(self, store: Store, content: dict[str, Any]) -> None:
        """A folder of the tree at a layer, or what of the tree has a name: from row `start`, `_MOST` rows."""
        image = next((one for one in store.images if one.id == content.get("id")), None)
        layer = str(content.get("layer"))
        numbers = [at for at, chain_id in enumerate(image.chain) if short(chain_id, 20) == layer] if image else []
        if image is None or not numbers:
            raise ImageDataError("This image is gone.")
        self._read([image])
        if not self._is_read(image):
            raise ImageDataError(f"The files of {image.name} could not be read.")
        key = (image.chain, numbers[0], bool(content.get("changes")))
        if self._tree is None or self._tree[0] != key:
            if self._past is None or self._past[0] != image.chain:
                self._past = image.chain, FileHistory([self._files[diff_id] for diff_id in image.diff_ids])
            self._tree = key, FileTree(self._past[1], numbers[0], only_changes=key[2])
        tree = self._tree[1]
        folder, wanted = str(content.get("folder") or ""), str(content.get("wanted") or "")
        if folder not in tree.nodes:  # a name that is shown with escapes
            folder = next((path for path in tree.nodes if printable(path) == folder), folder)
        order, start = str(content.get("order")), int(content.get("start") or 0)
        nodes = tree.search(wanted, order=order) if wanted else tree.folder(folder, order=order)
        root = tree.nodes[""]
        words = "changed or added by this layer" if key[2] else "there once this layer is on"
        removed = sum(node.change == "D" and not node.is_folder for node in tree.nodes.values())
        told = f"{plural(root.files, 'file')}, {size(root.bytes)} {words}" + (
            f"; {removed:,} removed" if removed else ""
        )
        self.send(
            {
                "files": [file_row(node) for node in nodes[start : start + _MOST]],
                **{"layer": layer, "folder": printable(folder), "wanted": wanted, "start": start, "count": len(nodes)},
                "summary": f"{told}.",
            }
        )

    def _send_findings(self, store: Store, wanted: str) -> None:
        self._read([image for image in store.images if image.chain])
        found = find((image for image in store.ordered() if self._is_read(image)), self._files, wanted)
        rows = [
            {
                "layer": short(one.layer, 20),
                "number": one.number,
                "images": len(one.images),
                "names": one.images[:20],
                "path": printable("/" + one.path),
                "size": one.size,
                "fate": one.fate,
            }
            for one in found[:_MOST]
        ]
        self.send({"found": rows, "count": len(found), "path": harmless(wanted)})


def file_row(node: Node) -> dict[str, Any]:
    """What the page shows of a path."""
    version = node.version
    entry = version.entry if version is not None and version.entry.kind != "implied" else None
    fate = ""
    if version is not None and node.change != "D" and version.killer is not None and not node.is_folder:
        fate = f"{version.fate} by layer {version.killer + 1}"
    removed = version.size if version is not None and node.change == "D" else node.bytes
    return {
        "name": printable(node.name),
        "path": printable(node.path),
        "kind": "folder" if node.is_folder else "file",
        "change": node.change,
        "size": None if node.is_folder and node.change == "D" else removed,
        "files": node.files,
        "mode": f"{entry.mode:04o}" if entry else "",
        "owner": f"{entry.uid}:{entry.gid}" if entry else "",
        "link": printable(entry.link) if entry and entry.kind in ("1", "2") else "",
        "fate": fate,
    }


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
