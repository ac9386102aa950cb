"""Exercises graded on the engine's real state.

One exercise is one folder (see `catalog`): `exercise.py` declares it, `hints.md` beside it has its hints (see
`hints`), `files/` what it starts from. A worked example, labs/01-topic/exercises/2-page/exercise.py:

    from labsupport.exercises.author import *

    EXERCISE = Exercise(
        id="01.2",
        title="A page on your port",
        goal="A container called `{name}` made from the image `web` answers on http://127.0.0.1:{port}/.",
        seeds={"name": Name("shop"), "port": Port()},
        owns=("container:{name}",),
        steps=(
            Step(
                "runs",
                State("{name} runs", looks.container("{name}", ".State.Status"), expect.equals("running"),
                      mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}"))),
                State("{name} is made from web", looks.container("{name}", ".Config.Image"),
                      expect.equals("web")),
            ),
            Step(
                "answers",
                Probe("http://127.0.0.1:{port}/ answers", probes.page("{port}"), expect.contains("It works"),
                      mistakes=(mistakes.expose_without_publish("{name}"),)),
                points=2,
                after="runs",
            ),
        ),
        solution=("docker run -d --name {name} -p {port}:80 web",),
        wrong=(
            Wrong("forgot -p", ("docker run -d --name {name} web",), says="EXPOSE without -p"),
            Wrong("only created", ("docker create --name {name} -p {port}:80 web",), says="not started"),
            Wrong("other image", ("docker run -d --name {name} busybox sleep 60",), says="made from web"),
        ),
    )

What the parts mean:

* `State(what, look, expect)` reads the engine or the folder; `Did(what, looks.events(...), expect)` the events
  since the scene began; `Probe(what, probes...., expect)` acts, observes, undoes; `Answer(what, want)` compares
  `check("01.3", answer=3)` with a look or a constant. `looks` and `probes` carry the command that shows the value.
* Things, not names: `looks.events` counts what happened to the scene's container, whatever it is called now; write
  `looks.container("{name}", ...).of_scene("container", "{name}")` where another one of that name must not do.
* "Made from the image X" is `identity.made_from`: by what is in the image, whatever it is called. Behaviour is probed
  with inputs that the learner can't know (`secrets.token_hex(4)` at check time), in throwaway containers and in
  images of copies (`builds.built`): nothing of the learner's changes, names are nobody else's.
* A check that fails names the first of its `mistakes` that is seen: those of `mistakes`, or
  `Mistake("only renamed", "the hanging process is still the same one.", expect.equals(1))`, by the value that was
  looked at; by anything else that there is with a function of the lab and the value.
* `seeds` (`Name`, `Port`, `Token`, `Pick`) give values per learner; write them `{key}` in any text, command, hint.
  Cells have those that the goal tells as `$KEY`; the others are planted, to be found out. A seed called `fault` is a
  planted fault: the proofs try each.
* A `Step` has points and may come `after` others. In a step the first failing check ends the step.
* `scene=Scene(...)` sets a start up (files copied, commands run); `owns` lists what undo may remove besides
  everything labelled `course.lab=<id>`; `needs` names what not every engine can do.
* The proofs: `solution` and every `Right` (three other ways) must pass; every `Wrong` (three at least) must fail and
  its report must show `says`; the untouched start must fail. For each check there must be an attempt that only this
  check keeps from its step's points, else the mutation test calls it decoration. Answers in proofs may be
  `Output("command")`: its output.

Who calls what: `evaluate.evaluate(exercise, lab)` gives a `Report`; `labsupport.notebook.lab` has the learner's
`check`, `hint`, `predict`, `quiz`, `begin` and `undo`.
"""

from labsupport.exercises.checks import Answer, Did, Mistake, Probe, State
from labsupport.exercises.exercise import Exercise, Output, Right, Scene, Step, Wrong
from labsupport.exercises.lab import Lab, Missing, Unreachable
from labsupport.exercises.looks import Look, look
from labsupport.exercises.outcome import Outcome, Report, StepResult, Verdict
from labsupport.exercises.quiz import Choice, Prediction, Quiz
from labsupport.exercises.seeds import Name, Pick, Port, Token

__all__ = [
    "Answer", "Choice", "Did", "Exercise", "Lab", "Look", "Missing", "Mistake", "Name", "Outcome", "Output",
    "Pick", "Port", "Prediction", "Probe", "Quiz", "Report", "Right", "Scene", "State", "Step", "StepResult", "Token",
    "Unreachable", "Verdict", "Wrong", "look",
]  # fmt: skip
