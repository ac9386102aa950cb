"""What three engines answered about the same Dockerfile, replayed: no engine needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from labsupport.layers.balance import balance
from labsupport.layers.books import books
from labsupport.layers.builds import read_build
from labsupport.layers.connection import NotFound
from labsupport.layers.engine import Reader

HERE = Path(__file__).parent
ENGINES = ("engine-20.10-overlay2", "engine-28.5-overlay2", "engine-28.5-containerd")


class Replay:
    def __init__(self, name: str) -> None:
        self.answers = json.loads((HERE / f"{name}.json").read_text())
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        if path not in self.answers:
            raise NotFound(f"not recorded: {path}")
        return self.answers[path]


@pytest.fixture(params=ENGINES)
def replay(request: pytest.FixtureRequest) -> Replay:
    return Replay(request.param)


def test_the_books_balance_to_the_byte(replay: Replay) -> None:
    lines = balance(Reader(replay))  # type: ignore[arg-type]
    assert len(lines) == 7
    assert [line for line in lines if line.agrees is False] == []
    assert sum(line.agrees is True for line in lines) >= 5
    assert all(line.remark for line in lines if line.agrees is None)


def test_every_step_of_the_classic_build_is_exact(replay: Replay) -> None:
    image = Reader(replay).read(["app:classic"], exact=True).images[0]  # type: ignore[arg-type]
    assert image.is_exact
    commands = {step.command: step.empty for step in image.steps}
    assert commands["RUN rm /big"] is False, "it deleted a file: a layer of 0 bytes of files"
    assert commands["RUN true"] is True
    assert commands["ENV A=1"] is True


def test_every_layer_of_the_buildkit_image_has_its_size(replay: Replay) -> None:
    store = Reader(replay).read(["app:bk"])  # type: ignore[arg-type]
    assert len(store.images[0].chain) == 11
    assert books(store).unknown_layers == 0
    inferred = {step.evidence for step in store.images[0].steps}
    assert inferred == ({"size"} if store.accounting == "containerd" else {"only", "rule"})


def test_a_second_reading_asks_for_the_list_only(replay: Replay) -> None:
    reader = Reader(replay)  # type: ignore[arg-type]
    first = reader.read()
    replay.asked.clear()
    second = reader.read()
    assert replay.asked == ["/images/json"]
    assert second.images == first.images


def test_three_calls_more_than_images(replay: Replay) -> None:
    Reader(replay).read(["laybase"])  # type: ignore[arg-type]
    assert len(replay.asked) == 2 + 2, "list, info; inspect and history of one image"


BUILDS = ["classic-20.10", "classic-28.5", "buildkit-plain", "buildkit-rawjson"]


@pytest.mark.parametrize("name", BUILDS)
def test_a_changed_source_file_misses_from_its_copy_on(name: str) -> None:
    build = read_build((HERE / f"{name}-2.txt").read_text(), name)
    assert [step.cached for step in build.steps[:5]] == [True, True, True, True, False]
    assert build.first_miss == 4
    assert build.steps[4].instruction == "COPY src src"


@pytest.mark.parametrize("name", BUILDS)
def test_the_first_build_ran_its_run_step(name: str) -> None:
    build = read_build((HERE / f"{name}-1.txt").read_text(), name)
    step = build.steps[3]
    assert step.instruction == "RUN sleep 0.3; touch installed" and not step.cached
    if name.startswith("buildkit"):
        assert step.seconds is not None and step.seconds >= 0.3


def test_what_is_no_build_has_no_steps() -> None:
    assert read_build("hello\n{not json\n").steps == ()
