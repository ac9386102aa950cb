"""Transcripts: saved and loaded without loss, compared with what is volatile masked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labsupport import shell, transcript
from labsupport.errors import CourseError
from labsupport.transcript import Transcript, masked

DIGEST = "0a6b5b503ddaaab8580431ea744dd3c59692bd380046ed165241825e5794494c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Digest: sha256:{DIGEST}", "Digest: sha256:<digest>"),
        (DIGEST, "<id>"),
        ("5dfb6648ab99: Pull complete", "<id>: Pull complete"),
        ("root@83ce8fc7fad5:/# ls", "root@<id>:/# ls"),
        ("123456789012 is a number", "123456789012 is a number"),
        ("defaced facade", "defaced facade"),
        ("abcdefabcdef is a word", "abcdefabcdef is a word"),
        ("2026-11-24T02:14:57.123456789Z start", "<time> start"),
        ("2026-11-24 02:14:57 +0000 UTC", "<time>"),
        ("Tue Nov 24 02:14:57 UTC 2026", "<time>"),
        ("at 02:14:57 on", "at <time> on"),
        ("Up 3 minutes", "Up <duration>"),
        ("Exited (0) 2 seconds ago", "Exited (0) <duration>"),
        ("Created About a minute ago", "Created <duration>"),
        ("#5 DONE 0.3s", "#5 DONE <duration>"),
        ("real\t0m1.532s", "real\t<duration>"),
        ("12.5MB / 64MiB", "<size> / <size>"),
        ("total 4.26 kB", "total <size>"),
        ("version 1.2.3s and v1s", "version 1.2.3s and v1s"),
        ("0.0.0.0:49153->80/tcp, [::]:49153->80/tcp", "0.0.0.0:<port>->80/tcp, [::]:<port>->80/tcp"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:<port>/"),
        ("a    b", "a  b"),
        ("    indented", "    indented"),
        ("\x1b[1;34mbin\x1b[0m", "bin"),
    ],
)
def test_masked(text, shown):
    assert masked(text) == shown


@given(st.text())
def test_masking_twice_changes_nothing_more(text):
    assert masked(masked(text)) == masked(text)


def test_same_but_for_what_is_volatile():
    first = Transcript("docker ps", "83ce8fc7fad5   busybox   Up 3 seconds", 0)
    assert first.same_as(Transcript("docker ps", "91d1ad8cb3a1   busybox   Up 12 minutes", 0))
    assert not first.same_as(Transcript("docker ps", "91d1ad8cb3a1   web   Up 12 minutes", 0))
    assert not first.same_as(Transcript("docker ps", "83ce8fc7fad5   busybox   Up 3 seconds", 1))


def test_saved_and_loaded(tmp_path):
    path = tmp_path / "one.json"
    one = Transcript("docker run -it busybox sh", "\x1b[1;34mé\x1b[0m\n", None, ("exit",))
    one.save(path)
    assert transcript.load(path) == one
    assert [each.name for each in tmp_path.iterdir()] == ["one.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"command": 1, "output": "", "exit_code": 0, "typed": []}'])
def test_what_is_no_transcript_is_said_so(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CourseError, match="is not a transcript"):
        transcript.load(path)
    with pytest.raises(CourseError, match="is not a transcript"):
        transcript.load(tmp_path / "missing.json")


def test_plain_command_is_kept_as_the_terminal_would_leave_it():
    kept = transcript.of(shell.run(r"printf '10%%\r100%%\n'; exit 2"))
    assert (kept.output, kept.exit_code) == ("100%\n", 2)


def test_recorded_session_can_be_saved(tmp_path):
    one = transcript.record("printf 'name> '; read x; echo hi $x", ["ann"])
    assert one == Transcript("printf 'name> '; read x; echo hi $x", "name> ann\nhi ann\n", 0, ("ann",))
    one.save(tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text())["typed"] == ["ann"]
