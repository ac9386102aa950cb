"""The four kinds of check: `State`, `Did`, `Probe` and `Answer`.

State, Did and Probe are (what, look, expect): the value a look fetches is held against an expectation. They differ
in what they promise: State looks at what is there now and changes nothing; Did reads the engine's event stream;
Probe acts, observes and undoes. Answer compares the learner's value with what the learner's own engine says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from labsupport.exercises.answers import WANTED
from labsupport.exercises.expect import Expect, plain, quantity
from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look
from labsupport.exercises.outcome import Outcome, Verdict
from labsupport.exercises.seeds import fill_all


class Said(str):
    """A mistake in words of its own: `Said("it could not start: ...")`."""


@dataclass(frozen=True)
class Mistake:
    """A classic mistake: its name, why it goes wrong, and how to see it.

    sees: an expectation that the observed value then meets; or a function of the lab and the value, where more must be
    looked at, which may give `Said("name: reason")` where what is there says more than `because`; without one, whatever
    else fails the check.
    """

    name: str
    because: str
    sees: Expect | Callable[[Lab, Any], object] | None = None

    def seen(self, lab: Lab, value: Any) -> object:
        """Something true when it is this one. Raises whatever a look at what is not there raises."""
        if self.sees is None:
            return True
        if isinstance(self.sees, Expect):
            return self.sees.test(value, fill_all(self.sees.want, lab.values))
        return self.sees(lab, value)

    def __str__(self) -> str:
        return f"{self.name}: {self.because}"


def recognised(mistakes: tuple[Mistake, ...], lab: Lab, value: Any) -> str:
    """The first mistake that is seen, in words; "" when none is."""
    for mistake in mistakes:
        try:
            if seen := mistake.seen(lab, value):
                return lab.fill(seen if isinstance(seen, Said) else str(mistake))
        except Exception:  # what it would recognise is not even there, or gone, or of another shape
            continue
    return ""


@dataclass(frozen=True)
class _Looking:
    """what says the goal in a few words; mistakes are tried in order when the expectation is not met."""

    what: str
    look: Look
    expect: Expect
    mistakes: tuple[Mistake, ...] = ()

    kind: ClassVar[str] = ""

    def run(self, lab: Lab) -> Outcome:
        """Look once. Raises Unreachable and the SDK's errors; a Missing thing is a failed outcome."""
        want = fill_all(self.expect.want, lab.values)
        what, where = lab.fill(self.what), lab.fill(self.look.where)
        expected = lab.fill(self.expect.described(want))
        try:
            value = self.look.fetch(lab)
        except Missing as missing:
            mistake = recognised(self.mistakes, lab, None)
            return Outcome(what, Verdict.FAILED, expected, str(missing), where, mistake, self.kind)
        try:
            good = self.expect.test(value, want)
        except Exception:  # a value of another shape than the wanted one
            good = False
        if good:
            return Outcome(what, Verdict.PASSED, expected, self.expect.shown(value), where, "", self.kind)
        mistake = recognised(self.mistakes, lab, value)
        return Outcome(what, Verdict.FAILED, expected, self.expect.shown(value), where, mistake, self.kind)


@dataclass(frozen=True)
class State(_Looking):
    """What is there now: containers, images, layers, networks, volumes, files."""

    kind = "state"


@dataclass(frozen=True)
class Did(_Looking):
    """What happened, from the engine's event stream since the scene began: use `looks.events`."""

    kind = "did"


@dataclass(frozen=True)
class Probe(_Looking):
    """Acts and observes, leaves no trace: use the looks of `probes`."""

    kind = "probe"


@dataclass(frozen=True)
class Answer:
    """The learner's value against the engine's. want is a Look, or a constant (may hold `{key}`).

    A wanted number is compared within tolerance (a fraction of it), with the answer's unit if it has one
    ("7.8 MB"; unit is that of a bare number). A wanted list or set is compared without order, a wanted text
    without case, outer blanks and quotes; ids of 12 characters or more may be cut short, with or without `sha256:`.
    read: the plain form of an answer that may be written in several ways (as a command prints it); it gives back what
    it does not know.
    """

    what: str
    want: Any
    key: str = "answer"
    unit: str = ""
    tolerance: float = 0.0
    mistakes: tuple[Mistake, ...] = ()
    read: Callable[[Lab, Any], Any] = lambda lab, given: given

    kind: ClassVar[str] = "answer"

    def run(self, lab: Lab) -> Outcome:
        what = lab.fill(self.what)
        where = lab.fill(self.want.where) if isinstance(self.want, Look) else ""
        given = lab.answers.get(self.key)
        expected = "an answer" if given is None else "what your engine says" if where else "another answer"

        def failed(observed: str, expectation: str = "", mistake: str = "") -> Outcome:
            return Outcome(what, Verdict.FAILED, expectation or expected, observed, where, mistake, self.kind)

        if self.key in lab.refused:
            return failed(f"your answer is {lab.refused[self.key]}", WANTED)
        if given is None or given == "":
            return failed("no answer yet")
        try:
            want = self.want.fetch(lab) if isinstance(self.want, Look) else fill_all(self.want, lab.values)
        except Missing as missing:
            return failed(str(missing))
        if want is None:
            raise Unreachable(f"{what}: the engine has no value to compare with")
        try:
            good = self.same(self.read(lab, given), want)
        except ValueError as error:
            return failed(f"your answer {plain(given)!r} ({type(given).__name__})", str(error))
        if good:
            return Outcome(what, Verdict.PASSED, plain(given), plain(given), where, "", self.kind)
        return failed(f"your answer {plain(given)}", mistake=recognised(self.mistakes, lab, given))

    def same(self, given: Any, want: Any) -> bool:
        """Whether the answer counts as right. Raises ValueError, saying what kind of answer is wanted."""
        if isinstance(want, bool):
            words = {"true": True, "yes": True, "false": False, "no": False}
            yes = words.get(str(given).strip().lower())
            if yes is None:
                raise ValueError("true or false")
            return yes is want
        if isinstance(want, (int, float)):
            example = f"a number such as 3{f' {self.unit}' if self.unit else ''}"
            try:
                (value, family), (wanted, wanted_family) = quantity(given, self.unit), quantity(want, self.unit)
            except ValueError:
                raise ValueError(example) from None
            if family != wanted_family and family:
                raise ValueError(f"{example}; {family!r} is another unit")
            return abs(value - wanted) <= abs(wanted) * self.tolerance + 1e-9
        if isinstance(want, (list, tuple, set, frozenset)):
            if isinstance(given, str):
                given = [item for item in given.replace(",", " ").split() if item]
            if not isinstance(given, (list, tuple)):
                raise ValueError("a list such as ['a', 'b']")
            return sorted(_folded(item) for item in given) == sorted(_folded(item) for item in want)
        if not isinstance(given, (str, int, float)) or isinstance(given, bool):
            raise ValueError("a text")
        said, right = _folded(given), _folded(want)
        return said == right or (len(said) >= 12 and len(right) == 64 and right.startswith(said))


def _folded(value: Any) -> str:
    """A text without what makes no difference: case, outer blanks, the quotes of JSON, an id's algorithm."""
    return str(value).strip().strip("\"'").casefold().removeprefix("sha256:")


Check = State | Did | Probe | Answer
