"""What lesson authors write: found by id, read from hints.md, refused by the lint when something is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labsupport.errors import LessonError
from labsupport.exercises import (
    Choice,
    Exercise,
    Pick,
    Prediction,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Wrong,
    catalog,
    expect,
    hints,
    looks,
)
from labsupport.exercises.catalog import Lesson
from labsupport.exercises.lint import lint

LABS = Path(__file__).parent / "labs"


def test_an_exercise_is_found_with_its_lesson() -> None:
    lesson, exercise = catalog.find_exercise("01.2", LABS)
    assert lesson.folder.name == "01-example"
    assert exercise.title == "Restart it, count its layers"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("01.22", "near it: 01.2"),
        ("99.1", "near it"),
        ("nonsense words", "none with a name like it"),
        ("", "none with"),
    ],
)
def test_no_such_exercise(wanted: str, words: str) -> None:
    with pytest.raises(LessonError, match="there is no exercise") as caught:
        catalog.find(wanted, LABS)
    assert words in caught.value.seen


@pytest.mark.parametrize("wanted", [1.2, None, ["01.2"]])
def test_an_id_of_the_wrong_type(wanted: Any) -> None:
    with pytest.raises(LessonError, match="named by a text"):
        catalog.find(wanted, LABS)


def test_a_quiz_is_no_exercise() -> None:
    with pytest.raises(LessonError, match=r"01.q1 is not an exercise") as caught:
        catalog.find_exercise("01.q1", LABS)
    assert caught.value.next_command == 'quiz("01.q1")'


def test_the_next_exercise() -> None:
    assert catalog.following("01.1", LABS) == "01.2"
    assert catalog.following("01.2", LABS) == ""


def test_bug_hunts_come_last_and_keep_their_numbers(tmp_path: Path) -> None:
    for name in ("bughunt-02-b", "bughunt-10-j", "10-late", "02-early"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "checks.py").write_text("EXERCISES = ()\n")
    names = [folder.name for folder in catalog.folders(tmp_path)]
    assert names == ["02-early", "10-late", "bughunt-02-b", "bughunt-10-j"]
    assert catalog.prefix(tmp_path / "bughunt-02-b") == "bug"


def test_a_broken_checks_py_says_where(tmp_path: Path) -> None:
    (tmp_path / "03-x").mkdir()
    (tmp_path / "03-x" / "checks.py").write_text("EXERCISES = (undefined,)\n")
    with pytest.raises(LessonError, match="does not load") as caught:
        catalog.find("03.1", tmp_path)
    assert caught.value.seen == "NameError: name 'undefined' is not defined"


def test_a_changed_checks_py_is_read_again(tmp_path: Path) -> None:
    import os

    path = tmp_path / "03-x" / "checks.py"
    path.parent.mkdir()
    path.write_text("EXERCISES = ()\n")
    assert catalog.load(path.parent).exercises == ()
    path.write_text("QUIZZES = ('x',)\n")
    os.utime(path, ns=(1, 1))
    assert catalog.load(path.parent).quizzes == ("x",)


HINTS = "Intro\n\n## 01.1\n### 1\nLook at `{name}`.\n\n### 2: the option\nb\n### 3\nc\n## 01.2\n### 1\nd\n"


def test_hints_are_read() -> None:
    assert hints.parse(HINTS) == {"01.1": ("Look at `{name}`.", "b", "c"), "01.2": ("d",)}


def test_hints_are_shown_with_the_learners_values() -> None:
    steps = hints.parse(HINTS)["01.1"]
    assert hints.hint(steps, 1, {"name": "shop-otter"}) == "Hint 1 of 3\nLook at `shop-otter`."
    assert hints.hint(steps, 9, {}).startswith("Hint 3 of 3")


def test_hints_out_of_order() -> None:
    with pytest.raises(LessonError, match="numbered 2, 1"):
        hints.parse("## 01.1\n### 2\na\n### 1\nb\n")


def test_no_hints() -> None:
    with pytest.raises(LessonError, match="no hints"):
        hints.hint((), 1, {})


CHECK = State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running"))
OTHERS = tuple(Right(f"way {number}", ("true",)) for number in range(3))
WHOLE = replace(catalog.load(LABS / "01-example").exercises[0], right=OTHERS)


def lesson(tmp_path: Path, exercise: Exercise, **other: Any) -> Lesson:
    folder = tmp_path / "01-x"
    folder.mkdir(exist_ok=True)
    (folder / "checks.py").write_text(other.pop("source", ""))
    parts: dict[str, Any] = {"quizzes": (), "predictions": (), "hints": {"01.1": ("a", "b", "c")}, **other}
    return Lesson(folder, (exercise,), **parts)


def test_a_whole_exercise_has_no_faults(tmp_path: Path) -> None:
    assert lint(lesson(tmp_path, WHOLE)) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"solution": ()}, "no passing solution"),
        ({"wrong": WHOLE.wrong[:2]}, "2 wrong attempts, at least 3"),
        ({"right": OTHERS[:2]}, "2 other right attempts, at least 3"),
        ({"right": (*OTHERS, OTHERS[0])}, "two right attempts have one name"),
        ({"wrong": (*WHOLE.wrong[:2], WHOLE.wrong[0])}, "two wrong attempts do the same"),
        ({"wrong": (*WHOLE.wrong, Wrong("x", ("true",)))}, "does not say which message"),
        ({"wrong": (*WHOLE.wrong, Wrong("x", says="y"))}, "does nothing"),
        ({"goal": " "}, "no goal or no title"),
        ({"goal": "{nmae} runs"}, "{nmae} is no seed of it"),
        ({"steps": ()}, "no steps"),
        ({"steps": (Step("a"),)}, "step 'a' has no check"),
        ({"steps": (Step("a", CHECK, points=0),)}, "step 'a' has no points"),
        ({"steps": (Step("a", CHECK), Step("a", CHECK))}, "two steps are called 'a'"),
        ({"steps": (Step("a", CHECK, after="b"), Step("b", CHECK))}, "comes after b, which is no earlier step"),
        ({"owns": ("shop",)}, "owns 'shop', which is not KIND:NAME"),
        ({"scene": Scene(commands=("docker run {nmae}",))}, "{nmae} is no seed of it"),
        ({"needs": ("magic",)}, "needs 'magic', which is none of cgroup"),
        ({"id": "02.1"}, "ids in 01-x begin with 01."),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert any(fault in line for line in lint(lesson(tmp_path, replace(WHOLE, **changes))))


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"hints": {}}, "0 hints in hints.md, 3 are needed"),
        ({"hints": {"01.1": ("a", "{nmae}", "c")}}, "{nmae} in hint 2 is no seed of it"),
        ({"hints": {"01.1": ("a", "b", "c"), "01.9": ("a",)}}, "01.9: hints for an exercise that is not declared"),
        ({"quizzes": (Quiz("01.q1", "?", (Choice("a", "w", right=True),)),)}, "a right one and a wrong one"),
        ({"quizzes": (Quiz("01.q1", "?", (Choice("a", "", right=True), Choice("b", "w"))),)}, "no explanation"),
        ({"predictions": (Prediction("01.p1", "?"),)}, "nothing to compare"),
        ({"predictions": (Prediction("01.p1", "?", ("a", "b"), "c"),)}, "'c' is none of its choices"),
        ({"quizzes": (Quiz("01.1", "?", ()),)}, "01.1: declared 2 times"),
        ({"source": "import time\ntime.sleep(1)\n"}, "a check sleeps"),
    ],
)
def test_a_fault_around_it_is_named(other: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert any(fault in line for line in lint(lesson(tmp_path, WHOLE, **other)))


@pytest.mark.parametrize("folder", catalog.folders(), ids=lambda folder: folder.name)
def test_the_courses_exercises_are_whole(folder: Path) -> None:
    assert lint(catalog.load(folder)) == []


def test_there_are_twelve_bug_hunts() -> None:
    hunts = [folder for folder in catalog.folders() if folder.name.startswith("bughunt-")]
    assert [catalog.load(folder).exercises[0].id for folder in hunts] == [f"bug.{n}" for n in range(1, len(hunts) + 1)]
    assert len(hunts) >= 12


def test_no_seed_changes_a_variable_of_the_system(tmp_path: Path) -> None:
    exercise = replace(WHOLE, seeds={**WHOLE.seeds, "path": Pick(("/a",))})
    assert any("would change $PATH" in line for line in lint(lesson(tmp_path, exercise)))
    assert "PATH" not in exercise.variables("course") and "NAME" in exercise.variables("course")


def test_cells_are_given_what_the_goal_tells_and_no_more() -> None:
    exercise = next(e for lesson in catalog.lessons() for e in lesson.exercises if e.id == "03.3")
    assert set(exercise.variables("course")) == {"NAME"}  # the codes in the log are what it asks for


def test_no_solution_in_a_lesson_counts_on_a_planted_value() -> None:
    """A value that the goal does not tell is in no cell's environment: the learner's copy would find it empty."""
    wrong = []
    for text in (path.read_text("utf-8") for path in catalog.labs().glob("*/lesson.md")):
        parts = re.split(r'^begin\("([\w.]+)"\)', text, flags=re.MULTILINE)
        for name, part in zip(parts[1::2], parts[2::2], strict=True):
            _, exercise = catalog.find_exercise(name)
            section, planted = (
                part.partition("check(")[0],
                set(exercise.seeds) - {*map(str.lower, exercise.variables("s"))},
            )
            for key in planted:
                used = re.search(rf'"\$\{{?{key.upper()}\b', section)
                if used and not re.search(rf"^\s*{key.upper()}=", section, re.MULTILINE):
                    wrong.append(f"{name}: {used[0]}")
    assert wrong == []
