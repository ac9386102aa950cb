"""Waiting is for conditions: nothing goes on because time has passed, and a slow machine gets longer until it is no."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import labsupport
from labsupport import pace

PACKAGE = Path(labsupport.__file__).parent
LABS = PACKAGE.parent / "labs"
# files that call time.sleep themselves, and why they don't use pace.until
SLEEPS = {
    "pace.py": "the one place where conditions are waited for",
    "jupyter/server.py": "until a process has ended; then it is killed",
    "lessons/engine_diagrams.py": "authors only: between a watcher's looks, which it does not tell of",
    "sandbox/lifecycle.py": "until a supervisor is ready or gone",
    "sandbox/processes.py": "until processes that were killed are gone",
    "sandbox/ready.py": "until an engine answers, as long as something goes forward",
    "sandbox/rootless.py": "until rootlesskit's child is there, or rootlesskit has ended",
    "sandbox/startlock.py": "until another start has ended, which may take as long as it goes forward",
    "sandbox/supervisor.py": "until another process lets go of the lock",
    "shell/processes.py": "until processes that were ended are gone",
}
# cells that let time pass, by lesson and what they say
PAUSES = {
    ("03-run-containers", "sleep 1"): "`--since` counts whole seconds; and how far a counter gets in one",
    ("07-client-daemon-registry", "time.sleep(0.1)"): "a watcher's last look; what it shows is no result",
    ("09-runtimes", "sleep 0.5"): "between two looks at a counter, in a loop that ends when it stands still",
}
SLOW = 4.0


def sleeps(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep"):
            yield node


def test_who_sleeps_has_a_reason() -> None:
    found = {str(path.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*.py")) if any(sleeps(path))}
    assert found <= set(SLEEPS), "wait with labsupport.pace.until, or say here why not"


def test_no_sleep_but_between_two_looks() -> None:
    """Each is short, and in a loop; only the authors' pictures pause without one."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in sleeps(path):
            if path.name != "pace.py":
                assert float(ast.unparse(call.args[0])) <= 0.1, f"{path}:{call.lineno}"
    for path in LABS.glob("*/*.py"):
        assert not list(sleeps(path)), f"{path}: lab.wait waits for a condition"


def test_no_cell_lets_time_pass_without_a_reason() -> None:
    """`sleep 3600` as a container's program is none: here, the cell itself would wait."""
    bare = re.compile(r"(?:^|; *|&& *|\bdo )((?:time\.)?sleep[ (][\d.]+\)?)(?=$|;| *&&)(?! *; *done)", re.MULTILINE)
    for path in sorted(LABS.glob("*/lesson.md")):
        cells = re.findall(r"^```python.*?^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for cell in cells:
            for said in bare.findall(cell):
                looks = re.search(r"\b(until|while)\b[^\n]*" + re.escape(said), cell)
                assert looks or (path.parent.name, said) in PAUSES, f"{path}: {cell}"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_once", lambda: pace.QUICK * SLOW)


def test_a_slow_machine_gets_longer_and_a_quick_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for once, usual, expected in ((0.5, 2, 2), (SLOW, 2, 8), (SLOW, 0.3, 2), (1000, 1, pace.MOST)):
        monkeypatch.setattr(pace, "_once", lambda once=once: pace.QUICK * once)
        assert pace.seconds(usual) == expected


@pytest.mark.usefixtures("slow")
def test_what_comes_late_on_a_slow_machine_is_waited_for() -> None:
    began = time.monotonic()
    assert pace.until(lambda: time.monotonic() - began > 0.3, 0.15)


def test_what_does_not_come_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_once", lambda: 0)
    began = time.monotonic()
    assert pace.until(lambda: 0, 0.1) == 0
    assert 0.1 <= time.monotonic() - began < 1


def test_the_machine_is_not_measured_where_nothing_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_once", lambda: pytest.fail("measured"))
    assert pace.until(lambda: "there", 1) == "there"
