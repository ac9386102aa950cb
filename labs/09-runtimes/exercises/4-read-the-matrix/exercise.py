"""09.4 Read the matrix."""

from typing import Any

from labsupport.exercises.author import *
from labsupport.sandbox.own import recording, trials


def _outcomes(lab: Lab) -> list[trials.Outcome]:
    """The run that is kept. Raises Missing for none, and for one that no engine gives."""
    kept = trials.kept(lab.sandbox().directory)
    if not kept:
        raise Missing("no run of the kill matrix is kept: own-engine matrix")
    known = {one.key: one for one in recording.load("").outcomes}
    for one in kept:
        was = known.get(one.key)
        same = was and (one.alive_down, one.alive_back) == (was.alive_down, was.alive_back)
        if not same or (one.key == "shim" and one.code != was.code):  # type: ignore[union-attr]
            raise Missing(f"the run that is kept has a line that no engine gives, {one.key}: own-engine matrix")
    if {one.key for one in kept} != set(known):
        raise Missing("the run that is kept has lost lines: own-engine matrix")
    return kept


# the first words bring back what an attempt below has put aside
RESTORE = 'kept="$(own-engine dir)/../kill-matrix.json"; [ ! -e "$kept.real" ] || mv "$kept.real" "$kept"'
FORGE = (
    'cp "$kept" "$kept.real"; sed -i \'s/"alive_down": false/"alive_down": true/; '
    's/"alive_down":false/"alive_down":true/\' "$kept"'
)
RUN_MATRIX = "own-engine matrix --once"
SURVIVED = Look(lambda lab: [one.key for one in _outcomes(lab) if one.alive_down], RUN_MATRIX)
LASTING = Look(lambda lab: [one.key for one in _outcomes(lab) if one.alive_back], RUN_MATRIX)
CODE = Look(lambda lab: next(one.code for one in _outcomes(lab) if one.key == "shim"), RUN_MATRIX)
REAL_MATRIX = f"{RESTORE}; {RUN_MATRIX}"
KEYS = " ".join(blow.key for blow in trials.BLOWS)


def _keys(column: str) -> Output:
    """The keys of the lines that say alive in a column of the kept matrix."""
    return Output(
        f"set -- {KEYS}; {RUN_MATRIX} | while read -r line; do "
        f'case "$line" in *"{column}: alive"*) echo "$1";; esac; shift; done'
    )


RIGHT = {"survived": _keys("while it is gone"), "lasting": _keys("started again"), "code": 137}


def _asked_for(lab: Lab, value: Any) -> set[str]:
    return set(value.replace(",", " ").split()) if isinstance(value, str) else {str(one) for one in value}


EXERCISE = Exercise(
    id="09.4",
    title="Read the matrix",
    goal="From your own run (`own.matrix(engine)`, or `own-engine matrix` in a terminal), with the blows called "
    f"{', '.join(blow.key for blow in trials.BLOWS)}: which did the container's process live through while the other "
    "process was gone (`survived`)? After which did the very same process live on once all was started again "
    '(`lasting`)? And which exit code did it have when its shim was killed (`code`)? check("09.4", '
    'answer={"survived": [...], "lasting": [...], "code": ...})',
    needs=("own-engine",),
    steps=(
        Step(
            "survived",
            Answer(
                "the blows that the process lived through",
                SURVIVED,
                key="survived",
                mistakes=(
                    Mistake(
                        "nobody was left to stop it",
                        "SIGKILL gives dockerd no time to stop its containers, live-restore or not.",
                        lambda lab, value: "kill" in set(SURVIVED.fetch(lab)) - _asked_for(lab, value),
                    ),
                    Mistake(
                        "the shim is the parent",
                        "what becomes of containerd does not touch the process; look at the line again.",
                        lambda lab, value: "containerd" in set(SURVIVED.fetch(lab)) - _asked_for(lab, value),
                    ),
                ),
            ),
        ),
        Step(
            "lasting",
            Answer(
                "those after which it lived on",
                LASTING,
                key="lasting",
                mistakes=(
                    Mistake(
                        "the return was deadly",
                        "dockerd without live-restore stops what it finds running when it comes back.",
                        lambda lab, value: "kill" in _asked_for(lab, value) - set(LASTING.fetch(lab)),
                    ),
                ),
            ),
        ),
        Step("code", Answer("the exit code after the shim was killed", CODE, key="code")),
    ),
    solution=(REAL_MATRIX,),
    answers=RIGHT,
    right=(
        Right("with commas", answers={"survived": "kill, term-live, kill-live, containerd",
              "lasting": "containerd,kill-live,term-live", "code": "137"}),
        Right("read twice", (REAL_MATRIX, RUN_MATRIX)),
        Right("with an engine that is fresh again", ("own-engine up",)),
    ),
    wrong=(
        Wrong("a run written by hand", (f"{REAL_MATRIX}; {FORGE}",),
              answers={**RIGHT, "survived": KEYS}, says="a line that no engine gives"),
        Wrong("what was killed is dead", (REAL_MATRIX,),
              answers={**RIGHT, "survived": "term-live kill-live containerd"}, says="nobody was left to stop it"),
        Wrong("containerd is needed", (REAL_MATRIX,), answers={**RIGHT, "survived": "kill term-live kill-live"},
              says="the shim is the parent"),
        Wrong("what lives, lives on", (REAL_MATRIX,), answers={**RIGHT, "lasting": _keys("while it is gone")},
              says="the return was deadly"),
        Wrong("it was asked", (REAL_MATRIX,), answers={**RIGHT, "code": 7}, says="your answer 7"),
    ),
    minutes=6,
)  # fmt: skip
