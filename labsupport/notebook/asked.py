"""Questions of the course as they are drawn (`question.Asked`), with what this learner has answered before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labsupport.exercises import session
from labsupport.exercises.quiz import Prediction, Quiz
from labsupport.notebook.question import Asked


def of(found: Prediction | Quiz, answered: Callable[[str, Any], None]) -> Asked:
    """A quiz's question or a prediction's; answered gets its id and the answer."""
    return _quiz(found, answered) if isinstance(found, Quiz) else _prediction(found, answered)


def _quiz(found: Quiz, answered: Callable[[str, Any], None]) -> Asked:
    several = len(found.right) > 1
    texts = tuple(choice.text for choice in found.choices)
    given: Any = session.progress().answered(found.id)
    try:
        said = found.graded(given) if given else ""
    except ValueError:  # an answer to an older course's question, with other choices
        given, said = [], ""
    before = given if several else "".join(given)
    return Asked(found.id, found.asked(), texts, lambda chosen: answered(found.id, chosen), several, before, said)


def _prediction(found: Prediction, answered: Callable[[str, Any], None]) -> Asked:
    given: Any = session.progress().predicted(found.id)
    try:
        given = "" if given is None else found.accepted(given)
    except ValueError:
        given = ""
    said = f"Predicted: {found.words(given)}" if given != "" else ""
    return Asked(
        found.id, found.asked(), found.choices, lambda chosen: answered(found.id, chosen), given=given, said=said
    )
