"""Lesson 09: a shim found, a container that Docker does not know, crun, the kill matrix read, live-restore, a runtime
that starts nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

from labsupport.errors import CourseError
from labsupport.exercises import (
    Answer,
    Choice,
    Exercise,
    Lab,
    Look,
    Missing,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Unreachable,
    Wrong,
    expect,
    look,
    mistakes,
    traces,
)
from labsupport.exercises.looks import follow, template
from labsupport.sandbox import api, own
from labsupport.sandbox.own import recording, trials
from labsupport.sandbox.own.engine import OwnEngine

ON_OWN = "docker --context own"
CONFIGURE = "printf '%s\\n' '{settings}' > \"$(own-engine dir)/daemon.json\""
HUP = "own-engine signal dockerd HUP"


def _own(lab: Lab) -> OwnEngine:
    """The lesson's own engine beside it. Raises Missing when dockerd there does not answer."""
    try:
        engine = own.attach(lab.sandbox())
    except CourseError as error:
        raise Missing(f"{error.message}: begin the exercise anew with undo") from error
    if not engine.pid("dockerd"):
        raise Missing("dockerd of the lesson's own engine has ended: own-engine dockerd")
    return engine


def own_container(name: str, path: str) -> Look:
    """A value of a container's inspect on the lesson's own engine."""

    def fetch(lab: Lab) -> Any:
        engine = _own(lab)
        try:
            found = api.get(engine.docker_host, f"/containers/{lab.fill(name)}/json")
        except OSError as error:
            if "404" not in str(error):
                raise Unreachable(str(error)) from error
            raise Missing(f"there is no container called {lab.fill(name)} on the lesson's own engine") from None
        return follow(found, path)

    return Look(fetch, f"{ON_OWN} container inspect {name} --format {template(path)}")


def own_info(path: str) -> Look:
    """A value of `docker info` on the lesson's own engine."""
    return Look(lambda lab: follow(_own(lab).info(), path), f"{ON_OWN} info --format {template(path)}")


def _settings(lab: Lab) -> dict[str, Any]:
    """daemon.json of the lesson's own engine, {} where it is no JSON."""
    try:
        kept = json.loads(_own(lab).configuration.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _on_machine(lab: Lab, command: str) -> str:
    """The output of a command among the processes of the machine on which the engine runs."""
    with lab.throwaway(command=["sleep", "60"], pid_mode="host") as container:
        return lab.execute(container.id, ["sh", "-c", command])[1]


# --- 1: the shim ------------------------------------------------------------------------------------------------


def _parent(of: Callable[[Lab], int], where: str) -> Look:
    @look(where)
    def fetch(lab: Lab) -> int:
        words = _on_machine(lab, f"cat /proc/{of(lab)}/stat").rpartition(")")[2].split()
        if len(words) < 2:
            raise Missing("the process has ended")
        return int(words[1])

    return fetch


def _first(lab: Lab) -> int:
    pid = int(lab.inspect("container", "{name}")["State"]["Pid"])
    if not pid:
        raise Missing(lab.fill("{name} does not run"))
    return pid


SHIM = _parent(_first, "engine-host cut -d ' ' -f 4 /proc/PID/stat, with .State.Pid of {name}")
ABOVE = _parent(lambda lab: int(SHIM.fetch(lab)), "engine-host cut -d ' ' -f 4 /proc/PID/stat, with the shim's PID")
PID_OF = "docker inspect --format '{{{{.State.Pid}}}}' {name}"


def _up(name: str, steps: int) -> Output:
    """The process id so many steps above a container's first process."""
    command = f"pid=$(docker inspect --format '{{{{.State.Pid}}}}' {name})"
    command += "; pid=$(engine-host cut -d ' ' -f 4 /proc/$pid/stat)" * steps
    return Output(command + "; echo $pid")


SDK_PID = "pid=$(python3 -c \"import docker; print(docker.from_env().containers.get('{name}').attrs['State']['Pid'])\")"
PARENT = "pid=$(engine-host sed -n 's/^PPid:\\t//p' /proc/$pid/status)"

FAMILY = Exercise(
    id="09.1",
    title="Which shim is whose?",
    goal="Two containers run, `{name}` and `{other}`. Give the process id of the shim of `{name}`, and above it the "
    'process id of the shim\'s own parent: check("09.1", answer={"shim": ..., "above": ...}).',
    seeds={"name": Name("mine"), "other": Name("theirs")},
    scene=Scene(
        files="files/none",
        commands=(
            "docker run -d --name {name} --label course.lab=09.1 busybox sleep 3600",
            "docker run -d --name {other} --label course.lab=09.1 busybox sleep 3600",
        ),
    ),
    owns=("container:{name}", "container:{other}"),
    steps=(
        Step(
            "shim",
            Answer(
                "the shim of {name}",
                SHIM,
                key="shim",
                mistakes=(
                    mistakes.seen_when(
                        "the container's own process",
                        "that is .State.Pid, the first process in the container; the shim is its parent.",
                        lambda lab, value: int(value) == _first(lab),
                    ),
                    mistakes.seen_when(
                        "somebody else's shim",
                        "each container has a shim of its own: begin from this container's .State.Pid.",
                        lambda lab, value: "shim" in _on_machine(lab, f"cat /proc/{int(value)}/comm"),
                    ),
                    mistakes.seen_when(
                        "not a shim",
                        "a shim's name begins with containerd-shim.",
                        lambda lab, value: True,
                    ),
                ),
            ),
        ),
        Step(
            "above",
            Answer(
                "the parent of that shim",
                ABOVE,
                key="above",
                mistakes=(
                    mistakes.seen_when(
                        "the engine is not the parent",
                        "neither dockerd nor containerd is above a shim; read the fourth word of its stat.",
                        lambda lab, value: (
                            _on_machine(lab, f"cat /proc/{int(value)}/comm").strip() in ("dockerd", "containerd")
                        ),
                    ),
                ),
            ),
        ),
    ),
    solution=(PID_OF.format(name="{name}"),),
    answers={"shim": _up("{name}", 1), "above": _up("{name}", 2)},
    right=(
        Right("it was started again, and others run", ("docker restart -t 0 {name}; docker restart -t 0 {other}",)),
        Right(
            "by the SDK, the parent by its line in status",
            answers={"shim": Output(f"{SDK_PID}; {PARENT}; echo $pid"), "above": _up("{name}", 2)},
        ),
        Right(
            "paused",
            ("docker pause {name}",),
            answers={"shim": _up("{name}", 1), "above": Output(f"{SDK_PID}; {PARENT}; {PARENT}; echo $pid")},
        ),
    ),
    wrong=(
        Wrong("a name", answers={"shim": "containerd-shim", "above": _up("{name}", 2)}, says="a number such as 3"),
        Wrong(
            "the container's own",
            answers={"shim": _up("{name}", 0), "above": _up("{name}", 2)},
            says="the container's own process",
        ),
        Wrong(
            "the other's shim",
            answers={"shim": _up("{other}", 1), "above": _up("{name}", 2)},
            says="somebody else's shim",
        ),
        Wrong("process 1", answers={"shim": 1, "above": _up("{name}", 2)}, says="not a shim"),
        Wrong(
            "containerd above",
            answers={"shim": _up("{name}", 1), "above": Output("engine-host pidof containerd | cut -d ' ' -f 1")},
            says="the engine is not the parent",
        ),
    ),
    minutes=6,
)

# --- 2: the stowaway --------------------------------------------------------------------------------------------

BUSYBOX = "docker.io/library/busybox:latest"
# earlier scenes' namespaces, of whatever learner, go with all that is in them
SWEEP = (
    "engine-host sh -c 'for n in $(ctr namespaces ls -q | grep ^hold-); do "
    "for c in $(ctr -n $n containers ls -q); do ctr -n $n tasks rm --force $c; ctr -n $n containers rm $c; done; "
    "ctr -n $n images rm --sync $(ctr -n $n images ls -q); ctr namespaces rm $n; done >/dev/null 2>&1; true'"
)
STOW = (
    "docker save busybox | engine-host ctr -n {hold} images import - >/dev/null",
    'engine-host sh -c \'ctr -n {hold} run -d --cpu-shares 0 --cgroup "${ENGINE_CGROUP:+$ENGINE_CGROUP/{hold}}" '
    f"{BUSYBOX} {{name}} sleep {{seconds}}'",
)
PAUSE = "engine-host ctr -n {hold} tasks pause {name}"
END_IT = "engine-host ctr -n {hold} tasks kill --signal KILL {name}"


@look("engine-host ps -e -o pid,args")
def stowaway(lab: Lab) -> str:
    """Whether the stowaway's program runs."""
    lines = _on_machine(lab, "ps -o args").splitlines()  # a paused one is among them
    return "running" if lab.fill("sleep {seconds}") in (line.strip() for line in lines) else "ended"


STOWAWAY = Exercise(
    id="09.2",
    title="The stowaway",
    goal="A program runs below the sandbox's containerd that no `docker ps -a` lists. Find it with ctr: in which "
    "of containerd's namespaces, and as which container? Then end it (`{crew}` is innocent, and runs on). "
    'check("09.2", answer={"namespace": ..., "container": ...})',
    seeds={
        "hold": Name("hold"),
        "name": Name("stowaway"),
        "crew": Name("crew"),
        "seconds": Pick((4411, 4523, 4637, 4759, 4861, 4973)),
    },
    scene=Scene(
        files="files/none",
        commands=(
            "docker pull -q busybox",
            "docker run -d --name {crew} --label course.lab=09.2 busybox sleep 3600",
            SWEEP,
            *STOW,
        ),
    ),
    owns=("container:{crew}",),
    steps=(
        Step(
            "found",
            Answer(
                "the namespace",
                "{hold}",
                key="namespace",
                mistakes=(
                    mistakes.seen_when(
                        "Docker's own namespace",
                        "in moby are only containers that Docker knows; `ctr namespaces ls` lists the others.",
                        lambda lab, value: str(value).strip() == "moby",
                    ),
                ),
            ),
            Answer(
                "the container",
                "{name}",
                key="container",
                mistakes=(
                    mistakes.seen_when(
                        "that is the image",
                        "the first column of `ctr -n NAMESPACE containers ls` is the container.",
                        lambda lab, value: "busybox" in str(value),
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "ended",
            State("its program has ended", stowaway, expect.equals("ended")),
            State(
                "{crew} runs",
                Look(lambda lab: lab.inspect("container", "{crew}")["State"]["Status"], "docker ps").of_scene(
                    "container", "{crew}"
                ),
                expect.equals("running"),
            ),
            points=2,
            after="found",
        ),
    ),
    solution=(END_IT,),
    answers={"namespace": "{hold}", "container": "{name}"},
    right=(
        Right(
            "removed with all it had",
            (
                "engine-host ctr -n {hold} tasks rm --force {name}; engine-host ctr -n {hold} containers rm {name}",
                "engine-host sh -c 'ctr -n {hold} images rm --sync $(ctr -n {hold} images ls -q)'",
                "engine-host ctr namespaces rm {hold}",
            ),
        ),
        Right(
            "by its process, with a container around",
            (
                "docker run -d --label course.lab=09.2 busybox sleep 60",
                "engine-host sh -c "
                '\'kill -KILL $(ctr -n {hold} tasks ls | grep {name} | tr -s " " | cut -d " " -f 2)\'',
            ),
        ),
        Right(
            "asked first",
            ("engine-host ctr -n {hold} tasks kill --signal TERM {name}", END_IT),
            answers={"namespace": " {hold}\n", "container": "{name}"},
        ),
    ),
    wrong=(
        Wrong("paused", (PAUSE,), answers={"namespace": "{hold}", "container": "{name}"}, says="running"),
        Wrong(
            "looked in moby",
            (END_IT,),
            answers={"namespace": "moby", "container": "{name}"},
            says="Docker's own namespace",
        ),
        Wrong(
            "the crew thrown out and replaced",
            (END_IT, "docker rm -f {crew}; docker run -d --name {crew} --label course.lab=09.2 busybox sleep 3600"),
            answers={"namespace": "{hold}", "container": "{name}"},
            says="is another container than the one",
        ),
        Wrong(
            "named the image",
            (END_IT,),
            answers={"namespace": "{hold}", "container": BUSYBOX},
            says="that is the image",
        ),
        Wrong("only looked", answers={"namespace": "{hold}", "container": "{name}"}, says="its program has ended"),
        Wrong(
            "ended everything",
            (END_IT, "docker kill {crew}"),
            answers={"namespace": "{hold}", "container": "{name}"},
            says="{crew} runs",
        ),
    ),
    minutes=8,
)

# --- 3: crun ----------------------------------------------------------------------------------------------------

# a fresh engine for each scene; the volume in the sandbox's engine says that this scene is the one set up
FRESH = (
    "docker volume ls -q --filter name=own-09 | xargs -r docker volume rm",
    "own-engine up",
    "docker volume create --label course.lab={id} own-{id}",
)


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
    known = follow(_own(lab).info(), '.Runtimes["crun"]')
    if known is None:
        return "not known"
    # one that is told as a shim's option is not in what dockerd tells
    path = follow(known, ".path") or follow(_settings(lab), ".runtimes.crun.options.BinaryName")
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
    for place in (_own(lab).sockets / "exec").glob(f"**/{identity}"):
        names = {each.name for each in place.iterdir()}
        if names & {"state.json", "status"}:
            return "runc" if "state.json" in names else "crun"
    return "crun"  # it keeps its notes where nobody can look


SWAP = Exercise(
    id="09.3",
    title="Swap the runtime",
    goal="The lesson's own engine is fresh again, and knows only runc. Make it know a runtime called `crun` "
    "(`own-engine crun` prints where it is), and let a container `{name}` run there with it.",
    seeds={"name": Name("swapped")},
    scene=Scene(files="files/none", commands=FRESH),
    needs=("own-engine",),
    steps=(
        Step(
            "known",
            State(
                "dockerd knows crun",
                program,
                expect.equals("crun"),
                mistakes=(
                    mistakes.seen_when(
                        "written, but not read",
                        f"dockerd reads daemon.json when it starts, and at SIGHUP: {HUP}",
                        lambda lab, value: value == "not known" and "crun" in _settings(lab).get("runtimes", {}),
                    ),
                    mistakes.seen_when(
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
                    mistakes.seen_when(
                        "the default runtime",
                        "a runtime that is known is not used by itself: docker run --runtime NAME.",
                        lambda lab, value: value == "runc",
                    ),
                ),
            ),
            State("{name} runs", own_container("{name}", ".State.Status"), expect.equals("running")),
            State(
                "it was crun that made it",
                maker,
                expect.equals("crun"),
                mistakes=(
                    mistakes.seen_when(
                        "runc under the name of crun",
                        "what a runtime is called says nothing of the program that is run.",
                        lambda lab, value: value == "runc",
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

# --- 4: the matrix ----------------------------------------------------------------------------------------------


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


MATRIX = Exercise(
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
                    mistakes.seen_when(
                        "nobody was left to stop it",
                        "SIGKILL gives dockerd no time to stop its containers, live-restore or not.",
                        lambda lab, value: "kill" in set(SURVIVED.fetch(lab)) - _asked_for(lab, value),
                    ),
                    mistakes.seen_when(
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
                    mistakes.seen_when(
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

# --- 5: live-restore --------------------------------------------------------------------------------------------

BEGUN = "process"  # a label of the scene's volume: the container's id, and the process that it began with
LIVE = CONFIGURE.format(settings='{"live-restore": true}')


@look(f"{ON_OWN} inspect --format '{{{{.State.Pid}}}}' {{name}}")
def same_process(lab: Lab) -> str:
    """Whether the scene's container still has the process it began with."""
    found = own_container("{name}", "").fetch(lab)
    state = found["State"]
    began = (lab.inspect("volume", "own-{id}").get("Labels") or {}).get(BEGUN)
    if not began or not lab.is_original("volume", "own-{id}"):
        raise Missing('what it began with is not known any more: undo("09.5") begins anew')
    if not state["Running"]:
        return f"{state['Status']}, exit code {state['ExitCode']}"
    if state["Paused"]:
        return "paused"
    return "the same process" if began == f"{found['Id']}-{state['Pid']}" else "another process"


ADOPT = "until own-engine dockerd --live-restore && docker -c own info; do true; done"
CONFIGURED = (
    'python3 -c "from labsupport.sandbox import own; e = own.attach(); e.configure(live_restore=True); e.reload()"'
)

ALIVE = Exercise(
    id="09.5",
    title="Turn it on without a restart",
    goal="On the lesson's own engine `{name}` is busy, and live-restore is off. Turn it on, without disturbing "
    "`{name}`: it must keep the process it has. ($OWN_DIR/daemon.json holds dockerd's settings.)",
    seeds={"name": Name("busy")},
    scene=Scene(
        files="files/none",
        commands=(
            *FRESH[:-1],
            f"{ON_OWN} run -d --init --name {{name}} busybox sleep 3600",
            f"docker volume create --label course.lab={{id}} --label {BEGUN}=$({ON_OWN} inspect "
            "--format '{{.Id}}-{{.State.Pid}}' {name}) own-{id}",
        ),
    ),
    needs=("own-engine",),
    steps=(
        Step(
            "on",
            State(
                "live-restore is on",
                own_info(".LiveRestoreEnabled"),
                expect.equals(True),
                mistakes=(
                    mistakes.seen_when(
                        "written, but not read",
                        f"dockerd reads daemon.json when it starts, and at SIGHUP: {HUP}",
                        lambda lab, value: _settings(lab).get("live-restore") is True,
                    ),
                    mistakes.seen_when(
                        "another key",
                        "the key is live-restore, with a dash; the end of dockerd.log says what dockerd made of it.",
                        lambda lab, value: any("restore" in key.lower() for key in _settings(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "undisturbed",
            State(
                "{name} has the process it began with",
                same_process,
                expect.equals("the same process"),
                mistakes=(
                    mistakes.seen_when(
                        "dockerd was ended",
                        "without live-restore, an orderly end of dockerd stops all containers; SIGHUP ends nothing. "
                        'There is no way back to that process: undo("09.5") begins anew.',
                        lambda lab, value: str(value).startswith("exited"),
                    ),
                ),
            ),
            points=2,
            after="on",
        ),
    ),
    solution=(LIVE, HUP),
    untouched_says="live-restore is on",
    right=(
        Right("killed, and started with the option", ("own-engine signal dockerd KILL", ADOPT)),
        Right("through Python", (CONFIGURED,)),
        Right(
            "another key first, and another container",
            (
                CONFIGURE.format(settings='{"live_restore": true}'),
                HUP,
                f"{ON_OWN} run -d busybox sleep 60",
                CONFIGURE.format(settings='{"live-restore": true, "debug": true}'),
                HUP,
            ),
        ),
    ),
    wrong=(
        Wrong("paused for the time", (f"{ON_OWN} pause {{name}}", LIVE, HUP), says="paused"),
        Wrong(
            "another container of its name",
            (LIVE, HUP, f"{ON_OWN} rm -f {{name}}; {ON_OWN} run -d --name {{name}} busybox sleep 3600"),
            says="another process",
        ),
        Wrong("only written", (LIVE,), says="written, but not read"),
        Wrong(
            "another key",
            (CONFIGURE.format(settings='{"live_restore": true}'), HUP),
            says="another key",
        ),
        Wrong(
            "restarted dockerd",
            (LIVE, "own-engine signal dockerd TERM", "until own-engine dockerd && docker -c own info; do true; done"),
            says="dockerd was ended",
        ),
        Wrong("restarted the container", (LIVE, HUP, f"{ON_OWN} restart -t 0 {{name}}"), says="another process"),
    ),
    minutes=6,
)

# --- 6: a runtime that starts nothing ---------------------------------------------------------------------------

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
        text = (_own(lab).folder / "audit.log").read_text(encoding="utf-8", errors="replace")
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
    engine, name = _own(lab), traces.container_name()
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

HUNT = Exercise(
    id="09.6",
    title="The runtime that starts nothing",
    goal="On the lesson's own engine an auditor wants every call of the runtime written down, in `audit.log` beside "
    "the runtime `audited` ($OWN_DIR/audited). Since then the container `{name}` does not start. Mend it: "
    "`{name}` runs, with the runtime `audited`, and audit.log tells of its start.",
    seeds={"name": Name("shop"), "fault": Pick(("mode", "words", "name"))},
    scene=Scene(
        files="files/none",
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
                    mistakes.seen_when(
                        "around the audit",
                        "with another runtime nothing is written down; mend the one it has.",
                        lambda lab, value: value == "runc",
                    ),
                ),
            ),
            State(
                "audit.log tells of its start",
                audited,
                expect.equals("its start"),
                mistakes=(
                    mistakes.seen_when(
                        "runs, but unwritten",
                        "the script must write down all its words before it becomes runc.",
                        lambda lab, value: True,
                    ),
                ),
            ),
            Probe(
                "and of every call for another container",
                audits,
                expect.equals(", ".join(WRITTEN)),
                mistakes=(
                    mistakes.seen_when(
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

EXERCISES = (FAMILY, STOWAWAY, SWAP, MATRIX, ALIVE, HUNT)

PREDICTIONS = (
    Prediction(
        "09.p1",
        "Which process is the parent of the container's first process?",
        ("dockerd, which was asked to run it", "containerd", "runc", "Another one"),
        "d",
        "A shim, one for each container. runc started the process and has ended; dockerd never was in the line.",
    ),
    Prediction(
        "09.p2",
        "containerd runs a container from the same image, without dockerd. Which network devices does it have?",
        ("eth0 and lo, as with Docker", "lo alone", "Those of the machine"),
        "b",
        "It gets an empty network namespace. Bridge, address and names are dockerd's work.",
    ),
    Prediction(
        "09.p3",
        "`docker run --rm --runtime diary ...`: how often is the runtime called, and by whom?",
        ("Once, by dockerd", "Once, by the shim", "Several times, by the shim"),
        "c",
        "create, start, and delete when the program has ended: each is a program that runs for a moment.",
    ),
    Prediction(
        "09.p4",
        "dockerd gets SIGKILL, with live-restore off. What becomes of the container's process?",
        (
            "It ends at once, with dockerd",
            "It lives on, and dockerd takes it over when it comes back",
            "It lives on, and ends when dockerd comes back",
        ),
        "c",
        "Nobody was left to stop it; dockerd does so as soon as it is back.",
    ),
    Prediction(
        "09.p5",
        "A container writes line after line while dockerd is gone. What happens?",
        ("The lines are lost", "It writes on, and the lines are kept somewhere", "After a moment it stands still"),
        "c",
        "The pipe on the way to dockerd fills up, and the kernel lets the writer wait.",
    ),
)

QUIZZES = (
    Quiz(
        "09.q1",
        "Why is there a shim for each container?",
        (
            Choice("To make containers start faster", "It is one more process to start."),
            Choice(
                "So that dockerd and containerd can end and come back while the process has a parent",
                "It holds the streams and the exit code meanwhile.",
                right=True,
            ),
            Choice("To isolate the container from the machine", "Namespaces and control groups do; runc set them up."),
        ),
    ),
    Quiz(
        "09.q2",
        "Which of these does dockerd do itself?",
        (
            Choice("Give a container its address and publish its port", "Networks sit in dockerd.", right=True),
            Choice("Create the namespaces of the process", "The runtime does."),
            Choice("Wait for the process and keep its exit code", "The shim does, and passes it up."),
            Choice("Write the log", "It reads the pipe from the shim, and its logging driver writes.", right=True),
        ),
    ),
    Quiz(
        "09.q3",
        "An update restarts dockerd in the usual, orderly way. live-restore is off. What do your containers do?",
        (
            Choice("Run on: the shim is their parent", "The shim makes that possible; the setting decides."),
            Choice("Run on, if a restart policy is set", "They are started anew then: new processes."),
            Choice(
                "They are stopped; those with the restart policy `always` are started anew",
                "Off is the default. (`on-failure` starts only those that did not end with 0.)",
                right=True,
            ),
        ),
    ),
    Quiz(
        "09.q4",
        "What must a program be able to do to take runc's place below the usual shim, as `diary` did?",
        (
            Choice("Answer on a socket when containerd asks", "That is what a shim does. Kata has one of its own."),
            Choice(
                "Understand the command lines create, start, kill, delete ...",
                "As crun and yours do: the shim calls it with runc's words.",
                right=True,
            ),
            Choice("Be written in Go", "crun is C, yours was shell."),
            Choice(
                "Have the command line that the OCI's specification prescribes",
                "It prescribes none: it says what the operations do, and runc's words for them are a habit.",
            ),
        ),
    ),
)
