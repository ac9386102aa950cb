"""Histories that leave layers out, or call them empty: what is not known is never 0, and spoils no other image.

The engine's answers are made here by its own rule (moby, daemon/images/image_history.go): rows that are not called
empty get the layers' sizes in turn; more of them than layers is an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from labsupport.errors import ImageDataError
from labsupport.layers.books import books
from labsupport.layers.command import layers_command
from labsupport.layers.connection import NotFound, Refused
from labsupport.layers.engine import Reader
from labsupport.layers.identity import chain_ids
from labsupport.layers.model import Store
from labsupport.layers.units import size

SIZES = {"a": 1_500, "b": 0, "c": 70, "d": 0, "e": 9_000}


def diff_id(letter: str) -> str:
    return "sha256:" + hashlib.sha256(letter.encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """An image: its layers by letter, and its history's rows, True for those it calls empty."""

    layers: str
    rows: tuple[bool, ...]

    @property
    def id(self) -> str:
        return diff_id(f"{self}")

    @property
    def total(self) -> int:
        return sum(SIZES[letter] for letter in self.layers)

    @property
    def lies(self) -> bool:
        return self.rows.count(False) != len(self.layers)

    @property
    def passes_for_honest(self) -> bool:
        """A lie that no answer of the engine gives away: the layers that it leaves out have no bytes."""
        told = sum(SIZES[letter] for letter in self.layers[: self.rows.count(False)])
        return self.lies and told == self.total and len(self.rows) >= len(self.layers)


class Engine:
    """Answers as an engine does. containerd: each layer costs a block more, and a size has the packed bytes, too."""

    version = "/v1.51"

    def __init__(self, *images: Made, containerd: bool = False, broken: tuple[str, ...] = ()) -> None:
        self.images = {image.id: image for image in images}
        self.block = 4096 if containerd else 0
        self.containerd = containerd
        self.broken = broken

    def bytes_of(self, image: Made) -> int:
        return image.total + self.block * len(image.layers)

    def get(self, path: str) -> Any:
        if path == "/info":
            status = [["driver-type", "io.containerd.snapshotter.v1"]] if self.containerd else []
            return {"Driver": "overlayfs" if self.containerd else "overlay2", "DriverStatus": status}
        if path.startswith("/images/json"):
            return [self.listed(image) for image in self.images.values()]
        image_id, _, what = path.removeprefix("/images/").rpartition("/")
        if image_id not in self.images:
            raise NotFound(path)
        image = self.images[image_id]
        if what in self.broken:
            raise Refused(f"The engine refused {path} (HTTP 500).", seen="it is broken")
        if what == "json":
            return {"RootFS": {"Layers": [diff_id(letter) for letter in image.layers]}, "Os": "linux"}
        return self.history(image)

    def listed(self, image: Made) -> dict[str, Any]:
        size = self.bytes_of(image)
        unpacked = {"Kind": "image", "Available": True, "ImageData": {"Size": {"Unpacked": size}}}
        known = {"Id": image.id, "Created": 7, "RepoTags": [f"i{image.id[-8:]}:1"], "RepoDigests": []}
        return known | {"Size": size + 1000 * self.containerd, "Manifests": [unpacked]}

    def history(self, image: Made) -> list[dict[str, Any]]:
        left = list(image.layers)
        if image.rows.count(False) > len(left):
            raise Refused("HTTP 500", seen="too many non-empty layers in History section")
        rows = []
        for number, empty in enumerate(image.rows):
            size = 0 if empty else SIZES[left.pop(0)] + self.block
            rows.append({"Id": "<missing>", "Created": number, "CreatedBy": f"ENV A={number}", "Size": size})
        return rows[::-1]


def read(engine: Engine) -> Store:
    return Reader(engine).read()  # type: ignore[arg-type]


@st.composite
def _made(draw: st.DrawFn) -> Made:
    layers = draw(st.text("abcde", min_size=0, max_size=5))
    honest = [False] * len(layers)
    for _ in range(draw(st.integers(0, 3))):
        honest.insert(draw(st.integers(0, len(honest))), True)
    return Made(layers, tuple(draw(st.one_of(st.just(honest), st.lists(st.booleans(), max_size=6)))))


# two builds of one second: the same first row and the same first layer, and in one of them another row made it
@example([Made("d", (True, False)), Made("da", (False, False))], False)
@settings(max_examples=150, deadline=None)
@given(st.lists(_made(), min_size=1, max_size=5, unique=True), st.booleans())
def test_no_size_is_false(made: list[Made], containerd: bool) -> None:
    assume(not any(image.passes_for_honest for image in made))
    engine = Engine(*made, containerd=containerd)
    store = read(engine)
    truth = {
        chain_id: SIZES[letter] + engine.block
        for image in made
        for chain_id, letter in zip(chain_ids(map(diff_id, image.layers)), image.layers, strict=True)
    }
    for layer in store.layers.values():
        assert layer.size in (None, truth[layer.chain_id])
    for account in books(store).accounts:
        image = engine.images[account.image.id]
        assert account.total in (None, engine.bytes_of(image))
        assert account.total is not None or containerd
        own = sum(truth[key] for key in account.image.chain if len(store.users[key]) == 1)
        assert account.unique in (None, own)
        assert account.shared in (None, engine.bytes_of(image) - own)
    if not any(image.lies for image in made):
        for image in store.images:
            made_by = iter(image.chain)
            flags = engine.images[image.id].rows
            for step, layer in zip(image.steps, [None if empty else next(made_by) for empty in flags], strict=True):
                assert not step.is_exact or step.layer == layer


CASES = [
    Made("a", ()),  # `docker import`, or made by hand: no history
    Made("ae", (False,)),  # fewer rows than layers
    Made("ae", (True, True)),  # as many rows as layers, and all called empty
    Made("ab", (True,)),
]


@pytest.mark.parametrize("image", CASES, ids=str)
@pytest.mark.parametrize("containerd", [False, True], ids=["graph driver", "containerd"])
def test_the_text_says_what_the_engine_says_and_never_0(image: Made, containerd: bool) -> None:
    engine = Engine(image, containerd=containerd)
    row = next(line for line in layers_command(engine).splitlines() if image.id[-8:] in line)  # type: ignore[arg-type]
    alone = layers_command(engine, [image.id])  # type: ignore[arg-type]
    told = "?" if containerd else size(engine.bytes_of(image))
    assert told in row and f"layer{'s' * (len(image.layers) > 1)}, {told}:" in alone
    assert not any(step.is_exact for step in read(engine).images[0].steps)


def test_a_liar_does_not_spoil_the_layers_it_shares() -> None:
    honest, liar = Made("ace", (False, True, False, False)), Made("ac", (True, True))
    store = read(Engine(liar, honest))
    assert [layer.size for layer in store.path(store.images[0])] in ([1500, 70], [1500, 70, 9000])
    assert {one.is_exact for one in store.images} == {True, False} and not store.notes


def test_sizes_that_follow_from_others() -> None:
    """No history at all, and still every layer's size: differences of the images' own sizes."""
    store = read(Engine(Made("a", ()), Made("ac", ()), Made("ace", ())))
    assert {layer.depth: layer.size for layer in store.layers.values()} == {0: 1500, 1: 70, 2: 9000}


@pytest.mark.parametrize("broken", ["json", "history"])
def test_an_image_that_the_engine_does_not_tell(broken: str) -> None:
    class Half(Engine):
        def get(self, path: str) -> Any:
            if bad.id in path and path.endswith(broken):
                raise Refused("The engine refused it (HTTP 500).", seen="it is \x1b[31mbroken")
            return super().get(path)

    good, bad = Made("a", (False,)), Made("ce", (False, False))
    engine = Half(good, bad)
    text = layers_command(engine)  # type: ignore[arg-type]
    assert "1.50 kB" in text and "\x1b" not in text
    store = read(engine)
    if broken == "json":
        assert [one.name for one in store.unread] == [f"i{bad.id[-8:]}:1"] and "1 could not be read:" in text
        with pytest.raises(ImageDataError, match="be read") as caught:
            layers_command(engine, [bad.id])  # type: ignore[arg-type]
        assert "broken" in str(caught.value)
        assert "1 could not be read" in layers_command(engine, [good.id, bad.id])  # type: ignore[arg-type]
    else:
        assert next(one for one in store.images if one.id == bad.id).note
        assert "9.07 kB" in text, "the engine's own figure"


def test_no_answer_at_all_is_no_list_of_images() -> None:
    class Gone(Engine):
        def get(self, path: str) -> Any:
            if path.endswith("/json") and path != "/images/json":
                raise ImageDataError("No answer from the engine.")
            return super().get(path)

    with pytest.raises(ImageDataError, match="No answer"):
        read(Gone(Made("a", (False,))))


@given(st.permutations([Made("a", (False,)), Made("c", (False,)), Made("e", (False,)), Made("ae", (False, False))]))
def test_images_of_one_time_stand_in_one_order(made: list[Made]) -> None:
    assert [image.id for image in read(Engine(*made)).images] == sorted(image.id for image in made)
