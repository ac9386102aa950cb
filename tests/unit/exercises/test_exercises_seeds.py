"""Seeded values: the same for one learner, different between learners, never twice the same port."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labsupport.exercises import catalog
from labsupport.exercises.seeds import Name, Pick, Port, Token, fill, fill_all, values

SEEDS = {"name": Name("shop"), "port": Port(), "other": Port(), "token": Token(), "fault": Pick(("a", "b", "c"))}


def test_a_learner_keeps_the_values() -> None:
    assert values("ada", "01.2", SEEDS) == values("ada", "01.2", SEEDS)


def test_learners_and_exercises_differ() -> None:
    tokens = {values(seed, scope, SEEDS)["token"] for seed in ("ada", "bob") for scope in ("01.1", "01.2")}
    assert len(tokens) == 4


def test_known_values_stay_what_they_are() -> None:
    """A change of the algorithm would take every learner's names away in the middle of the course."""
    assert values("course", "01.2", {"name": Name("shop"), "port": Port()}) == {"name": "shop-osprey", "port": 8127}


@given(st.text(max_size=20))
def test_ports_are_apart_and_in_range(seed: str) -> None:
    found = values(seed, "x", {f"p{number}": Port() for number in range(20)})
    assert len(set(found.values())) == 20
    assert all(8100 <= port < 8150 for port in found.values())


@given(st.text(max_size=20))
def test_names_are_valid_for_containers_and_images(seed: str) -> None:
    name = values(seed, "x", SEEDS)["name"]
    assert name.replace("-", "").isalnum() and name == name.lower()


def test_every_fault_is_somebodys() -> None:
    assert {values(str(seed), "x", SEEDS)["fault"] for seed in range(50)} == {"a", "b", "c"}


def test_fill_leaves_other_braces() -> None:
    known = {"name": "shop-otter"}
    text = "docker inspect {name} --format '{{json .State}}' ${HOME} {unknown}"
    assert fill(text, known) == "docker inspect shop-otter --format '{{json .State}}' ${HOME} {unknown}"


def test_fill_goes_through_lists_and_dicts() -> None:
    known = {"port": 8123}
    assert fill_all({"a": ["{port}", 1], "b": ("{port}",)}, known) == {"a": ["8123", 1], "b": ("8123",)}


COURSE = [exercise for lesson in catalog.lessons() for exercise in lesson.exercises]


def of_the_course(seed: str) -> list[object]:
    """Every name and port of the course's exercises, for one learner."""
    return [
        exercise.values(seed)[key]
        for exercise in COURSE
        for key, kind in exercise.seeds.items()
        if isinstance(kind, (Name, Port))
    ]


@given(st.text(max_size=20))
@settings(deadline=None)
def test_no_two_exercises_of_the_course_share_a_name_or_a_port(seed: str) -> None:
    found = of_the_course(seed)
    assert len(found) > 100
    assert len(set(found)) == len(found)


def test_nor_for_any_of_many_learners() -> None:
    assert [seed for seed in range(300) if len(set(of_the_course(str(seed)))) < len(of_the_course(str(seed)))] == []


def test_the_courses_own_values_are_those_of_each_exercise_alone() -> None:
    """The committed notebooks show them: an exercise of which this fails is in the way of an earlier one's name."""
    assert [e.id for e in COURSE if {**values("course", e.id, e.seeds), "id": e.id} != e.values("course")] == []


def test_a_course_that_takes_too_much_is_told() -> None:
    taken = {Port().value(number) for number in range(50)}
    with pytest.raises(ValueError, match=r"no port is left for 01\.1/port"):
        values("ada", "01.1", {"port": Port()}, taken)
