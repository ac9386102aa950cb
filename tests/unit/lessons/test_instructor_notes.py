"""Every lesson tells its teacher how long it takes, what to leave out, what confuses, and what to show."""

from __future__ import annotations

import pytest

from labsupport.lessons import Lesson, find
from labsupport.lessons.source import headings

LESSONS = [lesson for lesson in find() if lesson.number < "20"]  # the bug hunts belong to the lessons


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_notes_are_complete(lesson: Lesson) -> None:
    notes = (lesson.folder / "INSTRUCTOR.md").read_text(encoding="utf-8")
    titles = " / ".join(text for _, text in headings(notes))
    for part in ("Timing", "Cuts", "Points of confusion", "projector"):
        assert part in titles
    for course in ("3 hours", "1 day", "2 days", "semester"):
        assert course in notes
