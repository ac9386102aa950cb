"""What learners call, without an engine: questions as widgets and as text, bad input, and how outputs are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exercises_fake_engine import fake_lab

from labsupport.errors import CourseError, LessonError, SandboxNotRunning
from labsupport.notebook import lab, panel, question
from labsupport.notebook.showing import markdown

LABS = Path(__file__).parent / "labs"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABSUPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("LABSUPPORT_LABS", str(LABS))
    monkeypatch.setenv("LABSUPPORT_SEED", "course")
    monkeypatch.setenv("LABSUPPORT_WIDGETS", "0")
    monkeypatch.delenv("LABSUPPORT_SANDBOX", raising=False)
    return tmp_path


def test_hints_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    lab.hint("01.1")
    lab.hint("01.1")
    lab.hint("01.1", 3)
    assert capsys.readouterr().out == (
        "Hint 1 of 3\nWhat does `docker ps` show under PORTS?\n"
        "Hint 2 of 3\n`docker run --help` has an option that publishes a port.\n"
        "Hint 3 of 3\n`docker run -d --name shop-salmon -p 8114:80 web`\n"
    )


def test_the_goal_gives_the_cells_their_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    for name in ("NAME", "PORT", "LAB", "ID"):
        monkeypatch.setenv(name, "")
    lab.goal("01.1")
    assert f"A container called `{os.environ['NAME']}`" in capsys.readouterr().out
    assert os.environ["PORT"].isdigit()
    assert Path(os.environ["LAB"]).is_dir()


def test_a_quiz_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    lab.quiz("01.q1")
    assert capsys.readouterr().out.splitlines()[-1] == 'Answer with quiz("01.q1", "a")'
    lab.quiz("01.q1", "b")
    assert "✔ pass  you chose b" in capsys.readouterr().out


def test_a_prediction_in_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    lab.predict("01.p2", "a")
    lab.predict("01.p2", "b")
    lab.reveal("01.p2")
    assert capsys.readouterr().out == (
        "Predicted: a) yes\nPredicted: a) yes (your first prediction counts)\n"
        "Does EXPOSE publish a port?\n  predicted  a) yes\n  happened   b) no\n  ✘ not as predicted\n"
    )


def test_what_happened_here_counts_where_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lab.predict("01.p2", "a")
    lab.reveal("01.p2", happened="a")
    assert "happened   a) yes\n  ✔ as predicted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lab.check("99.9"), "there is no exercise '99.9'"),
        (lambda: lab.check(1.2), "named by a text"),
        (lambda: lab.check("01.q1"), "01.q1 is not an exercise"),
        (lambda: lab.hint("01.1", 0), "hints are numbered 1 to 3"),
        (lambda: lab.hint("01.1", True), "hints are numbered 1 to 3"),
        (lambda: lab.hint("01.1", "two"), "hints are numbered 1 to 3"),
        (lambda: lab.quiz("01.q1", "z"), "answer with the letter of a choice: a, b"),
        (lambda: lab.quiz("01.1"), "01.1 is not a quiz"),
        (lambda: lab.predict("01.p2", "z"), "predict with a letter: a, b"),
        (lambda: lab.predict("01.q1", "a"), "01.q1 is not a prediction"),
        (lambda: lab.lab(""), "write %lab NUMBER ACTION"),
        (lambda: lab.lab("01.1 explode"), "write %lab NUMBER ACTION"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(call: Any, words: str) -> None:
    with pytest.raises(LessonError) as caught:
        call()
    assert words in caught.value.message
    assert not hasattr(caught.value, "__notes__")
    assert caught.value._render_traceback_() == [f"LessonError: {caught.value}"]


def test_nothing_was_predicted(capsys: pytest.CaptureFixture[str]) -> None:
    lab.reveal("01.p2")
    assert capsys.readouterr().out.startswith("You have not predicted.")


@pytest.mark.parametrize("call", [lambda: lab.check("01.1"), lambda: lab.begin("01.1"), lambda: lab.undo("01.1")])
def test_without_a_sandbox(call: Any) -> None:
    with pytest.raises(SandboxNotRunning) as caught:
        call()
    assert caught.value.next_command


@pytest.mark.parametrize("call", [lab.goal, lab.begin, lab.undo])
def test_an_engine_that_cannot_is_told_and_the_lesson_goes_on(
    call: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labsupport.exercises import session

    def begin(*_: Any, **__: Any) -> str:
        raise AssertionError("the scene must not be set up")

    monkeypatch.setattr(session, "lacking", lambda exercise: "this engine cannot limit memory")
    monkeypatch.setattr(session, "begin", begin)
    for name in ("NAME", "PORT", "LAB", "ID"):
        monkeypatch.setenv(name, "")
    call("01.1")
    said = capsys.readouterr().out
    assert "A container called" in said
    assert "It can't be done here: this engine cannot limit memory. Go on with what follows." in said


def test_a_check_of_what_the_engine_cannot_do_says_only_that(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labsupport.exercises import session

    monkeypatch.setattr(session, "lacking", lambda exercise: "this engine cannot limit memory")
    monkeypatch.setattr(session, "open_lab", lambda exercise, answer: fake_lab())
    monkeypatch.setattr(session, "cut_short", lambda exercise: {})
    lab.check("01.1")
    said = capsys.readouterr().out
    assert "It can't be done here: this engine cannot limit memory. It doesn't count." in said
    assert "expected" not in said
    assert not session.progress().read()["exercises"]


def test_the_panel_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    panel.progress()
    assert "Together: 0 of 6 points\nNext: 01.1 A page on your port" in capsys.readouterr().out


def test_the_panel_as_a_table() -> None:
    table = panel.html(panel._rows())
    assert table.count("<tr>") == 4 and 'scope="col"' in table and "· open" in table


def test_widgets_only_where_somebody_can_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABSUPPORT_WIDGETS")
    for name in ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    assert not question.widgets_work()
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    assert question.widgets_work()
    monkeypatch.setenv("LABSUPPORT_WIDGETS", "0")
    assert not question.widgets_work()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("choices", "several", "choose", "value"),
    [
        (("yes", "no"), False, lambda entry: setattr(entry, "value", "b"), "b"),
        (("yes", "no"), False, lambda entry: None, ""),
        (("x", "y", "z"), True, lambda entry: [setattr(box, "value", True) for box in entry.children[::2]], ["a", "c"]),
        ((), False, lambda entry: setattr(entry, "value", "12"), "12"),
    ],
)
def test_a_pressed_button_answers(choices: tuple[str, ...], several: bool, choose: Any, value: Any) -> None:
    answers: list[Any] = []
    box = question.question(question.Asked("01.q9", "Which?\n  a) <x>", choices, answers.append, several))
    head, entry, button, _ = box.children
    assert head.value == "<p>Which?</p>"
    choose(entry)
    button.click()
    assert answers == [value]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_refused_answer_shows_why(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: Any) -> None:
        raise CourseError("choose something")

    box = question.question(question.Asked("01.q9", "Which?", ("yes", "no"), refuse))
    box.children[2].click()
    assert "choose something" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_panel_as_a_widget() -> None:
    box = panel.panel()
    (bar, label, button), following, folds = box.children[0].children, box.children[1], box.children[2]
    assert (bar.value, label.value) == (0, "0 of 6 points")
    lab.quiz("01.q1", "b")
    button.click()
    assert (bar.value, label.value) == (1, "1 of 6 points")
    assert "Next: 01.1" in following.value
    assert folds.get_title(0) == "01-example: 1 of 6"


def test_words_as_markdown() -> None:
    text = "Which *one*?\n  a) `docker ps <x>` and <b>\n  b) no_thing\nThen\nthis"
    assert markdown(text) == (
        "Which \\*one\\*?  \n\n- a) `docker ps <x>` and &lt;b>\n- b) no\\_thing\n\nThen  \nthis  "
    )  # fmt: skip
