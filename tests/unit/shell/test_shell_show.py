"""What a notebook shows of two streams: their order, docker's reports as plain output, passing lines replaced."""

import io

import pytest

from labsupport.shell import show
from labsupport.shell.progress import final_line


@pytest.fixture
def streams(monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(show, "_file", lambda stream: out if stream == "stdout" else err)
    return out, err


def test_reports_are_plain_and_errors_are_not(streams):
    shown = show.Show()
    shown.write("stderr", "Unable to find image 'web:latest' locally\nlatest: Pulling from library/web\n")
    shown.write(
        "stderr", "0f9486679086: Pull complete\nDigest: sha256:e38e\n#1 [internal] load\n#1 DONE 0.0s\n\n#2 x\n"
    )
    shown.write("stderr", "\nERROR: failed to solve: no\n\ndocker: no such thing\n")
    shown.end()
    assert streams[0].getvalue() == (
        "Unable to find image 'web:latest' locally\nlatest: Pulling from library/web\n"
        "0f9486679086: Pull complete\nDigest: sha256:e38e\n#1 [internal] load\n#1 DONE 0.0s\n\n#2 x\n\n"
    )
    assert streams[1].getvalue() == "ERROR: failed to solve: no\n\ndocker: no such thing\n"


def test_a_line_under_way_is_shown_after_a_while_and_replaced(streams, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
    shown = show.Show()
    shown.write("stderr", "0f9486679086: Pulling fs layer\n")
    shown.idle()
    assert streams[0].getvalue() == ""
    now[0] += 1.5
    shown.idle()
    assert streams[0].getvalue() == "0f9486679086: Pulling fs layer"
    shown.write("stderr", "0f9486679086: Pull complete\n")
    shown.end()
    assert [final_line(line).rstrip() for line in streams[0].getvalue().split("\n")] == [
        "0f9486679086: Pull complete",
        "",
    ]
    assert streams[1].getvalue() == ""


def test_a_question_is_shown_soon(streams, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(show.time, "monotonic", lambda: now[0])
    shown = show.Show()
    shown.write("stdout", "Really? ")
    now[0] += 0.3
    shown.idle()
    assert streams[0].getvalue() == "Really? "


def test_only_the_beginning_of_a_flood_is_shown(streams, monkeypatch):
    monkeypatch.setattr(show, "SHOWN", 2048)
    shown = show.Show()
    for _ in range(100):
        shown.write("stdout", "x" * 99 + "\n")
    shown.end()
    assert len(streams[0].getvalue()) < 2200
    assert streams[0].getvalue().endswith("[only the first 2 KiB are shown]\n")
