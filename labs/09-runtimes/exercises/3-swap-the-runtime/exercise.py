"""09.3 Swap the runtime."""

import subprocess

from labsupport.exercises.author import *
from labsupport.exercises.looks import follow

from ...shared import FRESH, HUP, ON_OWN, engine_of, own_container, settings


def register(path: str) -> str:
    """The command that makes the program known as crun."""
    return (
        f'crun={path} && printf \'{{"runtimes": {{"crun": {{"path": "%s"}}}}}}\' "$crun" '
        f'> "$(own-engine dir)/daemon.json" && {HUP}'
    )


REGISTER = register("$(own-engine crun)")
RUN_CRUN = f"{ON_OWN} run -d --name {{name}} --runtime crun busybox sleep 3600"


@look(f"{ON_OWN} info --format '{{{{json .Runtimes}}}}'")
def program(lab: Lab) -> str:
    """Which program dockerd knows as the runtime crun, by what it says of itself, whatever it is called."""
    known = follow(engine_of(lab).info(), '.Runtimes["crun"]')
    if known is None:
        return "not known"
    # one that is told as a shim's option is not in what dockerd tells
    path = follow(known, ".path") or follow(settings(lab), ".runtimes.crun.options.BinaryName")
    try:
        said = subprocess.run(
            lab.sandbox().on_engine_host([str(path), "--version"]), capture_output=True, text=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError):
        said = ""
    first = said.partition("\n")[0]
    return "crun" if first.startswith("crun ") else f"{path}, which says {first or 'nothing'}"


@look("own-engine ps")
def maker(lab: Lab) -> str:
    """The runtime that made the container, by what it keeps of it: runc writes state.json, crun status."""
    identity = own_container("{name}", ".Id").fetch(lab)
    for place in (engine_of(lab).sockets / "exec").glob(f"**/{identity}"):
        names = {each.name for each in place.iterdir()}
        if names & {"state.json", "status"}:
            return "runc" if "state.json" in names else "crun"
    return "crun"  # it keeps its notes where nobody can look


EXERCISE = Exercise(
    id="09.3",
    title="Swap the runtime",
    goal="The lesson's own engine is fresh again, and knows only runc. Make it know a runtime called `crun` "
    "(`own-engine crun` prints where it is), and let a container `{name}` run there with it.",
    seeds={"name": Name("swapped")},
    scene=Scene(commands=FRESH),
    needs=("own-engine",),
    steps=(
        Step(
            "known",
            State(
                "dockerd knows crun",
                program,
                expect.equals("crun"),
                mistakes=(
                    Mistake(
                        "written, but not read",
                        f"dockerd reads daemon.json when it starts, and at SIGHUP: {HUP}",
                        lambda lab, value: value == "not known" and "crun" in settings(lab).get("runtimes", {}),
                    ),
                    Mistake(
                        "crun by name only",
                        "the path leads to another program.",
                        lambda lab, value: value != "not known",
                    ),
                ),
            ),
        ),
        Step(
            "runs",
            State(
                "{name} has the runtime crun",
                own_container("{name}", ".HostConfig.Runtime"),
                expect.equals("crun"),
                mistakes=(
                    Mistake(
                        "the default runtime",
                        "a runtime that is known is not used by itself: docker run --runtime NAME.",
                        expect.equals("runc"),
                    ),
                ),
            ),
            State("{name} runs", own_container("{name}", ".State.Status"), expect.equals("running")),
            State(
                "it was crun that made it",
                maker,
                expect.equals("crun"),
                mistakes=(
                    Mistake(
                        "runc under the name of crun",
                        "what a runtime is called says nothing of the program that is run.",
                        expect.equals("runc"),
                    ),
                ),
            ),
            points=2,
        ),
    ),
    solution=(REGISTER, RUN_CRUN),
    untouched_says="dockerd knows crun",
    right=(
        Right(
            "a link of another name",
            (f"cd $(own-engine dir); ln -s $(own-engine crun) quick; {register('$PWD/quick')}", RUN_CRUN),
        ),
        Right(
            "created and started, crun by default, another one first",
            (
                f"{ON_OWN} run -d --name {{name}} busybox sleep 3600",
                REGISTER.replace('{"runtimes"', '{"default-runtime": "crun", "runtimes"'),
                f"{ON_OWN} rm -f {{name}}; {ON_OWN} create --name {{name}} busybox sleep 3600; {ON_OWN} start {{name}}",
            ),
        ),
        Right(
            "through a script, with another container around",
            (
                "cd $(own-engine dir); printf '#!/bin/sh\\nexec %s \"$@\"\\n' $(own-engine crun) > mine; "
                "chmod +x mine; "
                f"{register('$PWD/mine')}",
                f"{ON_OWN} run -d busybox sleep 60",
                RUN_CRUN,
            ),
        ),
    ),
    wrong=(
        Wrong(
            "crun by another name as well, and run by that",
            (
                'crun=$(own-engine crun) && printf \'{"runtimes": {"crun": {"path": "%s"}, "quick": {"path": "%s"}}}\' '
                f'"$crun" "$crun" > "$(own-engine dir)/daemon.json" && {HUP}',
                RUN_CRUN.replace("--runtime crun", "--runtime quick"),
            ),
            says="has the runtime crun",
        ),
        Wrong(
            "a script that only says so",
            (
                'cd $(own-engine dir); printf \'#!/bin/sh\\n[ "$1" = --version ] && exec %s --version\\nexec runc '
                f'"$@"\\n\' $(own-engine crun) > fake; chmod +x fake; {register("$PWD/fake")}',
                RUN_CRUN,
            ),
            says="runc under the name of crun",
        ),
        Wrong(
            "a comment that says so",
            (
                "cd $(own-engine dir); printf '#!/bin/sh\\n# /crun\\nexec runc \"$@\"\\n' > crun-; chmod +x crun-; "
                f"{register('$PWD/crun-')}",
                RUN_CRUN,
            ),
            says="crun by name only",
        ),
        Wrong(
            "forgot to tell dockerd",
            (REGISTER.replace(" && " + HUP, ""), RUN_CRUN),
            says="written, but not read",
        ),
        Wrong(
            "runc under another name",
            (REGISTER.replace("$(own-engine crun)", "runc"), RUN_CRUN),
            says="crun by name only",
        ),
        Wrong(
            "known, not used",
            (REGISTER, f"{ON_OWN} run -d --name {{name}} busybox sleep 3600"),
            says="the default runtime",
        ),
        Wrong("already over", (REGISTER, f"{ON_OWN} run --name {{name}} --runtime crun busybox true"), says="exited"),
    ),
    minutes=6,
)
