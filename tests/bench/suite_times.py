"""Where the time of the whole suite goes: the table in tests/README.md, made from a run.

    python3 -m labsupport test --junitxml=times.xml
    python3 tests/bench/suite_times.py times.xml [--write]

Prints the table; --write puts it into tests/README.md. Seconds are those of the clock in each test with its set-up and
end, added up over all processes: what waits counts as what computes does.
"""

from __future__ import annotations

import argparse
import os
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

PAGE = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- made by tests/bench/suite_times.py -->\n", "<!-- end -->\n"
WHOLE = ("unit", "recorded", "browser", "machines")  # one row; the others have one for each folder or file in them


def row_of(classname: str) -> str:
    """The row of a test: tests.engine.sandbox.test_drivers -> engine/sandbox."""
    parts = classname.split(".")[1:]
    if parts[0] in WHOLE:
        return parts[0]
    return "/".join(parts[:2])


def table(report: ElementTree.Element) -> str:
    """The table of a JUnit report as pytest writes it."""
    suite = next(report.iter("testsuite"))
    times: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for case in suite.iter("testcase"):
        times[row_of(case.get("classname", ""))].append((float(case.get("time", "0")), case.get("name", "")))
    lines = ["| tests | number | seconds | the longest |", "|---|---:|---:|---|"]
    for name, cases in sorted(times.items(), key=lambda item: -sum(seconds for seconds, _ in item[1])):
        seconds, longest = max(cases)
        lines.append(f"| {name} | {len(cases)} | {sum(s for s, _ in cases):.0f} | {seconds:.0f} s `{longest}` |")
    number, added = sum(map(len, times.values())), sum(s for cases in times.values() for s, _ in cases)
    lines.append(f"| all | {number} | {added:.0f} | |")
    minutes = float(suite.get("time", "0")) / 60
    return f"Beginning to end {minutes:.1f} minutes, on {os.cpu_count()} processors.\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--write", action="store_true", help="into tests/README.md")
    options = parser.parse_args()
    made = table(ElementTree.parse(options.report).getroot())
    print(made, end="")
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(before + BEGIN + made + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
