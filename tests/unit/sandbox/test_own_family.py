"""Parents read from a /proc that is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.sandbox.own.family import Process, as_text, process, rows, tree


def play(proc: Path, pid: int, parent: int, name: str, command: str = "", status: str = "S") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_text(f"{pid} ({name}) {status} {parent} 0 0 0\n")
    (folder / "cmdline").write_bytes(command.replace(" ", "\0").encode())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    play(tmp_path, 1, 0, "init")
    play(tmp_path, 7, 1, "containerd-shim", "/usr/bin/containerd-shim-runc-v2 -namespace moby")
    play(tmp_path, 8, 7, "odd) name (1", "sh")
    play(tmp_path, 9, 8, "gone", status="Z")
    return tmp_path


def test_a_name_that_the_kernel_cut_is_taken_from_the_command_line(proc: Path) -> None:
    assert process(7, proc) == Process(7, 1, "containerd-shim-runc-v2")


def test_a_name_may_hold_brackets_and_blanks(proc: Path) -> None:
    assert process(8, proc) == Process(8, 7, "odd) name (1")


def test_what_has_ended_is_no_process(proc: Path) -> None:
    assert process(9, proc) is None
    assert process(10, proc) is None


def test_rows_take_in_others_only_as_parents(proc: Path) -> None:
    assert [one.pid for one in rows({8}, {1, 7}, proc)] == [7, 8]
    assert [one.pid for one in rows({7, 8}, {1}, proc)] == [1, 7, 8]


def test_the_tree_puts_children_below_their_parents() -> None:
    processes = [Process(1, 0, "init"), Process(5, 1, "b"), Process(3, 1, "a"), Process(9, 3, "c"), Process(4, 2, "d")]
    assert [(depth, one.name) for depth, one in tree(processes)] == [
        (0, "init"),
        (1, "a"),
        (2, "c"),
        (1, "b"),
        (0, "d"),
    ]
    assert as_text(processes).splitlines()[2] == "      9        c"
