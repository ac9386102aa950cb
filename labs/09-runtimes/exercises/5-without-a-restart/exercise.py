"""09.5 Turn it on without a restart."""

from labsupport.exercises.author import *
from labsupport.exercises.looks import follow, template

from ...shared import FRESH, HUP, ON_OWN, engine_of, own_container, settings

CONFIGURE = "printf '%s\\n' '{settings}' > \"$(own-engine dir)/daemon.json\""


def own_info(path: str) -> Look:
    """A value of `docker info` on the lesson's own engine."""
    return Look(lambda lab: follow(engine_of(lab).info(), path), f"{ON_OWN} info --format {template(path)}")


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

EXERCISE = Exercise(
    id="09.5",
    title="Turn it on without a restart",
    goal="On the lesson's own engine `{name}` is busy, and live-restore is off. Turn it on, without disturbing "
    "`{name}`: it must keep the process it has. ($OWN_DIR/daemon.json holds dockerd's settings.)",
    seeds={"name": Name("busy")},
    scene=Scene(
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
                    Mistake(
                        "written, but not read",
                        f"dockerd reads daemon.json when it starts, and at SIGHUP: {HUP}",
                        lambda lab, value: settings(lab).get("live-restore") is True,
                    ),
                    Mistake(
                        "another key",
                        "the key is live-restore, with a dash; the end of dockerd.log says what dockerd made of it.",
                        lambda lab, value: any("restore" in key.lower() for key in settings(lab)),
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
                    Mistake(
                        "dockerd was ended",
                        "without live-restore, an orderly end of dockerd stops all containers; SIGHUP ends nothing. "
                        'There is no way back to that process: undo("09.5") begins anew.',
                        expect.begins_with("exited"),
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
