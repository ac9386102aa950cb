"""A pytest plugin beside nbval's: after a check's cell has run, the check looks from outside of the learner's kernel.

Of the kernel only the answer is taken, as JSON: whatever a cell made of `check` there decides nothing, and is told.
Each cell's end is one line of JSON in the file that RESULTS names.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport import pace
from labsupport.errors import CourseError
from labsupport.sandbox import paths
from labsupport.verify import files
from labsupport.verify.merge import ANSWER, BEGINS, EXERCISE, PLACE

RESULTS, FILES = "LABSUPPORT_VERIFY_RESULTS", "LABSUPPORT_VERIFY_FILES"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS = 30  # to read an answer out of an idle kernel
# in the kernel: the answer as `check` reads it, then whether `check` there is the course's
_ASK = {
    "answer": f"__import__('json').dumps(__import__('labsupport.exercises.answers', fromlist=['x']).read({ANSWER}))",
    "check": "check is __import__('labsupport.notebook.lab', fromlist=['x']).check",
}


class Verdict(Exception):
    """The exercise does not hold; the text says what was found."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Iterator[None]:
    """nbval runs the cell, and fails it when it raises; then the learner's files of the exercises that it has begun are
    laid, and the exercise's check looks.
    """
    yield
    for begun in item.cell.metadata.get(BEGINS, ()):
        files.lay(Path(os.environ[FILES], begun), paths.work() / files.NAME / begun)
    if exercise := item.cell.metadata.get(EXERCISE):
        try:
            _judge(item.parent.kernel, exercise)
        except CourseError as error:
            raise Verdict(str(error)) from None


def _judge(kernel: Any, exercise: str) -> None:
    from labsupport.exercises import catalog, session

    asked = _ask(kernel)
    given, refused = json.loads(asked["answer"])
    report = session.check(catalog.find_exercise(exercise)[1], given, refused=refused)
    if report.lacking:
        pytest.skip(f"it can't be done here: {report.lacking}")
    if not report.passed:
        raise Verdict(str(report))
    if asked["check"] is not True:
        raise Verdict("`check` is not the course's: a cell of this notebook has given that name to something else")


def _ask(kernel: Any) -> dict[str, Any]:
    """The values of _ASK in the kernel. Raises Verdict."""
    message = kernel.kc.execute("", silent=True, user_expressions=_ASK)
    while True:
        reply = kernel.get_message("shell", timeout=pace.seconds(_SECONDS))
        if reply["parent_header"].get("msg_id") == message:
            break
    found = {}
    for name, said in reply["content"].get("user_expressions", {}).items():
        if said["status"] == "ok":
            found[name] = ast.literal_eval(said["data"]["text/plain"])
        elif name == "answer":
            raise Verdict(f"its answer can't be read: {said.get('ename')}: {said.get('evalue')}")
    return {"check": False, **found}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, Any]:
    """Write down how a cell ended: passed, failed or skipped, and in which words."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        outcome = (
            "failed" if hasattr(report, "wasxfail") else report.outcome
        )  # nbval's, after a cell that took too long
        said = "" if outcome == "passed" else _words(call.excinfo.value if call.excinfo else None)
        line = {"place": item.cell.metadata[PLACE], "outcome": outcome, "said": said}
        with Path(os.environ[RESULTS]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return report


def _words(error: BaseException | None) -> str:
    """What a learner should read of an error: of a Python traceback its last line."""
    inner = _COLOURS.sub("", getattr(error, "inner_traceback", None) or "").strip()
    if not inner:
        return str(error or "")
    shown = inner.splitlines()
    return shown[-1] if len(shown) > 1 and shown[0].startswith("---") else inner[:1500]
