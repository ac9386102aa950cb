"""07.2 Frames, by hand."""

from typing import Any

from labsupport.exercises.author import *
from labsupport.exercises.expect import quantity

from ...shared import in_python


@look("docker logs {name}")
def errors(lab: Lab) -> int:
    """Bytes on standard error: of the one run that the scene has made, or of all if the learner ran it again.

    The first is reckoned, since the container may be gone when its bytes have been counted.
    """
    once = sum(
        len(f"plate {number} is cracked ({lab.values['token']})\n") for number in range(0, PLATES, lab.values["every"])
    )
    try:
        whole = told("{name}", stderr=True).of_scene("container", "{name}").fetch(lab)
        return int(whole) if quantity(lab.answers["answer"], "bytes")[0] == whole else once
    except (Missing, ValueError, KeyError):
        return once


def told(name: str, *, stdout: bool = False, stderr: bool = False) -> Look:
    """How many bytes a container's log holds of the one stream, or of both."""
    return looks.logs(name, stdout=stdout, stderr=stderr).then(lambda text: len(text.encode()))


def as_many(want: Look) -> Any:
    return lambda lab, value: quantity(value, "bytes")[0] == want.fetch(lab)


PLATES = 40
ERRORS = looks.logs("{name}", stdout=False)
TALK = (
    "docker run --name {name} --label course.lab=07.2 busybox sh -c "
    '\'n=0; while [ $n -lt PLATES ]; do echo "plate $n"; '
    '[ $((n % {every})) = 0 ] && echo "plate $n is cracked ({token})" >&2; n=$((n+1)); done; true\''
).replace("PLATES", str(PLATES))

EXERCISE = Exercise(
    id="07.2",
    title="Frames, by hand",
    goal="The container `{name}` has ended. Its two streams are mixed in one answer to "
    "`GET /containers/{name}/logs?stdout=1&stderr=1`. Decode the frames: how many bytes of text went to standard "
    "error? The headers are no text.",
    seeds={"name": Name("plates"), "token": Token(), "every": Pick((3, 4, 6, 7))},
    scene=Scene(commands=(TALK,)),
    owns=("container:{name}",),
    steps=(
        Step(
            "bytes",
            Answer(
                "bytes on standard error",
                errors,
                unit="bytes",
                mistakes=(
                    Mistake(
                        "both streams", "the first byte of a frame's header says which: 2 is standard error.",
                        as_many(told("{name}", stdout=True, stderr=True)),
                    ),
                    Mistake(
                        "the other stream", "that is number 1, standard output.", as_many(told("{name}", stdout=True))
                    ),
                    Mistake(
                        "frames, not bytes", "add up their lengths: bytes 5 to 8 of each header.",
                        as_many(ERRORS.then(lambda text: text.count("\n"))),
                    ),
                    Mistake(
                        "headers counted", "each frame's 8 bytes of header are no text.",
                        as_many(ERRORS.then(lambda text: len(text.encode()) + 8 * text.count("\n"))),
                    ),
                ),
            ),
        ),
    ),
    answers=Output("docker logs {name} 2>&1 >/dev/null | wc -c"),
    right=(
        Right("with its unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c) bytes")),
        Right("with a short unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c)B")),
        Right("by the SDK", answers=Output(in_python("print(len(engine.api.logs('{name}', stdout=False)))"))),
        Right(
            "decoded by od, and the container run again",
            ("docker start -a {name} >/dev/null 2>&1",),
            answers=Output("docker logs {name} 2>&1 >/dev/null | od -An -v -tx1 | wc -w"),
        ),
        Right(
            "counted, then run again",
            ("docker logs {name} 2>&1 >/dev/null | wc -c >count", "docker start -a {name} >/dev/null 2>&1"),
            answers=Output("cat count"),
        ),
        Right(
            "counted, then removed",
            ("docker logs {name} 2>&1 >/dev/null | wc -c >count", "docker rm {name}"),
            answers=Output("cat count"),
        ),
    ),
    wrong=(
        Wrong("both", answers=Output("docker logs {name} 2>&1 | wc -c"), says="both streams"),
        Wrong("standard output", answers=Output("docker logs {name} 2>/dev/null | wc -c"), says="the other stream"),
        Wrong("frames", answers=Output("docker logs {name} 2>&1 >/dev/null | wc -l"), says="frames, not bytes"),
        Wrong(
            "with headers",
            answers=Output("docker logs {name} 2>&1 >/dev/null | wc -lc | awk '{print $2 + 8 * $1}'"),
            says="headers counted",
        ),
        Wrong(
            "another container of the name, that wrote nothing",
            ("docker rm {name}", "docker run --name {name} busybox true"),
            answers=0,
            says="bytes on standard error",
        ),
        Wrong(
            "another unit", answers=Output("echo $(docker logs {name} 2>&1 >/dev/null | wc -c) kB"),
            says="bytes on standard error",
        ),
    ),
    minutes=6,
)  # fmt: skip
