"""The README's table of tried machines is what the records say, and the records are what a trial writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import records
import table
from nbformat.v4 import new_code_cell, new_output
from solutions import wrong
from try_machine import try_it

FACTS = {"system": "Debian 12", "kernel": "6.1.0-1-amd64", "cgroup": "v2", "user": "root", "driver": "private",
         "store": "graph driver, overlay2", "engine": "28.5.2", "python": "3.11.2"}  # fmt: skip


def test_the_readme_shows_the_records() -> None:
    readme = (table.ROOT / "README.md").read_text(encoding="utf-8")
    assert table.placed(readme, table.of_results()) == readme, "Next: python3 tests/machines/table.py"


def test_a_row_names_what_failed_and_what_was_not_run() -> None:
    tried = {"01-why": {"result": "pass", "date": "2026-01-02"}, "02-vms": {"result": "fail", "date": "2026-01-03"}}
    record = {"tried": "ssh", "facts": FACTS, "lessons": tried}
    made = table.table([record, {**record, "facts": {}}], ["01", "02", "03"])
    assert len(made.splitlines()) == 3  # a trial that never got to an engine has no row
    assert "| 01; fail: 02; not run: 03 | 2026-01-02 to 2026-01-03 |" in made


@pytest.fixture
def record(tmp_path: Path) -> records.Record:
    return records.Record("here", tmp_path)


LINES = """
case "$line" in
*"labsupport start"*) echo http://127.0.0.1/; exit $started;;
*"labsupport doctor"*) echo '{"findings": [{"level": "FAIL", "subject": "disk", "seen": "full"}]}';;
*solutions.py*) echo '{"kernel": "6.1"}'
    echo '{"lesson": "01-why", "result": "pass", "failing": [], "seconds": 2}'
    echo '{"lesson": "02-vms", "result": "fail", "failing": [{"cell": 7, "source": "x", "said": "no"}], "seconds": 3}';;
esac
"""


def test_a_trial_is_written_down_and_can_go_on(record: records.Record) -> None:
    asked: list[str] = []

    def shell(line: str) -> list[str]:
        asked.append(line)
        return ["sh", "-c", f"line='{line}'; started=0; {LINES}"]

    try_it(shell, record, "by a test", ["01", "02"], again=False)
    kept = records.Record("here", record.path.parent)
    assert kept.data["tried"] == "by a test"
    assert (kept.data["start"]["result"], kept.data["doctor"]["said"]) == ("pass", "disk: full")
    assert {name: lesson["result"] for name, lesson in kept.data["lessons"].items()} == {
        "01-why": "pass",
        "02-vms": "fail",
    }
    try_it(shell, kept, "by a test", ["01", "02"], again=False)
    assert asked[-2].endswith("solutions.py 02")  # 01 has passed at this commit


def test_a_start_that_fails_is_written_down(record: records.Record) -> None:
    try_it(lambda line: ["sh", "-c", "echo no engine >&2; exit 3"], record, "by a test", ["01"], again=False)
    assert record.data["start"]["result"] == "fail" and "no engine" in record.data["start"]["said"]
    assert not record.data["lessons"]


@pytest.mark.parametrize(
    ("output", "fails"),
    [
        (new_output("error", ename="E", evalue="no", traceback=[]), True),
        (new_output("display_data", {"text/plain": "01.1 A: 0 of 1 point\n✘ fail    it runs"}), True),
        (new_output("display_data", {"text/plain": "01.1 A: 1 of 1 point\n✔ pass    it runs"}), False),
        (new_output("stream", text="✘ not as predicted"), False),
    ],
)
def test_a_cell_fails_where_a_user_sees_it_fail(output: Any, fails: bool) -> None:
    assert bool(wrong(new_code_cell("x", outputs=[output]))) is fails
