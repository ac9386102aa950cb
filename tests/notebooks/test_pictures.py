"""The commands of every terminal picture still print what its committed transcript says."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.lessons import Lesson, find, pictures

LESSONS = [lesson for lesson in find() if pictures.declared(lesson)]


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_commands_print_what_the_pictures_show(lesson: Lesson, sb: Any) -> None:
    from labsupport import hub

    hub.fill(sb)
    for name, fresh in pictures.record(lesson, sb).items():
        committed = pictures.load(name)
        assert [pictures.gist(kept) for kept in fresh] == [pictures.gist(kept) for kept in committed], name
