"""05.6 Only the result."""

import re
import secrets

from labsupport.exercises.author import *

from ...shared import printed, whole_file

REPORT = "docker build -q -t {image} --label course.lab=05.6 ."
TOKEN = "echo {token} > token.txt"
MADE = "FROM lua:5.4 AS made\nCOPY token.txt report.lua /\nRUN lua /report.lua > /report.txt\n\n"


LARGEST = 2_200_000  # bytes


def line(token: str, count: int) -> str:
    return f"exit 0: report {token}: the sum of {count} squares is {sum(n * n for n in range(1, count + 1))}"


@look("docker run --rm {image}")
def report(lab: Lab) -> str:
    """What {image} prints; when that is right, what a build with another token and fewer squares prints, if wrong."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != line(str(lab.values["token"]), 100000):
        return shown
    token, count = secrets.token_hex(4), 100 + secrets.randbelow(900)
    # whatever counts, the given program or one of the learner's own
    changes: dict[str, str | None] = {
        name: re.sub(r"(?<!\d)100000(?!\d)", str(count), text) for name, text in builds.texts(lab).items()
    }
    if all(text == changes[name] for name, text in builds.texts(lab).items()):
        count = 100000
    changes["token.txt"] = f"{token}\n"
    with builds.rebuilt(lab, "{image}", changes) as tag:
        again = probes.run(tag).fetch(lab)
        size = looks.unpacked(tag).fetch(lab)
    if again != line(token, count):
        return f"built with another token.txt and report.lua: {again}"
    own = looks.unpacked("{image}").fetch(lab)  # where that is too big, the next step says so
    return f"the Dockerfile makes an image of {size:,} bytes" if own <= LARGEST < size else shown


EXERCISE = Exercise(
    id="05.6",
    title="Only the result",
    goal="The image of exercises/05.6 holds Lua, a program and a big table, and all that anybody wants is a report of "
    "one line. Change the Dockerfile so that it still makes the report when it is built, from token.txt, and "
    "`docker run --rm {image}` prints it, and its layers have less than 2.2 MB (`docker history {image}`).",
    seeds={"image": Name("report"), "token": Token()},
    scene=Scene(files="files", commands=(TOKEN,)),
    owns=("image:{image}",),
    steps=(
        Step(
            "report",
            Probe(
                "{image} prints the report",
                report,
                printed("report {token}: the sum of 100000 squares is 333338333350000"),
            ),
        ),
        Step(
            "small",
            State(
                "{image} is small",
                looks.unpacked("{image}"),
                expect.at_most("2.2 MB"),
                mistakes=(
                    Mistake(
                        "one stage",
                        "what the building needs is in the image: FROM once more, and copy the result over "
                        "with `COPY --from`.",
                        lambda lab, value: lab.folder.joinpath("Dockerfile").read_text().upper().count("FROM ") < 2,
                    ),
                    mistakes.removed_in_a_later_layer("{image}"),
                    Mistake(
                        "too much copied",
                        "`COPY --from=NAME` takes a file as well as a whole tree: the report alone is wanted.",
                        lambda lab, value: value > 2_200_000,
                    ),
                ),
            ),
            points=2,
            after="report",
        ),
    ),
    solution=(
        whole_file(
            "Dockerfile",
            MADE + 'FROM busybox\nCOPY --from=made /report.txt /report.txt\nCMD ["cat", "/report.txt"]',
        ),
        REPORT,
    ),
    right=(
        Right(
            "the stage by its number, ENTRYPOINT, the classic builder",
            (
                whole_file(
                    "Dockerfile",
                    "FROM lua:5.4\nWORKDIR /srv\nCOPY . /\nRUN lua /report.lua | tee r\n\nFROM busybox\n"
                    'COPY --from=0 /srv/r /\nENTRYPOINT ["cat", "/r"]',
                ),
                f"DOCKER_BUILDKIT=0 {REPORT} 2>/dev/null",
            ),
        ),
        Right(
            "after a wrong attempt, the report mounted, in a file of another name",
            (
                REPORT,
                whole_file(
                    "Dockerfile.small",
                    MADE + "FROM busybox\nRUN --mount=type=bind,from=made,target=/m cp /m/report.txt /\n"
                    "CMD cat /report.txt",
                ),
                f"DOCKER_BUILDKIT=1 {REPORT[:-1]} -f Dockerfile.small . 2>/dev/null",
            ),
        ),
        Right(
            "awk counts",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nCOPY token.txt /\nRUN awk -v t=$(cat token.txt) 'BEGIN {"
                    " for (n = 1; n <= 100000; n++) s += n * n;"
                    ' printf "report %s: the sum of 100000 squares is %.0f", t, s }\' > /r\nCMD cat /r',
                ),
                REPORT + " 2>/dev/null",
            ),
        ),
        Right(
            "nothing below it but what prints, :latest",
            (
                whole_file(
                    "Dockerfile",
                    MADE + "FROM busybox AS b\nRUN mkdir /n && cp /bin/busybox /n/cat\n"
                    "FROM scratch\nCOPY --from=b /n /\n"
                    'COPY --from=made /report.txt /\nCMD ["/cat", "/report.txt"]',
                ),
                REPORT.replace("{image}", "{image}:latest"),
            ),
        ),
    ),
    wrong=(
        Wrong(
            "a report that was typed",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nCOPY token.txt /\n"
                    'RUN echo "report $(cat token.txt): the sum of 100000 squares is 333338333350000" > r\nCMD '
                    "cat /r",
                ),
                REPORT + " 2>/dev/null",
            ),
            says="built with another token.txt and report.lua",
        ),
        Wrong("the Dockerfile as it was", (REPORT,), says="one stage"),
        Wrong(
            "flattened, the Dockerfile as it was",
            (
                REPORT,
                "docker run --rm {image} > report.txt; docker create --name {image}-c busybox",
                "docker cp report.txt {image}-c:/; docker export {image}-c | docker import "
                '-c \'CMD ["cat", "/report.txt"]\' - {image}; docker rm {image}-c',
            ),
            says="build it again",
        ),
        Wrong(
            "removed afterwards",
            ("sed -i 's|^CMD|RUN rm /squares.txt /report.lua\\nCMD|' Dockerfile", REPORT),
            says="one stage",
        ),
        Wrong(
            "copied everything",
            (whole_file("Dockerfile", MADE + 'FROM busybox\nCOPY --from=made / /\nCMD ["cat", "/report.txt"]'), REPORT),
            says="too much copied",
        ),
        Wrong(
            "two stages, one on the other",
            (whole_file("Dockerfile", MADE + 'FROM made\nRUN rm /squares.txt\nCMD ["cat", "/report.txt"]'), REPORT),
            says="rm in a later layer",
        ),
        Wrong(
            "nothing copied",
            (whole_file("Dockerfile", MADE + 'FROM busybox\nCMD ["cat", "/report.txt"]'), REPORT),
            says="{image} prints the report",
        ),
    ),
    minutes=8,
)
