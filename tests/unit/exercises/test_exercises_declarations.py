"""What lesson authors write: found by id, read from hints.md, refused by the lint when something is missing."""

from __future__ import annotations

import os
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
    new,
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


SMALL = """\
from labsupport.exercises.author import Exercise

from ...shared import TITLE

EXERCISE = Exercise("{id}", TITLE, "{id} is there", ())
"""


def written(root: Path, *exercises: str) -> None:
    """Put small exercises there: "03-x/2-b" is 03.2, "20-bug-x/04-d" is bug.4."""
    for name in exercises:
        lesson, _, slug = name.partition("/")
        (place := root / lesson / "exercises" / slug).mkdir(parents=True)
        prefix = "bug" if "bug" in lesson else lesson.partition("-")[0]
        (place / "exercise.py").write_text(SMALL.format(id=f"{prefix}.{int(slug.partition('-')[0])}"))
        (root / lesson / "shared.py").write_text("TITLE = 'a title of its lesson'\n")


def test_an_exercise_is_added_by_adding_a_folder(tmp_path: Path) -> None:
    written(tmp_path, "20-bug-x/04-d", "03-x/2-b", "03-x/10-j", "03-x/1-a")
    (tmp_path / "01-y").mkdir()
    (tmp_path / "01-y" / "questions.py").write_text("QUIZZES = ()\n")
    assert [folder.name for folder in catalog.folders(tmp_path)] == ["01-y", "03-x", "20-bug-x"]
    ids = [exercise.id for lesson in catalog.lessons(tmp_path) for exercise in lesson.exercises]
    assert ids == ["03.1", "03.2", "03.10", "bug.4"]
    assert catalog.find_exercise("bug.4", tmp_path)[1].title == "a title of its lesson"
    assert catalog.following("03.2", tmp_path) == "03.10"
    written(tmp_path, "03-x/11-k")
    assert catalog.following("03.10", tmp_path) == "03.11"


def test_a_new_exercise_is_a_folder_with_a_template_that_is_whole(tmp_path: Path) -> None:
    written(tmp_path, "20-bug-x/04-d", "03-x/2-b")
    (tmp_path / "05-z").mkdir()
    made = [new.make(tmp_path / lesson, "quiet-exit") for lesson in ("03-x", "20-bug-x", "05-z")]
    assert [(name, folder.name) for name, folder in made] == [
        ("03.3", "3-quiet-exit"),
        ("bug.5", "05-quiet-exit"),
        ("05.1", "1-quiet-exit"),
    ]
    faults = [fault for lesson in catalog.lessons(tmp_path) for fault in lint(lesson)]
    assert [fault for fault in faults if fault.startswith(tuple(name for name, _ in made))] == []


@pytest.mark.parametrize(
    ("slug", "words"), [("Quiet Exit", "small letters"), ("../x", "small letters"), ("b", "of that name")]
)
def test_a_folders_name_that_cannot_be(slug: str, words: str, tmp_path: Path) -> None:
    written(tmp_path, "03-x/2-b")
    with pytest.raises(LessonError, match=words):
        new.make(tmp_path / "03-x", slug)


def test_a_lessons_exercises_go_by_how_their_ids_begin(tmp_path: Path) -> None:
    written(tmp_path, "20-bug-x/04-d", "03-x/1-a")
    assert [each.id for each in catalog.of("bug", tmp_path)] == ["bug.4"]
    with pytest.raises(LessonError, match="there is no lesson '20'") as caught:
        catalog.of("20", tmp_path)
    assert caught.value.seen == "there are: 03, bug"


def test_two_lessons_have_a_shared_py_each(tmp_path: Path) -> None:
    written(tmp_path, "03-x/1-a", "04-y/1-a")
    (tmp_path / "04-y" / "shared.py").write_text("TITLE = 'another'\n")
    titles = [catalog.find_exercise(wanted, tmp_path)[1].title for wanted in ("03.1", "04.1", "03.1")]
    assert titles == ["a title of its lesson", "another", "a title of its lesson"]


@pytest.mark.parametrize("broken", ["exercises/1-a/exercise.py", "shared.py", "questions.py"])
@pytest.mark.parametrize("text", ["TITLE = undefined\n", "TITLE = (\n"])
def test_a_file_that_does_not_load_is_named(broken: str, text: str, tmp_path: Path) -> None:
    written(tmp_path, "03-x/1-a")
    (tmp_path / "03-x" / broken).write_text(text)
    with pytest.raises(LessonError, match=f"03-x/{broken} does not load") as caught:
        catalog.find("03.1", tmp_path)
    assert "name 'undefined' is not defined" in caught.value.seen or "was never closed" in caught.value.seen
    (tmp_path / "03-x" / broken).write_text(SMALL.format(id="03.1") if "exercises" in broken else "TITLE = 'mended'\n")
    assert catalog.find("03.1", tmp_path)[1].id == "03.1"


def test_a_folder_without_a_declaration_is_named(tmp_path: Path) -> None:
    written(tmp_path, "03-x/1-a")
    (tmp_path / "03-x/exercises/1-a/exercise.py").write_text("EXERCISES = ()\n")
    with pytest.raises(LessonError, match=r"1-a/exercise\.py declares no exercise"):
        catalog.find("03.1", tmp_path)


@pytest.mark.parametrize("changed", ["shared.py", "exercises/1-a/exercise.py"])
def test_a_changed_file_is_read_again(changed: str, tmp_path: Path) -> None:
    written(tmp_path, "03-x/1-a")
    assert catalog.find_exercise("03.1", tmp_path)[1].title == "a title of its lesson"
    path = tmp_path / "03-x" / changed
    path.write_text(path.read_text().replace("'a title of its lesson'", "'new'").replace("TITLE, ", "'new', "))
    os.utime(path, ns=(1, 1))
    assert catalog.find_exercise("03.1", tmp_path)[1].title == "new"


HINTS = "### 1\nLook at `{name}`.\n\n### 2: the option\nb\n### 3\nc\n"


def test_hints_are_read() -> None:
    assert hints.parse(HINTS) == ("Look at `{name}`.", "b", "c")


def test_hints_are_shown_with_the_learners_values() -> None:
    steps = hints.parse(HINTS)
    assert hints.hint(steps, 1, {"name": "shop-otter"}) == "Hint 1 of 3\nLook at `shop-otter`."
    assert hints.hint(steps, 9, {}).startswith("Hint 3 of 3")


def test_hints_out_of_order(tmp_path: Path) -> None:
    (tmp_path / "hints.md").write_text("### 2\na\n### 1\nb\n")
    with pytest.raises(LessonError, match=r"hints\.md: the hints are numbered 2, 1"):
        hints.read(tmp_path)


def test_no_hints() -> None:
    with pytest.raises(LessonError, match="no hints"):
        hints.hint((), 1, {})


CHECK = State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running"))
OTHERS = tuple(Right(f"way {number}", ("true",)) for number in range(3))
WHOLE = replace(catalog.load(LABS / "01-example").exercises[0], right=OTHERS)


def lesson(tmp_path: Path, exercise: Exercise, **other: Any) -> Lesson:
    folder = tmp_path / "01-x"
    place = folder / "exercises" / "1-a"
    place.mkdir(parents=True, exist_ok=True)
    (place / "exercise.py").write_text(other.pop("source", ""))
    parts: dict[str, Any] = {"quizzes": (), "predictions": (), "hints": {"01.1": ("a", "b", "c")}, **other}
    return Lesson(folder, (replace(exercise, folder=place),), **parts)


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
        ({"id": "02.1"}, "ids in 01-x begin with 01. or x."),
        ({"id": "01.2"}, "its folder 1-a has another number"),
        ({"scene": Scene(files="files")}, "its scene's files are not there: files"),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], fault: str, tmp_path: Path) -> None:
    assert any(fault in line for line in lint(lesson(tmp_path, replace(WHOLE, **changes))))


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"hints": {}}, "0 hints in hints.md, 3 are needed"),
        ({"hints": {"01.1": ("a", "{nmae}", "c")}}, "{nmae} in hint 2 is no seed of it"),
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


def test_files_that_no_scene_names_are_named(tmp_path: Path) -> None:
    whole = lesson(tmp_path, WHOLE)
    (tmp_path / "01-x/exercises/1-a/files").mkdir()
    assert lint(whole) == ["01.1: nothing names its folder files"]


def test_no_file_of_a_lesson_is_left_where_nothing_reads_it() -> None:
    """What stands beside an exercise.py belongs to it: exercise.py, hints.md, files."""
    known = {"exercise.py", "hints.md", "files", "__pycache__"}
    strays = [path for path in catalog.labs().glob("*/exercises/*/*") if path.name not in known]
    lonely = [path for path in catalog.labs().glob("*/exercises/*") if not (path / "exercise.py").is_file()]
    assert strays == [] and [path for path in lonely if path.name != "__pycache__"] == []


def test_there_are_twelve_bug_hunts() -> None:
    hunts = [each.id for lesson in catalog.lessons() for each in lesson.exercises if each.id.startswith("bug.")]
    assert hunts == [f"bug.{n}" for n in range(1, len(hunts) + 1)]
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
