"""Everything that the text of `layers` says as one JSON document; `layers.schema.json` beside this file describes it.

Bytes are numbers, null where they are not known. Names of files are shown as the text shows them; `bytes` has what is
no UTF-8, in base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from labsupport.layers.balance import Line
from labsupport.layers.books import books
from labsupport.layers.files import FileHistory
from labsupport.layers.filetree import FileTree
from labsupport.layers.model import Image, Store, Unread
from labsupport.layers.names import harmless, printable
from labsupport.layers.versions import Version

VERSION = 1
SCHEMA = Path(__file__).with_name("layers.schema.json")


def document(
    store: Store,
    images: Sequence[Image],
    *,
    histories: dict[str, FileHistory] | None = None,
    trees: dict[str, FileTree] | None = None,
    lines: Iterable[Line] | None = None,
    unread: Sequence[Unread] = (),
) -> dict[str, Any]:
    """The document of these images of a store, and of all its layers.

    histories: what the layers did to the files, and trees: the files themselves, by image id, where they were asked
    for. lines: our sums beside others'. unread: what could not be read beyond what the store says.
    """
    sums = books(store)
    accounts = {account.image.id: account for account in sums.accounts}
    made: dict[str, Any] = {
        "version": VERSION,
        "accounting": store.accounting,
        "stored": sums.stored,
        "separately": sums.pulled_separately,
        "unknown_layers": sums.unknown_layers,
        "notes": [harmless(note) for note in store.notes],
        "unread": [{"name": name, "why": why} for name, why in dict.fromkeys((*store.unread, *unread))],
        "layers": [
            {
                "chain_id": layer.chain_id,
                "diff_id": layer.diff_id,
                "parent": layer.parent,
                "size": layer.size,
                "command": layer.command,
                "evidence": layer.evidence,
                "blob": {"digest": layer.blob_digest, "size": layer.compressed} if layer.blob_digest else None,
                "images": list(store.users[layer.chain_id]),
            }
            for _, layer in store.depth_first()
        ],
        "images": [],
    }
    for image in images:
        account = accounts[image.id]
        one: dict[str, Any] = {
            "id": image.id,
            "tags": [harmless(tag) for tag in image.tags],
            "platform": harmless(image.platform),
            "size": account.total,
            "shared": account.shared,
            "unique": account.unique,
            "note": harmless(image.note),
            "layers": list(image.chain),
            "history": [
                {
                    "command": step.command,
                    "size": step.size,
                    "empty": step.empty,
                    "layer": step.layer,
                    "evidence": step.evidence,
                    "exact": step.is_exact,
                }
                for step in image.steps
            ],
        }
        if histories is not None and image.id in histories:
            one["files"] = files_document(histories[image.id])
        if trees is not None and image.id in trees:
            one["tree"] = tree_document(trees[image.id])
        made["images"].append(one)
    if lines is not None:
        made["check"] = check_document(lines)
    return made


def files_document(history: FileHistory, *, most: int = 100) -> dict[str, Any]:
    """What each layer did, the largest files that are seen and that are not seen any more (at most so many)."""
    hidden = history.hidden()
    return {
        "stored": history.stored,
        "visible": history.visible,
        "waste": history.waste(),
        "layers": [
            {
                "added": one.added,
                "changed": one.changed,
                "removed": one.removed,
                "size": one.stored,
                "removed_size": one.removed_bytes,
                "hidden": one.hidden_bytes,
            }
            for one in history.summaries
        ],
        "largest": [_file(version) for version in history.largest(most)],
        "hidden": [_file(version) for version in hidden[:most]],
        "hidden_files": len(hidden),
    }


def tree_document(tree: FileTree) -> dict[str, Any]:
    """All of a tree's rows, folders before what lies in them, by name."""
    root = tree.nodes[""]
    rows = []
    for _, node in tree.walk(order="name"):
        version = node.version
        told = version if version is not None and version.entry.kind != "implied" else None
        content = version.content if version is not None else None
        layer = content.layer if content is not None else version.layer if version is not None else None
        rows.append(
            {
                **named(node.path),
                "kind": node.kind,
                "change": node.change,
                "size": node.size,
                "files": node.files,
                "layer": None if layer is None else layer + 1,
                "mode": f"{told.attributes[0]:04o}" if told else None,
                "owner": list(told.attributes[1:3]) if told else None,
            }
        )
    return {"layer": tree.layer + 1, "size": root.bytes, "files": root.files, "rows": rows}


def check_document(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [
        {"what": line.what, "ours": line.ours, "theirs": line.engines, "agrees": line.agrees, "remark": line.remark}
        for line in lines
    ]


def named(path: str) -> dict[str, Any]:
    """A path from the root as it is shown, and as it is where that is no UTF-8."""
    raw = path.encode("utf-8", "surrogateescape")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"path": "/" + printable(path), "bytes": base64.b64encode(b"/" + raw).decode("ascii")}
    return {"path": "/" + printable(path)}


def _file(version: Version) -> dict[str, Any]:
    content = version.content
    layer = content.layer if content is not None else version.layer
    found = {
        **named(version.path),
        "size": version.size,
        "stored": content.stored if content is not None else 0,
        "layer": layer + 1,
        "fate": version.fate,
        "by_layer": version.killer + 1 if version.killer is not None else None,
    }
    return found


def as_json(made: dict[str, Any]) -> str:
    """The document as text: ASCII only, so that no terminal obeys it."""
    return json.dumps(made, indent=1)
