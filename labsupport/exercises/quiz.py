"""Quizzes and predictions: questions with choices. Plain data; the notebook package draws them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from labsupport.exercises.checks import Answer
from labsupport.exercises.lab import Lab
from labsupport.exercises.looks import Look

LETTERS = "abcdefghij"


@dataclass(frozen=True)
class Choice:
    """One choice of a quiz; why explains it, right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Quiz:
    """A graded question. Every choice has an explanation; several may be right (then all must be chosen)."""

    id: str
    question: str
    choices: tuple[Choice, ...]
    points: float = 1

    @property
    def right(self) -> tuple[str, ...]:
        return tuple(LETTERS[i] for i, choice in enumerate(self.choices) if choice.right)

    def chosen(self, answer: Any) -> tuple[str, ...]:
        """The letters of an answer: "b", "a, c", "ac", ["a", "c"]. Raises ValueError naming the valid ones."""
        valid = LETTERS[: len(self.choices)]
        given = answer if isinstance(answer, (list, tuple)) else [answer]
        words = [word for each in given for word in re.findall(r"\w+", str(each).lower()) if word != "and"]
        letters = sorted({letter for word in words for letter in word})
        if not letters or any(letter not in valid for letter in letters):
            raise ValueError(f"answer with the letter of a choice: {', '.join(valid)}")
        return tuple(letters)

    def passed(self, answer: Any) -> bool:
        return self.chosen(answer) == self.right

    def asked(self) -> str:
        several = " (several are right)" if len(self.right) > 1 else ""
        lines = [f"{self.question}{several}"]
        lines += [f"  {LETTERS[i]}) {choice.text}" for i, choice in enumerate(self.choices)]
        return "\n".join([*lines, f'Answer with quiz("{self.id}", "{LETTERS[0]}")'])

    def graded(self, answer: Any) -> str:
        """The verdict, and the explanation of every choice; of a wrong answer, of those that were chosen: what the
        others are is still to be found.
        """
        chosen, passed = self.chosen(answer), self.passed(answer)
        lines = [f"{self.id} {self.question}", f"{'✔ pass ' if passed else '✘ fail:'} you chose {', '.join(chosen)}"]
        for i, choice in enumerate(self.choices):
            if not passed and LETTERS[i] not in chosen:
                continue
            mark = "right" if choice.right else "wrong"
            lines.append(f"  {LETTERS[i]}) {choice.text}: {mark}. {choice.why}")
        if not passed and all(self.choices[LETTERS.index(letter)].right for letter in chosen):
            lines.append("  That is not all of them.")
        return "\n".join(lines)


@dataclass(frozen=True)
class Prediction:
    """Predict first, then run, then see. Not graded.

    choices: what to choose from (letters), or none for a free value. happened: a Look for what the engine says, or
    the letter of what always happens; because explains. tolerance as in Answer, for numbers.
    """

    id: str
    question: str
    choices: tuple[str, ...] = ()
    happened: Look | str | None = None
    because: str = ""
    tolerance: float = 0.0
    unit: str = ""

    def asked(self) -> str:
        lines = [self.question, *(f"  {LETTERS[i]}) {choice}" for i, choice in enumerate(self.choices))]
        example = LETTERS[0] if self.choices else "your prediction"
        return "\n".join([*lines, f'Predict with predict("{self.id}", "{example}")'])

    def accepted(self, answer: Any) -> Any:
        """The prediction as it is stored. Raises ValueError naming what is possible."""
        if not self.choices:
            if isinstance(answer, bool) or not isinstance(answer, (str, int, float)) or str(answer).strip() == "":
                raise ValueError("a prediction is a number or a short text")
            return answer
        letter = str(answer).strip().lower()
        if letter not in LETTERS[: len(self.choices)] or len(letter) != 1:
            raise ValueError(f"predict with a letter: {', '.join(LETTERS[: len(self.choices)])}")
        return letter

    def fared(self, predicted: Any, lab: Lab | None) -> str:
        """Two lines and the reason: what was predicted, what happened. lab may be None for a constant outcome."""
        value = self.happened.fetch(lab) if isinstance(self.happened, Look) and lab is not None else self.happened
        lines = [self.question, f"  predicted  {self.words(predicted)}", f"  happened   {self.words(value)}"]
        try:
            as_predicted = Answer("", value, unit=self.unit, tolerance=self.tolerance).same(predicted, value)
        except ValueError:
            as_predicted = False
        lines.append("  ✔ as predicted" if as_predicted else "  ✘ not as predicted")
        return "\n".join([*lines, self.because] if self.because else lines)

    def words(self, value: Any) -> str:
        """A predicted or observed value in words: a choice's text after its letter."""
        letter = str(value)
        if self.choices and len(letter) == 1 and letter in LETTERS[: len(self.choices)]:
            return f"{letter}) {self.choices[LETTERS.index(letter)]}"
        return f"{value} {self.unit}".strip()
