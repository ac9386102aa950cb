"""Rows as text and as JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from labsupport.verify.results import FAIL, PASS, SKIP, Result, Row, junit, lines

RESULT = Result(
    Path("01.ipynb"), "01", "ada",
    (Row("01.1", PASS), Row("01.2", FAIL, "missing\x1b <&"), Row("01.3", SKIP, "it can't be done here")),
    (Row("cell 3", PASS), Row("cell 4", FAIL, "NameError: x\nline 2")),
)  # fmt: skip


def test_the_lines_name_every_check_and_the_cells_that_fail() -> None:
    shown = list(lines(RESULT))
    assert shown[0] == "01.ipynb  (lesson 01, seed ada)"
    assert [line.split()[1] for line in shown[1:4]] == ["01.1", "01.2", "01.3"]
    assert "NameError: x" in shown[4]
    assert shown[-1] == "  FAIL: 2 of 3 checks, 1 of 2 other cells fail"
    assert not RESULT.passed


def test_the_xml_counts_and_can_be_read() -> None:
    suite = ElementTree.fromstring(junit([RESULT])).find("testsuite")
    assert suite is not None
    assert [suite.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["5", "2", "1", "0"]
    assert [each.get("message") for each in suite.iter("failure")] == ["missing? <&", "NameError: x"]
