"""Every committed picture is what its transcript or its diagram gives, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import pytest

from labsupport.lessons import pictures
from labsupport.lessons.diagrams import DIAGRAMS
from labsupport.lessons.source import ROOT, find
from labsupport.transcript import Transcript

NAMES = sorted(picture.name for lesson in find() for picture in pictures.declared(lesson))


@pytest.fixture(scope="module")
def drawn() -> dict[str, bytes]:
    return pictures.drawn()


@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_picture_is_its_transcript_drawn(name: str, drawn: dict[str, bytes]) -> None:
    assert (ROOT / "images" / f"{name}.svg").read_bytes() == drawn[f"{name}.svg"]


@pytest.mark.parametrize("name", sorted({*DIAGRAMS, "cover"}))
def test_a_diagram_is_as_the_code_draws_it(name: str, drawn: dict[str, bytes]) -> None:
    committed = (ROOT / "images" / f"{name}.svg").read_text()
    made_by = re.search(r"Matplotlib v([\d.]+)", committed)
    assert made_by
    if made_by[1] != matplotlib.__version__:
        pytest.skip(f"drawn by matplotlib {made_by[1]}, here is {matplotlib.__version__}")
    assert committed == drawn[f"{name}.svg"].decode()


def test_every_picture_is_shown_in_a_lesson_and_has_its_words(drawn: dict[str, bytes]) -> None:
    shown = pictures.alternative_texts()
    assert set(drawn) == {f"{name}.svg" for name in shown}
    for name, alt in shown.items():
        assert alt.split(":")[0].split(",")[0] in drawn[f"{name}.svg"].decode().replace("&#x27;", "'")


def test_no_picture_is_left_over(drawn: dict[str, bytes]) -> None:
    kept = {path.name for path in (ROOT / "images").glob("*.svg")}
    assert kept == set(drawn)
    assert sorted(path.stem for path in (ROOT / "images/transcripts").glob("*.json")) == NAMES


def test_a_transcript_that_says_something_else_is_not_the_same() -> None:
    old = [Transcript("docker ps", "ID  0a1b2c3d4e5f  Up 2 seconds\n", 0)]
    assert pictures.same(old, [Transcript("docker ps", "ID  5f4e3d2c1b0a  Up 3 minutes\n", 0)])
    assert not pictures.same(old, [Transcript("docker ps", "ID  5f4e3d2c1b0a  Exited (0)\n", 0)])
    assert not pictures.same(old, [*old, *old])


def test_hidden_commands_are_not_shown() -> None:
    for path in Path(ROOT / "images/transcripts").glob("*.json"):
        assert not any(kept.command.startswith("@") for kept in pictures.load(path.stem))


def test_a_picture_is_shown_at_the_size_of_the_text_around_it(drawn: dict[str, bytes]) -> None:
    assert re.search(rb'viewBox="0 0 [\d.]+ [\d.]+" width="\d{3}" height="\d+"', drawn["pull.svg"])


def test_the_pace_of_a_build_does_not_matter_and_its_steps_do() -> None:
    quick = "#5 [2/2] COPY bill.lua /home/bill.lua\n#5 DONE 0.0s\n#6 exporting layers done\n#6 naming to bill done\n"
    slow = (
        quick.replace("0.0s", "1.1s").replace("layers done", "layers 0.3s done").replace("bill done", "bill 0.1s done")
    )
    slow = slow.replace("#6", "#8")
    other = quick.replace("COPY bill.lua", "COPY total.lua")
    kept, slower, another = (Transcript("docker build .", text, 0) for text in (quick, slow, other))
    assert pictures.same([kept], [slower])
    assert not pictures.same([kept], [another])
