"""Which outputs a build keeps, and which it replaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_output

from labsupport.lessons import outputs

RULES = outputs.rules_of(Path(__file__).parents[2] / "nbval-sanitize.cfg")


def cell(text: str, *tags: str, source: str = "x") -> Any:
    made = new_code_cell(source, metadata={"tags": list(tags)})
    made.outputs = [new_output("stream", name="stdout", text=text)]
    return made


@pytest.mark.parametrize(("old", "new"), [
    ("started 3f2a91c0de77\n", "started 91c0de773f2a\n"),
    ("at 2026-01-02T03:04:05.123456789Z\n", "at 2027-11-12T13:14:15Z\n"),
    ("took 0.31 s\n", "took 0.4 s\n"),
    ("one: 980 ms\n", "one: 1.1 s\n"),
    ("web  3 weeks ago  Up 42 seconds\n", "web   2 days ago   Up Less than a second\n"),
    ("a1b2c3d4e5f6: Pull complete\n.\n", "0f0e0d0c0b0a: Pull complete\na1b2c3d4e5f6: Download complete\n.\n"),
    ("80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n", "80/tcp -> 0.0.0.0:8080\n80/tcp -> :::8080\n"),
    ("0.0.0.0:8080->80/tcp, :::8080->80/tcp   site\n", "0.0.0.0:8080->80/tcp   site\n"),
    ("    1 root     sh\n   12 root     sleep 1\n", "    1 root     sh\n    7 root     sleep 1\n"),
])  # fmt: skip
def test_volatile_parts_keep_the_old_output(old: str, new: str) -> None:
    fresh = cell(new)
    outputs.settle(fresh, cell(old), RULES)
    assert fresh.outputs[0].text == old


@pytest.mark.parametrize(("old", "new"), [
    ("3 layers\n", "4 layers\n"),
    ("Hello\n", "hello\n"),
    ("one\ntwo\n", "two\none\n"),
    ("exit code 137\n", "exit code 0\n"),
    ("Exited (0) 2 seconds ago\n", "Exited (1) 2 seconds ago\n"),
    ("Exited (0) 2 seconds ago\n", "Up 2 seconds\n"),
    ("a1b2c3d4e5f6: Already exists\n", "a1b2c3d4e5f6: Pull complete\n"),
    ("80/tcp -> 0.0.0.0:8080\n", "81/tcp -> 0.0.0.0:8080\n"),
    ("    1 root     sh\n", "   12 root     sh\n"),
    ("    7 root     sleep 1\n", "    7 root     sleep 2\n"),
    ("within 10 seconds\n", "within 20 seconds\n"),
])  # fmt: skip
def test_a_real_difference_replaces_the_old_output(old: str, new: str) -> None:
    fresh = cell(new)
    outputs.settle(fresh, cell(old), RULES)
    assert fresh.outputs[0].text == new


def test_a_cell_whose_source_changed_has_its_new_output() -> None:
    fresh = cell("took 0.4 s\n")
    outputs.settle(fresh, cell("took 0.3 s\n", source="y"), RULES)
    assert fresh.outputs[0].text == "took 0.4 s\n"


def test_an_ignored_cell_may_change_its_numbers_and_the_order_of_its_lines() -> None:
    old = cell("a1b2c3d4e5f6: Pull complete\nweb  2.1MB\n", outputs.IGNORE)
    fresh = cell("web  999kB\n0f0e0d0c0b0a: Pull complete\n", outputs.IGNORE)
    outputs.settle(fresh, old, RULES)
    assert fresh.outputs == old.outputs


def test_an_ignored_cell_may_not_say_something_else() -> None:
    fresh = cell("Error: no such image\n", outputs.IGNORE)
    outputs.settle(fresh, cell("Pull complete\n", outputs.IGNORE), RULES)
    assert fresh.outputs[0].text == "Error: no such image\n"


def test_stdout_and_stderr_are_not_alike() -> None:
    fresh, old = cell("x\n"), cell("x\n")
    old.outputs[0].name = "stderr"
    assert not outputs.alike(fresh, old, RULES)


def test_tidy_joins_one_streams_writes_and_drops_dead_widgets() -> None:
    view = {outputs.WIDGET: {"model_id": "0"}}
    made = outputs.tidy([
        new_output("stream", name="stdout", text="a\n"),
        new_output("stream", name="stdout", text="b\n"),
        new_output("stream", name="stderr", text="c\n"),
        new_output("display_data", data=dict(view)),
        new_output("display_data", data={**view, "text/plain": "3 of 4"}),
    ])  # fmt: skip
    assert outputs.texts(made) == ["a\nb", "c", "3 of 4"]
