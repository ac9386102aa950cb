"""Fixtures of the tests that type the course's commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typed_course import Course


@pytest.fixture
def course(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Course]:
    request.getfixturevalue("sb")  # skips, with the reason, where no engine can run
    made = Course(tmp_path)
    try:
        yield made
    finally:
        for process in made.started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        made.run("stop", "--purge")
