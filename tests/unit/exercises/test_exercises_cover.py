"""The few exercises that are proved on other engines reach all that the checks of the others do."""

from __future__ import annotations

import exercise_cover
import pytest

from labsupport.exercises import catalog

EVERY = [exercise for lesson in catalog.lessons() for exercise in lesson.exercises]


def test_the_few_reach_what_all_reach() -> None:
    few = exercise_cover.cover()
    reached = {exercise.id: exercise_cover.reached(exercise) for exercise in EVERY}
    assert frozenset().union(*(reached[each] for each in few)) == frozenset().union(*reached.values())
    assert len(few) < len(EVERY) / 2


@pytest.mark.parametrize(
    ("exercise", "what"),
    [
        ("05.6", {"history", "labsupport.exercises.builds.rebuilt", "labsupport.exercises.looks.unpacked"}),
        ("bug.7", {"get_image", "labsupport.exercises.leaks.search"}),
        ("03.2", {"events"}),
        ("bug.4", {"diff", "get_archive", "labsupport.exercises.probes.bring_files"}),
    ],
)
def test_the_walk_goes_through_closures_modules_and_methods(exercise: str, what: set[str]) -> None:
    found = exercise_cover.reached(next(each for each in EVERY if each.id == exercise))
    assert what <= {name.split(".<locals>")[0] for name in found} | found
