"""03.3 What did it complain about?"""

from labsupport.exercises.author import *

TWICE = (
    "docker run --name {name} --label course.lab=03.3 busybox sh -c '"
    'for i in $(seq 300); do echo "line $i"; done; echo "error {decoy}"; '
    "if [ -e /again ]; then echo error {token} >&2; else echo error {early} >&2; touch /again; fi'"
)

EXERCISE = Exercise(
    id="03.3",
    title="What did it complain about?",
    goal="The container `{name}` ran twice, and each run wrote more than 300 lines. Each run also wrote one line to "
    "*standard error*. Which code is in the line that the second run wrote there? Answer with the code alone.",
    seeds={"name": Name("chatty"), "token": Token(), "decoy": Token(), "early": Token()},
    scene=Scene(commands=(TWICE, "docker start -a {name}")),
    owns=("container:{name}",),
    steps=(
        Step(
            "code",
            Answer(
                "the code on standard error, second run",
                "{token}",
                mistakes=(
                    mistakes.answered(
                        "{decoy}",
                        "the other stream",
                        "that line went to standard output; `docker logs {name} 2>&1 >/dev/null` leaves it out.",
                    ),
                    mistakes.answered(
                        "{early}", "the first run", "a log is kept over stop and start: the newest lines are last."
                    ),
                    mistakes.answered("error {token}", "the whole line", "the code alone is asked for."),
                ),
            ),
        ),
    ),
    answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1 | cut -d' ' -f2"),
    right=(
        Right("by the SDK, after a third run", ("docker start -a {name}",), Output(
            SDK % 'print(engine.containers.get("{name}").logs(stdout=False).split()[-1].decode().upper())')),
        Right("through files", ("docker logs {name} >out 2>err",), Output("sed -n '$s/error/ /p' err")),
        # not `-n 1`: which stream's line is the last of the log is a race of the two
        Right("kept in a file, and the container gone", ("docker logs {name} 2>code >/dev/null", "docker rm {name}"),
              Output("tail -n 1 code | grep -o '[^ ]*$'")),
    ),
    wrong=(
        Wrong("both codes", answers="{early} {token}", says="another answer"),
        Wrong("the beginning of the code", says="another answer",
              answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1 | cut -c 7-9")),
        Wrong(
            "last line of standard output",
            answers=Output("docker logs {name} 2>/dev/null | tail -n 1 | cut -d' ' -f2"),
            says="the other stream",
        ),
        Wrong(
            "the first run",
            answers=Output("docker logs {name} 2>&1 >/dev/null | head -n 1 | cut -d' ' -f2"),
            says="the first run",
        ),
        Wrong(
            "the whole line", answers=Output("docker logs {name} 2>&1 >/dev/null | tail -n 1"), says="the whole line"
        ),
    ),
    minutes=5,
)  # fmt: skip
