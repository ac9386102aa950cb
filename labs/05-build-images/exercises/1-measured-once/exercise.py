"""05.1 Measured once."""

import secrets
from typing import Any

from labsupport.exercises.author import *

from ...shared import whole_file


def words(shown: Any, title: str) -> str:
    """What a container printed beside its title, on one line."""
    return " ".join(str(shown).replace(title, "").split())


def baked(lab: Lab, mark: str, title: str) -> str:
    """What an image of a copy of the folder prints, with a measure.sh that never says the same twice."""
    changes: dict[str, str | None] = {
        "title.txt": f"{title}\n",
        "measure.sh": f"echo {mark}; head -c 8 /dev/urandom | xxd -p\n",
    }
    with builds.rebuilt(lab, "{image}:2", changes) as tag:
        return str(probes.run(tag).fetch(lab))


@look("docker image inspect --format '{{json .RootFS.Layers}}' {image}:1 {image}:2")
def measured(lab: Lab) -> str:
    """Whether both images print one measurement, and a copy with other titles is measured once, too."""
    first, second = (probes.run("{image}:" + tag).fetch(lab) for tag in "12")
    if words(first, "no title yet") != words(second, str(lab.values["token"])):
        return "in two different layers"
    if len(lab.inspect("image", "{image}:1")["RootFS"]["Layers"]) < len(
        lab.inspect("image", "{image}:2")["RootFS"]["Layers"]
    ):
        return "in one shared layer"  # one on top of the other: the next row says so
    mark, titles = secrets.token_hex(4), (secrets.token_hex(4), secrets.token_hex(4))
    shown = [baked(lab, mark, title) for title in titles]
    if not all(title in each for title, each in zip(titles, shown, strict=True)):
        return "built with another title.txt, the title stays"
    if not all(mark in each for each in shown):
        return "built with another measure.sh, the measurements stay"
    same = words(shown[0], titles[0]) == words(shown[1], titles[1])
    return "in one shared layer" if same else "in two different layers"


@look("docker image inspect --format '{{len .RootFS.Layers}}' {image}:1 {image}:2")
def as_many_layers(lab: Lab) -> str:
    first, second = (len(lab.inspect("image", "{image}:" + tag)["RootFS"]["Layers"]) for tag in "12")
    return "as many" if first == second else f"{second} on {first}"


APART = whole_file(
    "Dockerfile",
    "FROM busybox\nWORKDIR /app\nCOPY measure.sh ./\nRUN sh measure.sh > stats.txt\nCOPY title.txt ./\n"
    'CMD ["cat", "title.txt", "stats.txt"]',
)
ONE = "docker build -q -t {image}:1 --label course.lab=05.1 ."
TWO = ONE.replace(":1 ", ":2 ")
TITLE = "echo {token} > title.txt"

EXERCISE = Exercise(
    id="05.1",
    title="Measured once",
    goal="In exercises/05.1, `measure.sh` measures something, and never comes to the same result twice. `title.txt` is "
    "changed all the time. Change the Dockerfile so that a new title does not measure again.\n"
    "Build it as `{image}:1`. Then write the title `{token}` into title.txt and build `{image}:2`. Both print their "
    "title and the same measurements.",
    seeds={"image": Name("gauge"), "token": Token()},
    scene=Scene(files="files"),
    owns=("image:{image}:1", "image:{image}:2"),
    steps=(
        Step(
            "titles",
            Probe("{image}:1 has no title yet", probes.run("{image}:1"), expect.contains("no title yet")),
            Probe(
                "{image}:2 has the title {token}",
                probes.run("{image}:2"),
                expect.contains("{token}"),
                mistakes=(
                    Mistake(
                        "a new name for the old image",
                        "an image never follows its files: change title.txt, then build.",
                        lambda lab, value: "no title yet" in value,
                    ),
                ),
            ),
        ),
        Step(
            "cached",
            State(
                "the measurements of {image}:1 and {image}:2 are in one layer",
                measured,
                expect.equals("in one shared layer"),
                mistakes=(
                    Mistake(
                        "measured again",
                        "from the first instruction that is not in the cache, all later ones run anew; here a new "
                        "title.txt stands above the measurement, or the cache was not used: then `docker builder "
                        "prune -af`, and build both again.",
                        expect.equals("in two different layers"),
                    ),
                ),
            ),
            State(
                "{image}:2 has as many layers as {image}:1",
                as_many_layers,
                expect.equals("as many"),
                mistakes=(
                    Mistake(
                        "built on top",
                        "an image FROM the last one grows with every title; the cache does without.",
                    ),
                ),
            ),
            points=2,
            after="titles",
        ),
    ),
    solution=(APART, ONE, TITLE, TWO),
    right=(
        Right(
            "two stages, after a wrong attempt",
            (
                ONE,
                whole_file(
                    "Dockerfile",
                    "FROM busybox AS m\nCOPY measure.sh /\nRUN sh /measure.sh > /stats.txt\nFROM busybox\n"
                    'COPY --from=m /stats.txt /\nCOPY title.txt /\nCMD ["cat", "/title.txt", "/stats.txt"]',
                ),
                ONE,
                TITLE,
                TWO,
            ),
        ),
        Right(
            "tee, and the classic builder",
            (
                APART.replace("> stats.txt", "| tee stats.txt"),
                f"export DOCKER_BUILDKIT=0; {ONE} 2>/dev/null; {TITLE}; {TWO} 2>/dev/null",
            ),
        ),
        Right(
            "in a file of another name, mounted for the RUN",
            (
                whole_file(
                    "apart.Dockerfile",
                    "FROM busybox\nRUN --mount=type=bind,target=/in sh /in/measure.sh > /stats.txt\nCOPY "
                    "title.txt /\n"
                    "CMD cat /title.txt /stats.txt",
                ).replace("target=/in", "source=measure.sh,target=/in/measure.sh"),
                "export DOCKER_BUILDKIT=1; "
                + "; ".join((ONE[:-1] + "-f apart.Dockerfile .", TITLE, TWO[:-1] + "-f apart.Dockerfile ."))
                + " 2>/dev/null",
            ),
        ),
    ),
    wrong=(
        Wrong("the Dockerfile as it was", (ONE, TITLE, TWO), says="measured again"),
        Wrong(
            "the title as a build argument",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nCOPY measure.sh /\nRUN sh /measure.sh > /stats.txt\nARG TITLE='no title yet'\n"
                    'RUN echo "$TITLE" > /title.txt\nCMD ["cat", "/title.txt", "/stats.txt"]',
                ),
                ONE,
                TITLE,
                TWO + " --build-arg TITLE={token}",
            ),
            says="the title stays",
        ),
        Wrong(
            "measurements that were typed",
            (
                whole_file(
                    "Dockerfile",
                    'FROM busybox\nRUN echo 1 2 3 > /s\nCOPY title.txt /\nCMD ["cat", "/title.txt", "/s"]',
                ),
                ONE,
                TITLE,
                TWO,
            ),
            says="the measurements stay",
        ),
        Wrong("tagged, not built", (APART, ONE, TITLE, "docker tag {image}:1 {image}:2"), says="a new name"),
        Wrong("the title too early", (APART, TITLE, ONE, TWO), says="{image}:1 has no title yet"),
        Wrong(
            "without the cache",
            # what it leaves there would be found by later builds of the same steps
            (APART, ONE, TITLE, TWO + " --no-cache", "docker builder prune -af"),
            says="measured again",
        ),
        Wrong(
            "built on the first",
            (
                APART,
                ONE,
                TITLE,
                whole_file("Dockerfile", "FROM {image}:1\nCOPY title.txt ./"),
                TWO,
            ),
            says="built on top",
        ),
    ),
    minutes=7,
)
