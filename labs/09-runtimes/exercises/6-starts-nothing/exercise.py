"""09.6 The runtime that starts nothing."""

import re

from labsupport.exercises.author import *

from ...shared import FRESH, HUP, ON_OWN, engine_of, own_container

BREAK = (
    'cd "$(own-engine dir)"; last=\'exec runc "$@"\'; '
    "case {fault} in words) last='exec runc \"$1\"';; name) last='exec runk \"$@\"';; esac; "
    "printf '%s\\n' '#!/bin/sh' '# every call of the runtime is written down' "
    '\'echo "$*" >> "$(dirname "$0")/audit.log"\' "$last" > audited; '
    "[ {fault} = mode ] || chmod +x audited; "
    'printf \'{"runtimes": {"audited": {"path": "%s"}}}\' "$PWD/audited" > daemon.json; ' + HUP
)
WRITE = (
    'cd "$(own-engine dir)"; printf \'%s\\n\' \'#!/bin/sh\' \'echo "$*" >> "$(dirname "$0")/audit.log"\' '
    "'exec runc \"$@\"' > audited; chmod +x audited"
)
START = f"{ON_OWN} start {{name}}"


def _calls(lab: Lab, identity: str) -> set[str]:
    """What audit.log tells of a container: the words of all calls that end with its id, however they are written."""
    try:
        text = (engine_of(lab).folder / "audit.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    calls: list[list[str]] = [[]]
    for word in re.split(r"[\s\"',\[\]]+", text):
        calls[-1].append(word)
        if word == identity:
            calls.append([])
    return {word for call in calls[:-1] for word in call}


@look("grep -w start $OWN_DIR/audit.log")
def audited(lab: Lab) -> str:
    """Whether the audit's file tells of the container's start."""
    calls = _calls(lab, own_container("{name}", ".Id").fetch(lab))
    return "its start" if "start" in calls else "nothing of its start"


WRITTEN = ("create", "--bundle", "start", "delete")


@look(f"{ON_OWN} run --rm --runtime audited busybox true; tail $OWN_DIR/audit.log")
def audits(lab: Lab) -> str:
    """Which calls of the runtime are written down when a container of the check's own comes and goes."""
    engine, name = engine_of(lab), traces.container_name()
    identity = engine.client("create", "--name", name, "--network", "none", "--runtime", "audited", "busybox", "true")
    if not identity:
        return "nothing: no container can be made with it"
    try:
        engine.client("start", "--attach", name)
        lab.wait(lambda: set(WRITTEN) <= _calls(lab, identity), seconds=3)
        return ", ".join(word for word in WRITTEN if word in _calls(lab, identity))
    finally:
        engine.client("rm", "-f", name)


BARE = "cd \"$(own-engine dir)\"; printf '%s\\n' '#!/bin/sh' 'exec runc \"$@\"' > audited; chmod +x audited"

EXERCISE = Exercise(
    id="09.6",
    title="The runtime that starts nothing",
    goal="On the lesson's own engine an auditor wants every call of the runtime written down, in `audit.log` beside "
    "the runtime `audited` ($OWN_DIR/audited). Since then the container `{name}` does not start. Mend it: "
    "`{name}` runs, with the runtime `audited`, and audit.log tells of its start.",
    seeds={"name": Name("shop"), "fault": Pick(("mode", "words", "name"))},
    scene=Scene(
        commands=(*FRESH, BREAK, f"{ON_OWN} create --name {{name}} --runtime audited busybox sleep 3600"),
    ),
    needs=("own-engine",),
    steps=(
        Step("runs", State("{name} runs", own_container("{name}", ".State.Status"), expect.equals("running"))),
        Step(
            "audited",
            State(
                "{name} has the runtime audited",
                own_container("{name}", ".HostConfig.Runtime"),
                expect.equals("audited"),
                mistakes=(
                    Mistake(
                        "around the audit",
                        "with another runtime nothing is written down; mend the one it has.",
                        expect.equals("runc"),
                    ),
                ),
            ),
            State(
                "audit.log tells of its start",
                audited,
                expect.equals("its start"),
                mistakes=(
                    Mistake(
                        "runs, but unwritten",
                        "the script must write down all its words before it becomes runc.",
                    ),
                ),
            ),
            Probe(
                "and of every call for another container",
                audits,
                expect.equals(", ".join(WRITTEN)),
                mistakes=(
                    Mistake(
                        "not every call",
                        "of each container create, start and delete are to be found there, with all their words.",
                        lambda lab, value: value is not None,
                    ),
                ),
            ),
            points=2,
            after="runs",
        ),
    ),
    solution=(WRITE, START),
    untouched_says="{name} runs",
    right=(
        Right(
            "mended where it is broken, tried before",
            (
                START + " || true",
                'cd "$(own-engine dir)"; sed -i \'s/^exec .*/exec runc "$@"/\' audited; chmod 755 audited',
                START,
            ),
        ),
        Right("each word on a line, with the time", (WRITE.replace('echo "$*"', 'printf "%s\\n" now "$@"'), START)),
        Right(
            "made anew, with another container around",
            (
                WRITE,
                f"{ON_OWN} rm {{name}}; {ON_OWN} run -d --name {{name}} --runtime audited busybox sleep 3600",
                f"{ON_OWN} run -d busybox sleep 60",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "a line written by hand",
            (
                BARE,
                START,
                f'echo "start $({ON_OWN} inspect --format \'{{{{.Id}}}}\' {{name}})" >> "$(own-engine dir)/audit.log"',
            ),
            says="not every call",
        ),
        Wrong("mended too late", (BARE, START, WRITE), says="runs, but unwritten"),
        Wrong("started it again", (START + " || true",), says="created"),
        Wrong(
            "another runtime",
            (
                WRITE,
                f"{ON_OWN} rm {{name}} && {ON_OWN} run -d --name {{name}} busybox sleep 3600 && "
                f"id=$({ON_OWN} inspect --format '{{{{.Id}}}}' {{name}}) && "
                'echo "start $id" >> "$(own-engine dir)/audit.log"',
            ),
            says="around the audit",
        ),
        Wrong(
            "runc in its place",
            (BARE, START),
            says="runs, but unwritten",
        ),
        Wrong(
            "only some of the words",
            (WRITE.replace('echo "$*"', 'echo "$1"'), START),
            says="runs, but unwritten",
        ),
    ),
    minutes=10,
)
