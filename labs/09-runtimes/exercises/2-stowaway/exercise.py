"""09.2 The stowaway."""

from contextlib import suppress

from labsupport.exercises.author import *

from ...shared import on_machine

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


def _gone(lab: Lab) -> bool:
    lines = on_machine(lab, "ps -o args").splitlines()  # a paused one is among them
    return lab.fill("sleep {seconds}") not in (line.strip() for line in lines)


@look("engine-host ps -e -o pid,args")
def stowaway(lab: Lab) -> str:
    """Whether the stowaway's program runs. Raises Unreachable when it may have ended with the sandbox."""
    # `ctr tasks kill` comes back when the signal is sent: on a busy machine the program has still to end then
    if not lab.wait(lambda: _gone(lab), seconds=1):
        return "running"
    with suppress(Missing):
        if lab.started_again("{crew}"):
            said = "{crew} was started again since, as after a stop of the sandbox, which ends the program, too: "
            raise Unreachable(lab.fill(said + 'begin("{id}") sets it up again'))
    return "ended"


EXERCISE = Exercise(
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
        commands=(
            "docker pull -q busybox",
            "docker run -d --name {crew} --label course.lab=09.2 busybox sleep 3600",
            SWEEP,
            *STOW,
        ),
        again=(SWEEP, *STOW),
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
                    Mistake(
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
                    Mistake(
                        "that is the image",
                        "the first column of `ctr -n NAMESPACE containers ls` is the container.",
                        expect.contains("busybox"),
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
