"""What verifying a notebook found: rows, as lines of text and as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PASS, FAIL, SKIP = "pass", "FAIL", "skip"
# XML 1.0 has no way to write these (https://www.w3.org/TR/xml/#charsets)
_NO_XML = {code: "?" for code in (*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF) if code not in (9, 10, 13)}


@dataclass(frozen=True)
class Row:
    """One exercise's check ("01.2") or one other cell ("cell 7"): PASS, FAIL or SKIP, and why."""

    name: str
    result: str
    said: str = ""


@dataclass(frozen=True)
class Result:
    """One notebook: its lesson, the learner's seed, a row for each check, one for each other cell."""

    notebook: Path
    lesson: str
    seed: str
    checks: tuple[Row, ...]
    cells: tuple[Row, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no row says FAIL."""
        return all(row.result != FAIL for row in (*self.checks, *self.cells))


def lines(result: Result) -> Iterator[str]:
    """Every check, and the other cells that failed; the sum last."""
    yield f"{result.notebook}  (lesson {result.lesson}, seed {result.seed})"
    failed = [row for row in result.cells if row.result == FAIL]
    for row in (*result.checks, *failed):
        first, *more = row.said.splitlines() or [""]
        yield f"  {row.result}  {row.name:<8} {first}".rstrip()
        yield from (f"        {'':<8} {line}" for line in more)
    good = sum(row.result != FAIL for row in result.checks)
    yield (
        f"  {'pass' if result.passed else 'FAIL'}: {good} of {len(result.checks)} checks,"
        f" {len(failed)} of {len(result.cells)} other cells fail"
    )


def junit(results: Iterable[Result]) -> str:
    """The same as JUnit XML: a suite for each notebook, a case for each row."""
    root = ElementTree.Element("testsuites", name="labsupport verify")
    for result in results:
        rows = (*result.checks, *result.cells)
        counts = {"tests": len(rows), "errors": 0}
        counts["failures"] = sum(row.result == FAIL for row in rows)
        counts["skipped"] = sum(row.result == SKIP for row in rows)
        attributes = {"name": _text(str(result.notebook)), **{name: str(number) for name, number in counts.items()}}
        suite = ElementTree.SubElement(root, "testsuite", attributes)
        kept = ElementTree.SubElement(suite, "properties")
        for name, value in (("lesson", result.lesson), ("seed", result.seed)):
            ElementTree.SubElement(kept, "property", name=name, value=_text(value))
        for row in rows:
            case = ElementTree.SubElement(suite, "testcase", classname=result.lesson, name=row.name)
            if row.result != PASS:
                kind, first = ("failure" if row.result == FAIL else "skipped"), (row.said.splitlines() or [""])[0]
                ElementTree.SubElement(case, kind, message=_text(first)).text = _text(row.said)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(words: str) -> str:
    return words.translate(_NO_XML)
