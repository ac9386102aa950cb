"""Scripted sessions on a real terminal: prompts, control keys, time-outs, nothing left behind."""

import pytest

from labsupport import shell, transcript
from labsupport.shell import session
from labsupport.shell.screen import Screen

SH = "env -i PATH=$PATH PS1='$ ' TERM=$TERM sh -i"


def lines(text: str) -> list[str]:
    return transcript.plain(text).splitlines()


def test_lines_are_typed_at_prompts_and_shown_as_on_a_terminal():
    typed = session.play(SH, ["echo one", "sleep 0.6; echo two", "exit 3"])
    shown = lines(typed.screen)
    assert shown[:4] == ["$ echo one", "one", "$ sleep 0.6; echo two", "two"]
    assert shown[4] == "$ exit 3"
    assert typed.exit_code == 3


def test_session_that_was_not_left_is_left_without_a_trace_on_the_screen():
    typed = session.play(SH, ["echo one"])
    assert lines(typed.screen) == ["$ echo one", "one"]
    assert typed.exit_code == 0


def test_it_is_a_terminal_of_the_width_asked_for():
    typed = session.play("tty > /dev/null && stty size", [], columns=93, rows=20)
    assert lines(typed.screen) == ["20 93"]


def test_control_keys_are_pressed():
    typed = session.play(SH, ["sleep 300", "^C", "echo after", "^D"])
    shown = lines(typed.screen)
    assert shown[0] == "$ sleep 300"
    assert "$ echo after" in shown and "after" in shown


def test_a_second_program_with_its_own_prompt():
    program = "import sys; [print(input('name> ')) for _ in range(2)]"
    typed = session.play(f'python3 -c "{program}"', ["ann", "bob"])
    assert lines(typed.screen) == ["name> ann", "ann", "name> bob", "bob"]


def test_output_that_looks_like_a_prompt_is_not_one():
    slow = "printf 'loading: 50%%'; sleep 0.2; printf ' 100%%\\n'; printf '$ '; read x; echo got $x"
    assert lines(session.play(slow, ["typed"]).screen) == ["loading: 50% 100%", "$ typed", "got typed"]


def test_prompt_can_be_described():
    program = "printf 'ready'; read x; echo got $x"
    assert lines(session.play(program, ["it"], prompt="ready").screen) == ["readyit", "got it"]


def test_redrawn_lines_are_shown_once():
    draw = r"printf 'a: 1\nb: 1\n'; printf '\033[2A\033[Ka: 9\n\033[Kb: 9\n'"
    assert lines(session.play(draw, []).screen) == ["a: 9", "b: 9"]


def test_lines_that_scrolled_off_are_kept():
    assert lines(session.play("seq 1 500", [], rows=10).screen) == [str(n) for n in range(1, 501)]


def test_text_is_handed_on_in_whole_lines_once_each():
    pieces = []
    typed = session.play(SH, ["seq 1 100", "exit"], on_text=pieces.append)
    assert "".join(pieces) == typed.screen
    assert len(pieces) > 1 and all(piece.endswith("\n") for piece in pieces)


def test_no_prompt_in_time_shows_the_last_output_and_ends_the_process(tmp_path):
    file = tmp_path / "pid"
    with pytest.raises(shell.CommandTimedOut) as caught:
        session.play(f"echo $$ > {file}; echo working on it; sleep 300; true", ["ls"], timeout=1)
    assert "nothing that looks like a prompt within 1 s" in str(caught.value)
    assert "working on it" in str(caught.value)
    with pytest.raises(ProcessLookupError):
        import os

        os.kill(int(file.read_text()), 0)


def test_command_that_ends_too_soon_names_the_line_that_was_not_typed():
    with pytest.raises(shell.CommandFailed) as caught:
        session.play("echo no such thing; exit 125", ["hostname", "exit"])
    assert "'hostname'" in str(caught.value) and "line 1 of 2" in str(caught.value)
    assert caught.value.result.exit_code == 125
    assert "no such thing" in str(caught.value)


def test_screen_answers_where_the_cursor_is():
    screen = Screen(40, 5)
    screen.show(b"ab\x1b[6n")
    assert screen.replies == b"\x1b[1;3R"


def test_screen_keeps_colours():
    screen = Screen(40, 5)
    screen.show(b"\x1b[1;34mbin\x1b[m  f \x1b[38;5;208mx\x1b[m\x1b[93my\x1b[m")
    (line,) = screen.text_lines()
    assert line.startswith("\x1b[0;1;34mbin\x1b[0m  f ")
    assert "38;2;255;135;0mx" in line and line.endswith("93my\x1b[0m")
    assert transcript.plain(line) == "bin  f xy"
