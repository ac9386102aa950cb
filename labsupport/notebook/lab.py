"""What a learner calls in a notebook: `check`, `hint`, `goal`, `begin`, `undo`, `predict`, `reveal`, `quiz`, `tidy`.

Each shows its result (text, and HTML where a front end draws it) and returns None, so that it works anywhere in a
cell. The text is the same every time for the same state, so nbval can compare it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import Any

from labsupport.errors import LessonError
from labsupport.exercises.answers import plain_value, words
from labsupport.exercises.exercise import Exercise
from labsupport.notebook import asked
from labsupport.notebook.mistyped import called
from labsupport.notebook.panel import progress
from labsupport.notebook.question import ask
from labsupport.notebook.question import question as draw
from labsupport.notebook.showing import show, show_words


@called('check("01.2"), or with an answer: check("01.3", 4)')
def check(exercise: str, answer: Any = None) -> None:
    """Check an exercise on the engine's real state and show what was found: `check("01.2")`, `check("01.3", 4)`.

    answer is a value for the exercises that ask for one, or a dict when they ask for several. The result is kept
    in the progress.
    """
    from labsupport.exercises import catalog, session

    report = session.check(catalog.find_exercise(exercise)[1], answer)
    if report.lacking:
        show_words(str(report))
    else:
        show(str(report), report._repr_html_())


@called('hint("01.2")')
def hint(exercise: str, number: int | None = None) -> None:
    """Show the next hint of an exercise, or hint 1, 2 or 3. The last one is the solution."""
    from labsupport.exercises import catalog, hints, session

    lesson, found = catalog.find_exercise(exercise)
    steps = lesson.hints.get(found.id, ())
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
        raise LessonError(f"hints are numbered 1 to {len(steps)}", seen=words(number))
    shown = session.progress().take_hint(found.id, number, len(steps))
    show_words(hints.hint(steps, shown, found.values(session.seed())))


@called('goal("01.2")')
def goal(exercise: str) -> None:
    """Show what an exercise asks for, with this learner's values, and put them into the cells' environment.

    `{name}` becomes $NAME in `%%shell` cells, and the working folder $LAB. Says so when this engine can't do it.
    """
    from labsupport.exercises import catalog, session

    _, found = catalog.find_exercise(exercise)
    export(found)
    session.folder(found).mkdir(parents=True, exist_ok=True)
    session.keep_current(found)
    show_words(f"{found.id} {found.title}\n{found.goal_for(session.seed())}")
    if missing := session.lacking(found):
        # no error: a lesson run from top to bottom must not stop here
        show_words(f"It can't be done here: {missing}. Go on with what follows.")


_exported: set[str] = set()  # names in os.environ that are an exercise's: the next one must not find them


def export(exercise: Exercise) -> None:
    """Put the learner's values of an exercise into os.environ, where the cells' commands find them, and into the
    course's terminals; no other's stay.
    """
    from labsupport.exercises import session

    variables = exercise.variables(session.seed())
    for name in _exported - set(variables):
        os.environ.pop(name, None)
    _exported.clear()
    _exported.update(variables)
    os.environ.update(variables)
    os.environ["LAB"] = str(session.folder(exercise))
    session.tell_terminals({**variables, "LAB": os.environ["LAB"]})


def restore() -> None:
    """Give a new kernel the values of the exercise its notebook was last at; none when it was at none."""
    from labsupport.exercises import session

    if found := session.current():
        export(found)


@called('begin("01.2")')
def begin(exercise: str) -> None:
    """Set up an exercise's scene and show its goal. Nothing is removed: what is there already is left as it is.

    What ended because the sandbox was stopped is started again.
    """
    _begin(exercise, anew=False)


@called('undo("01.2")')
def undo(exercise: str) -> None:
    """Bring an exercise back to its start. Your files of it are kept in a folder beside, the last three times."""
    _begin(exercise, anew=True)


def _begin(exercise: str, *, anew: bool) -> None:
    from labsupport.exercises import catalog, session

    _, found = catalog.find_exercise(exercise)
    if session.lacking(found):
        goal(found.id)  # says why not
        return
    done = session.begin(found, anew=anew)
    goal(found.id)
    over = f'start over with undo("{found.id}")'
    if done == "resumed":
        show_words(f"Already begun: go on where you were, or {over}.")
        if started := session.bring_back(found):
            show_words(f"Started again, for they ended when the sandbox was stopped: {', '.join(started)}.")
        if session.set_up_again(found):
            show_words("Its containers were started again since it began, so what else its scene has is set up again.")
    elif done == "gone":
        show_words(f"Already begun, and nothing of its scene is there any more: go on if that is your work, or {over}.")
    elif done != "begun":
        kept = done.removeprefix("there: ")
        show_words(f"Not set up, for this is there already and may be your work: {kept}. Go on with it, or {over}.")


@called('tidy("01")')
def tidy(lesson: str) -> None:
    """Remove what a lesson and its exercises made in the engine, your own results included: `tidy("03")`.

    It goes by the label `course.lab` and by the names that only an exercise has. Your files and your points stay.
    """
    from labsupport.exercises import session

    lesson = plain_value(lesson)
    left, unknown = session.clear(lesson)
    if left:
        raise LessonError(f"lesson {lesson} could not be taken away whole", seen=f"left: {', '.join(left)}")
    show_words(f"What lesson {lesson} and its exercises made is gone.")
    if unknown:
        show_words(f"Still there, and perhaps yours: {', '.join(f'{what} (`{how}`)' for what, how in unknown)}.")


def free_port(container: bool = True) -> str:
    """A port of this computer that nobody uses, as a text. container: that a container can be published on, too."""
    from labsupport import sandbox
    from labsupport.sandbox import ports

    return str(sandbox.attach().free_port() if container else ports.free())


def events_since(moment: float) -> list[dict[str, Any]]:
    """What the sandbox has recorded of the engine's events since a moment (seconds since the epoch)."""
    from labsupport import sandbox
    from labsupport.exercises import session

    box = sandbox.attach()
    return session.recorded(box, box.client())(moment)


def lab(line: str) -> None:
    """`%lab 05.2 begin`, `%lab 05.2 undo`, `%lab 05.2 goal`, `%lab 05.2 hint`: the calls above as a line magic."""
    actions = {"begin": begin, "undo": undo, "goal": goal, "hint": hint, "check": check}
    said = str.__str__(line).split() if isinstance(line, str) else []
    if len(said) != 2 or said[1] not in actions:
        seen = words(line) if said else "nothing"
        raise LessonError("write %lab NUMBER ACTION", seen=seen, next_command="%lab 05.2 begin")
    actions[said[1]](said[0])


def register(shell: Any) -> None:
    """Make `%lab` known to a notebook, and the names that messages tell a learner to type; what has one stays."""
    shell.register_magic_function(lab, "line", "lab")
    missing = {name: globals()[name] for name in __all__ if name != "lab" and name not in shell.user_ns}
    shell.push(missing, interactive=False)


@called('predict("01.p1")')
def predict(prediction: str, answer: Any = None) -> None:
    """Ask for a prediction, or keep one: `predict("01.p1")`, `predict("01.p1", "b")`. The first one counts."""
    from labsupport.exercises import catalog, session
    from labsupport.exercises.quiz import Prediction

    _, found = catalog.find(prediction)
    if not isinstance(found, Prediction):
        raise LessonError(f"{prediction} is not a prediction")
    if answer is None or answer is ...:
        ask(asked.of(found, predict))
        return
    try:
        accepted = found.accepted(plain_value(answer))
    except ValueError as error:
        example = '"a"' if found.choices else "1"
        seen = "no choice" if _is_empty(answer) else words(answer)
        raise LessonError(str(error), seen=seen, next_command=f'predict("{found.id}", {example})') from None
    kept = session.progress().predict(found.id, accepted)
    said = f"Predicted: {found.words(kept)}"
    show_words(said if kept == accepted else f"{said} (your first prediction counts)")


def _is_empty(answer: Any) -> bool:
    """Whether nothing was chosen before the button was pressed."""
    return isinstance(answer, (str, list)) and not answer


def ask_again(shown: Iterable[str]) -> None:
    """Make these questions, which the notebook on the page shows, anew in a new kernel: answered, or to be answered.

    Without it the page shows "model not found" in their places, or buttons that nobody hears.
    """
    from labsupport.exercises import catalog
    from labsupport.exercises.quiz import Prediction, Quiz

    for name in shown:
        with contextlib.suppress(LessonError):  # the course has the question no more
            _, found = catalog.find(name)
            if isinstance(found, Quiz):
                draw(asked.of(found, quiz))
            elif isinstance(found, Prediction):
                draw(asked.of(found, predict))


@called('reveal("01.p1")')
def reveal(prediction: str, happened: Any = None) -> None:
    """Show what happened beside what was predicted. happened: what did here, where that may differ from the usual."""
    from dataclasses import replace

    from labsupport import sandbox
    from labsupport.exercises import catalog, session
    from labsupport.exercises.lab import Lab
    from labsupport.exercises.looks import Look
    from labsupport.exercises.quiz import Prediction

    _, found = catalog.find(prediction)
    if not isinstance(found, Prediction):
        raise LessonError(f"{prediction} is not a prediction")
    predicted = session.progress().predicted(found.id)
    if predicted is None:
        # no error: a lesson run from top to bottom must not stop here
        show_words(f'You have not predicted. Look at the question again: predict("{found.id}")')
        return
    if happened is not None:
        found = replace(found, happened=str(happened))
    client = sandbox.attach().client() if isinstance(found.happened, Look) else None
    show_words(found.fared(predicted, Lab(client) if client is not None else None))


@called('quiz("01.q1", "b"), or with several letters: quiz("01.q1", "a", "c")')
def quiz(question: str, answer: Any = None, *more: Any) -> None:
    """Ask a quiz's question, or grade an answer: `quiz("01.q1")`, `quiz("01.q1", "b")`, `quiz("01.q1", "a", "c")`."""
    from labsupport.exercises import catalog, session
    from labsupport.exercises.quiz import Quiz

    _, found = catalog.find(question)
    if not isinstance(found, Quiz):
        raise LessonError(f"{question} is not a quiz")
    if answer is None or answer is ...:
        ask(asked.of(found, quiz))
        return
    try:
        given = plain_value([answer, *more] if more else answer)
        chosen = found.chosen(given)
    except ValueError as error:
        seen = "no choice" if _is_empty(answer) else words(answer)
        raise LessonError(str(error), seen=seen, next_command=f'quiz("{found.id}", "a")') from None
    session.progress().record_quiz(found.id, chosen, found.passed(given), found.points)
    show_words(found.graded(given))


__all__ = [
    "begin", "check", "free_port", "goal", "hint", "lab", "predict", "progress", "quiz", "reveal", "tidy", "undo",
]  # fmt: skip
