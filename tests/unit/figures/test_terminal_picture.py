"""Terminal pictures: deterministic, self-contained, well-formed, readable."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport import shell, transcript
from labsupport.errors import CourseError
from labsupport.figures import terminal
from labsupport.transcript import Transcript

SVG = "{http://www.w3.org/2000/svg}"
ONE = Transcript("docker ps <all> {x} & y", "\x1b[1;34mbin\x1b[0m  a<b> {y}\n\n\x1b[31mred\x1b[0m\n", 0)


def texts(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return ["".join(each.itertext()).replace("\xa0", " ") for each in root.iter(f"{SVG}text")]


def luminance(colour: tuple[int, int, int]) -> float:
    def channel(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(each) for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [terminal.FOREGROUND, *terminal.COLOURS, *terminal.BRIGHT])
def test_contrast_is_at_least_4_5(colour):
    assert (luminance(colour) + 0.05) / (luminance(terminal.BACKGROUND) + 0.05) >= 4.5


def test_same_transcript_same_bytes():
    assert terminal.svg(ONE, title="t", alt="a") == terminal.svg(ONE, title="t", alt="a")
    assert terminal.svg(ONE) != terminal.svg(Transcript(ONE.command, ONE.output + "more\n", 0))


def test_command_and_output_are_there_as_text():
    joined = "|".join(texts(terminal.svg(ONE)))
    assert "docker ps <all> {x} & y" in joined
    assert "bin" in joined and "a<b> {y}" in joined and "red" in joined


def test_nothing_is_fetched():
    picture = terminal.svg(ONE)
    assert re.findall(r"https?://[^\"\s]+", picture) == ["http://www.w3.org/2000/svg"]
    assert "@font-face" not in picture and "url(" not in picture and "<script" not in picture


def test_alt_text_says_what_is_to_be_seen():
    root = ElementTree.fromstring(terminal.svg(ONE, title="The list", alt="No container runs & all is well"))
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.tag in (f"{SVG}title", f"{SVG}desc")}
    title, description = (named[each] for each in root.get("aria-labelledby").split())
    assert title == "The list"
    assert description.startswith("No container runs & all is well\n$ docker ps <all> {x} & y (exit status 0)")
    assert "\x1b" not in description


def test_long_lines_go_on_in_the_next_row():
    shown = texts(terminal.svg(Transcript("x", "a" * 25 + "\n", 0), columns=10))
    assert [each for each in shown if set(each) == {"a"}] == ["a" * 10, "a" * 10, "a" * 5]


def test_long_output_loses_its_middle_and_says_so():
    shown = texts(terminal.svg(Transcript("seq", "\n".join(map(str, range(1, 101))) + "\n", 0), lines=30))
    assert "[... 72 lines not shown ...]" in shown
    assert shown[-1] == "100"


def test_no_transcript_is_an_error():
    with pytest.raises(CourseError):
        terminal.svg([])


def test_real_command_drawn_and_saved(tmp_path):
    path = tmp_path / "x.svg"
    kept = transcript.of(shell.run("printf 'col\\tumn\\a\\n'; echo ok"))
    terminal.save(path, [kept, ONE], title="two")
    shown = texts(path.read_text())
    assert "col     umn" in shown and "ok" in shown
    assert [each.name for each in tmp_path.iterdir()] == ["x.svg"]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=80), st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_makes_a_well_formed_picture(output, command):
    ElementTree.fromstring(terminal.svg(Transcript(command, output, 0), title=command, alt=output))
