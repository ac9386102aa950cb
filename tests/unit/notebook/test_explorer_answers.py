"""What the explorer's Python half answers the page, with an engine that cannot export one of its images."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from labsupport.layers.connection import NotFound, Refused
from labsupport.notebook.explorer import Explorer
from labsupport.oci.writing import File, Recipe, archive, digest, layer, whiteout

BASE = layer([File("etc/passwd", b"root"), File("usr/bin/sh", b"s" * 100)])
RECIPES = [
    Recipe("one:1", [BASE, layer([File("a", b"1")])]),
    Recipe("two:1", [BASE, layer([whiteout("etc/passwd")])]),
    Recipe("bad:1", [layer([File("b", b"x")])]),
]


class Stream:
    def __init__(self, pieces: list[bytes], ended: threading.Event | None = None) -> None:
        self.pieces, self.ended = pieces, ended

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.ended:
            self.ended.wait(60)

    def close(self) -> None:
        if self.ended:
            self.ended.set()


class Engine:
    """Answers for these images; the list comes in another order every time, as of images of one second it does."""

    version = "/v1.51"

    def __init__(self, recipes: list[Recipe]) -> None:
        self.recipes = {digest(recipe.tag.encode()): recipe for recipe in recipes}
        self.asked = 0

    def get(self, path: str) -> Any:
        if path.startswith("/images/json"):
            self.asked += 1
            listed = [
                {"Id": key, "Created": 7, "RepoTags": [one.tag], "Size": self.size(one)}
                for key, one in self.recipes.items()
            ]
            return listed[:: 1 if self.asked % 2 else -1]
        if path == "/info":
            return {"Driver": "overlay2"}
        key, _, what = path.removeprefix("/images/").rpartition("/")
        if key not in self.recipes:
            raise NotFound(path)
        if what == "json":
            return {"RootFS": {"Layers": [digest(blob) for blob in self.recipes[key].layers]}, "Os": "linux"}
        return [
            {"Id": "<missing>", "CreatedBy": f"COPY {n}", "Size": 10 + n}
            for n, _ in enumerate(self.recipes[key].layers)
        ][::-1]

    def size(self, recipe: Recipe) -> int:
        return sum(10 + n for n, _ in enumerate(recipe.layers))

    def stream(self, path: str) -> Stream:
        if path.startswith("/events"):
            return Stream([], threading.Event())
        names = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["names"]
        if "bad:1" in names:
            raise Refused("The engine refused /images/get (HTTP 500).", seen="unexpected EOF")
        return Stream([archive([one for one in RECIPES if one.tag in names])])


class Heard(Explorer):
    """An explorer whose messages are kept."""

    def __init__(self, api: Any) -> None:
        self.said: list[dict[str, Any]] = []
        self.changed = 0
        super().__init__(api)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.said.append(content)

    def _changed(self, store: Any) -> None:
        self.changed += 1
        super()._changed(store)

    def ask(self, key: str, **content: Any) -> dict[str, Any]:
        """The answer that has this key; the page's question, in this thread."""
        self.said.clear()
        self._long(str(content["ask"]), content)
        return next(one for one in self.said if key in one)


@pytest.fixture
def explorer() -> Iterator[Heard]:
    made = Heard(Engine(RECIPES))
    assert made.wait(30) is not None
    yield made
    made.close()


def test_one_image_that_cannot_be_read_leaves_the_rest(explorer: Heard) -> None:
    told = explorer.ask("found", ask="search", path="/etc/passwd")
    (one,) = told["found"]
    assert (one["path"], one["number"], one["images"], told["count"]) == ("/etc/passwd", 1, 2, 1)
    assert one["fate"] == "deleted in 1, visible in 1"
    ((name, why),) = json.loads(explorer.unread)
    assert name == "bad:1" and "HTTP 500" in why and "unexpected EOF" in why and len(why) < 200
    explorer.ask("found", ask="search", path="/usr")
    assert len(json.loads(explorer.unread)) == 1, "it stays"


def test_a_layers_files_come_folder_by_folder(explorer: Heard) -> None:
    assert explorer._store is not None
    two = explorer._store.image("two:1")
    assert two is not None
    from labsupport.layers.identity import short

    asked: dict[str, Any] = {
        "ask": "files",
        "id": two.id,
        "layer": short(two.chain[1], 20),
        "order": "size",
        "changes": True,
    }
    told = explorer.ask("files", **asked)
    assert [(row["name"], row["kind"], row["files"]) for row in told["files"]] == [("etc", "folder", 0)]
    assert told["summary"] == "0 files, 0 B changed or added by this layer; 1 removed."
    inside = explorer.ask("files", **asked, folder="etc")
    assert [(row["path"], row["change"], row["size"]) for row in inside["files"]] == [("etc/passwd", "D", 4)]
    everything = explorer.ask("files", **{**asked, "changes": False})
    assert [(row["name"], row["size"]) for row in everything["files"]] == [("usr", 100), ("etc", 0)]
    found = explorer.ask("files", **{**asked, "changes": False}, wanted="bin")
    assert [row["path"] for row in found["files"]] == ["usr/bin/sh"] and found["count"] == 1


def test_files_of_an_image_that_cannot_be_read_are_a_problem_with_its_reason(explorer: Heard) -> None:
    assert explorer._store is not None
    bad = explorer._store.image("bad:1")
    assert bad is not None
    from labsupport.layers.identity import short

    told = explorer.ask("problem", ask="files", id=bad.id, layer=short(bad.chain[0], 20))
    assert "bad:1" in told["problem"] or "HTTP 500" in told["problem"]
    assert explorer.trouble == ""


def test_the_same_images_in_another_order_are_no_change(explorer: Heard) -> None:
    seen, as_of = explorer.changed, explorer.as_of
    api: Any = explorer._api
    before = api.asked
    while api.asked < before + 4:
        explorer._follower._stirred.set()
        time.sleep(0.01)
    assert explorer.changed == seen and explorer.as_of == as_of
