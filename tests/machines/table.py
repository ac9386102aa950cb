#!/usr/bin/env python3
"""Write the README's table of tried machines from the records in results/: a row for each record, none without a run.

python3 tests/machines/table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from records import RESULTS, ROOT

BEGIN, END = "<!-- made by tests/machines/table.py -->\n", "<!-- end -->"
HEAD = "| machine | user, driver | image store | engine | tried | lessons that pass | date |\n" + 7 * "|---" + "|\n"


def table(records: list[dict[str, Any]], lessons: list[str]) -> str:
    """The table as Markdown; lessons are the numbers of all that there are."""
    rows = [_row(record, lessons) for record in records if record["facts"]]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted(rows))


def _row(record: dict[str, Any], lessons: list[str]) -> list[str]:
    facts, tried = record["facts"], {name.partition("-")[0]: lesson for name, lesson in record["lessons"].items()}
    dates = sorted({lesson["date"] for lesson in tried.values()} or {record["start"]["date"]})
    by = {kind: [n for n in lessons if n in tried and tried[n]["result"] == kind] for kind in ("pass", "fail")}
    missing = [number for number in lessons if number not in tried]
    words = f"all {len(lessons)}" if by["pass"] == lessons else " ".join(by["pass"]) or "none"
    words += f"; fail: {' '.join(by['fail'])}" if by["fail"] else ""
    words += f"; not run: {' '.join(missing)}" if missing else ""
    kernel = ".".join(facts["kernel"].split(".")[:2])
    return [
        f"{facts['system']} (kernel {kernel}, cgroup {facts['cgroup']}, Python {facts['python']})",
        f"{facts['user']}, {facts['driver']}", facts["store"], facts["engine"], record["tried"], words,
        dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}",
    ]  # fmt: skip


def of_results(results: Path = RESULTS, root: Path = ROOT) -> str:
    """The table of all records in a folder."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))]
    return table(records, [path.parent.name.partition("-")[0] for path in sorted(root.glob("labs/*/lesson.md"))])


def placed(readme: str, made: str) -> str:
    """The README with this table between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + made + END + after


def main() -> None:
    readme = ROOT / "README.md"
    readme.write_text(placed(readme.read_text(encoding="utf-8"), of_results()), encoding="utf-8")


if __name__ == "__main__":
    main()
