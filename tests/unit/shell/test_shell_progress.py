"""Progress lines made legible: the text a terminal would be left with, whatever the pieces it came in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsupport.shell.progress import Tidy, final_line, settled

PULL = """\
Using default tag: latest
latest: Pulling from demo
5dfb6648ab99: Pulling fs layer
2ab0080c35e8: Pulling fs layer
0c31e014e53b: Already exists
6ef9adb140aa: Pulling fs layer
6ef9adb140aa: Waiting
2ab0080c35e8: Verifying Checksum
2ab0080c35e8: Download complete
6ef9adb140aa: Download complete
5dfb6648ab99: Download complete
2ab0080c35e8: Pull complete
5dfb6648ab99: Pull complete
6ef9adb140aa: Pull complete
Digest: sha256:0a6b
"""

PULLED = """\
Using default tag: latest
latest: Pulling from demo
5dfb6648ab99: Pull complete
2ab0080c35e8: Pull complete
0c31e014e53b: Already exists
6ef9adb140aa: Pull complete
Digest: sha256:0a6b
"""


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("windows\r", "windows"),
        ("10%\r20%\r100%", "100%"),
        ("longer text\rshort", "shortr text"),
        ("longer text\r\x1b[Kshort", "short"),
        ("abc\b\bX", "aXc"),
        ("\x1b[2K\x1b[1A\x1b[?25lstep", "step"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07prompt", "prompt"),
    ],
)
def test_final_line(line, shown):
    assert final_line(line) == shown


def test_pull_shows_each_layer_once_in_the_images_order():
    assert settled(PULL) == PULLED


def test_push_keeps_the_layers_order():
    push = "".join(f"{layer}: Preparing\n" for layer in ("28c30fe40780", "17db0272ca4f", "b76d769a98fd"))
    push += "b76d769a98fd: Layer already exists\n17db0272ca4f: Pushed\n28c30fe40780: Pushed\nlatest: digest: x\n"
    assert settled(push) == (
        "28c30fe40780: Pushed\n17db0272ca4f: Pushed\nb76d769a98fd: Layer already exists\nlatest: digest: x\n"
    )


def test_interrupted_pull_shows_how_far_each_layer_came():
    assert settled("5dfb6648ab99: Pulling fs layer\n5dfb6648ab99: Download complete\n") == (
        "5dfb6648ab99: Download complete\n"
    )


def test_build_steps_are_shown_when_done_and_a_steps_own_output_always():
    build = """\
#4 [1/2] FROM docker.io/library/busybox
#4 sha256:abc 0B / 3.42MB 0.1s
#4 sha256:abc 2.1MB / 3.42MB 0.2s
#4 sha256:abc 3.42MB / 3.42MB 0.3s done
#4 extracting sha256:abc
#4 extracting sha256:abc 0.1s done
#5 [2/2] RUN echo extracting
#5 0.262 extracting
#5 0.263 sha256:abc
#5 DONE 0.3s
#6 exporting to image
#6 exporting layers
#6 exporting layers 0.1s done
"""
    assert (
        settled(build)
        == """\
#4 [1/2] FROM docker.io/library/busybox
#4 sha256:abc 3.42MB / 3.42MB 0.3s done
#4 extracting sha256:abc 0.1s done
#5 [2/2] RUN echo extracting
#5 0.262 extracting
#5 0.263 sha256:abc
#5 DONE 0.3s
#6 exporting to image
#6 exporting layers 0.1s done
"""
    )


def test_build_keeps_what_a_step_prints():
    assert settled("#5 0.262 extracting sha256:abc\n") == "#5 0.262 extracting sha256:abc\n"
    assert settled("#4 extracting sha256:abc\n#4 extracting sha256:abc 0.1s done\n") == (
        "#4 extracting sha256:abc 0.1s done\n"
    )


def test_text_that_only_looks_like_progress_stays():
    text = "abc: Waiting\n5dfb6648ab99: unknown\n# 4 extracting x\n"
    assert settled(text) == text


@given(st.lists(st.integers(1, 60), max_size=40))
def test_pieces_do_not_matter(sizes):
    tidy, shown, rest = Tidy(), "", PULL
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        shown += tidy.feed(piece)
    assert shown + tidy.feed(rest) + tidy.end() == PULLED


def after_carriage_returns(text: str) -> list[str]:
    return [final_line(line).rstrip() for line in text.split("\n")]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_passing_lines_are_replaced_without_a_trace(sizes):
    tidy, shown, rest = Tidy(), "", PULL
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        shown += tidy.feed(piece) + tidy.passing()
    shown += tidy.feed(rest) + tidy.end()
    assert after_carriage_returns(shown) == PULLED.split("\n")


def test_question_without_newline_is_continued_not_repeated():
    tidy = Tidy()
    shown = tidy.feed("Sure? [y/N]") + tidy.passing()
    shown += tidy.feed(" y\nok\n") + tidy.end()
    assert shown == "Sure? [y/N] y\nok\n"


def test_progress_that_never_ended_its_line_is_left_as_it_was():
    tidy = Tidy()
    shown = tidy.feed("10%") + tidy.passing() + tidy.feed("\r55%") + tidy.passing() + tidy.end()
    assert after_carriage_returns(shown) == ["55%"]
