"""00.0 A note in a container: the template of `new`; it can be proved as it is. Change all of it."""

from labsupport.exercises.author import *

RUN = "docker run -d --name {name} busybox sleep 3600"
NOTE = "docker exec {name} sh -c 'echo {token} > /note'"

EXERCISE = Exercise(
    id="00.0",
    title="A note in a container",
    goal="A container `{name}` of the image `busybox` runs, and its file /note has one line: {token}",
    seeds={"name": Name("noted"), "token": Token()},
    # what is there at the start: scene=Scene(files="files", commands=("docker run ... --label course.lab={id} ...",)),
    owns=("container:{name}",),
    steps=(
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            State("{name} is made from busybox", identity.made_from("{name}", "busybox"), expect.equals("busybox")),
        ),
        Step(
            "note",
            State(
                "its /note is the line",
                looks.file_in("{name}", "/note"),
                expect.equals("{token}\n"),
                mistakes=(
                    Mistake("more than the line", "the line is there, and not alone.", expect.contains("{token}")),
                ),
            ),
            points=2,
            after="runs",
        ),
    ),
    solution=(RUN, NOTE),
    right=(
        Right(
            "copied before it was started",
            (
                "echo {token} > note; docker create --name {name} busybox sleep 3600",
                "docker cp note {name}:/note; docker start {name}",
            ),
        ),
        Right("removed and made anew", (RUN, "docker rm -f {name}", RUN, NOTE)),
        Right("stopped, and started again", (RUN, NOTE, "docker restart -t 0 {name}")),
    ),
    wrong=(
        Wrong("only created", ("docker create --name {name} busybox sleep 3600",), says="created, not started"),
        Wrong("of another image", ("docker run -d --name {name} web sleep 3600", NOTE), says="is made from busybox"),
        Wrong("no note", (RUN,), says="its /note is the line"),
        Wrong("two lines", (RUN, NOTE.replace(">", ">>"), NOTE.replace(">", ">>")), says="more than the line"),
    ),
    minutes=5,
)
