"""04.1 Exactly so many layers in common."""

from labsupport.exercises.author import *

from ...shared import chain


def common(lab: Lab) -> int:
    """How many layers, counted from the lowest, {one} and {two} have in common."""
    pairs = list(zip(chain(lab, "{one}"), chain(lab, "{two}"), strict=False))
    return next((at for at, (first, second) in enumerate(pairs) if first != second), len(pairs))


@look("docker image inspect --format '{{json .RootFS.Layers}}' {one} {two}")
def shared(lab: Lab) -> str:
    return str(common(lab))


@look("docker image inspect --format '{{json .RootFS.Layers}}' {one} {two}")
def own_layers(lab: Lab) -> int:
    """How many layers one of the two has that the other lacks, the smaller of both numbers."""
    one, two = set(chain(lab, "{one}")), set(chain(lab, "{two}"))
    return min(len(one - two), len(two - one))


def _same_image(lab: Lab, value: str) -> bool:
    return bool(lab.inspect("image", "{one}")["Id"] == lab.inspect("image", "{two}")["Id"])


TWO_NAMES = Mistake(
    "two names of one image", "a tag is a name: with `docker tag` you gave one image a second one.", _same_image
)


def _other_order(lab: Lab, value: str) -> bool:
    return len(set(chain(lab, "{one}")) & set(chain(lab, "{two}"))) > common(lab)


def _rows(lab: Lab, value: str) -> bool:
    return any("ENV " in str(row.get("CreatedBy")) for row in lab.history("{one}"))


FILES = (
    "echo FROM busybox > {name}.file; for n in {numbers}; do echo $n > $n; touch -d @0 $n; "
    "echo COPY $n / >> {name}.file; done"
)
MAKE = FILES + "; docker build -q -t {name} --label course.lab=04.1 -f {name}.file ."


def make(name: str, numbers: str, instruction: str = "COPY $n /") -> str:
    """A command that builds the image `name`: on busybox one layer for each of these files."""
    filled = MAKE.replace("{name}", name).replace("{numbers}", numbers)
    return filled.replace("COPY $n /", instruction)


UP_TO_K = "$(seq 2 {k})"

EXERCISE = Exercise(
    id="04.1",
    title="Exactly so many layers in common",
    goal="Make two images, `{one}` and `{two}`, that have exactly {k} layers in common: the lowest {k} of both are "
    "the same, and above them each has at least one that the other lacks.",
    seeds={"one": Name("tea"), "two": Name("coffee"), "k": Pick((2, 3, 4))},
    scene=Scene(),
    owns=("image:{one}", "image:{two}"),
    steps=(
        Step(
            "shared",
            State(
                "{one} and {two} have {k} layers in common",
                shared,
                expect.equals("{k}"),
                mistakes=(
                    TWO_NAMES,
                    Mistake(
                        "the same layers in another order",
                        "a layer is shared only where everything below it is the same, too.",
                        _other_order,
                    ),
                    Mistake(
                        "rows of the history were counted",
                        "ENV, LABEL and CMD change the configuration and make no layer.",
                        _rows,
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "own",
            State(
                "each has a layer of its own",
                own_layers,
                expect.at_least(1),
                mistakes=(
                    TWO_NAMES,
                    Mistake(
                        "the same layers in another order",
                        "what one has above the shared layers, the other has as well: give each a layer of its own.",
                        _other_order,
                    ),
                    Mistake(
                        "one stands on the other",
                        "all layers of one image are in the other: give that one another layer.",
                        expect.equals(0),
                    ),
                ),
            ),
            after="shared",
        ),
    ),
    solution=(make("{one}", UP_TO_K + " a"), make("{two}", UP_TO_K + " b")),
    right=(
        Right("the second from the first's layers, by the classic builder, twice", (
            make("base", "$(seq 2 {k})").replace("docker build", "DOCKER_BUILDKIT=0 docker build"),
            make("{one}", "a b c").replace("FROM busybox", "FROM base"),
            make("{two}", "d").replace("FROM busybox", "FROM base"), "docker rmi base",
        )),
        Right("other layers above, one of them the same", (
            make("{one}", UP_TO_K + " a 9"), make("{two}", UP_TO_K + " a"), make("{two}", UP_TO_K + " b 9"),
        )),
        Right("commits of containers", (
            make("{one}", UP_TO_K), "docker tag {one} {two}:start; docker create --name {one}-c {one}",
            "echo a > a; docker cp a {one}-c:/a; docker commit {one}-c {one}; docker commit {one}-c {two}:latest",
            "docker rm {one}-c; docker create --name {one}-c {two}:start; echo b > b; docker cp b {one}-c:/b",
            "docker commit {one}-c {two}; docker rm {one}-c; docker rmi {two}:start",
        )),
    ),
    wrong=(
        Wrong("the same above, in another order",
              (make("{one}", UP_TO_K + " 8 9"), make("{two}", UP_TO_K + " 9 8")),
              says="the same layers in another order"),
        Wrong("the same above, and one of them more",
              (make("{one}", UP_TO_K + " 8 9"), make("{two}", UP_TO_K + " 9 8 7")),
              says="the same layers in another order"),
        Wrong("one layer short", (make("{one}", "$(seq 3 {k}) a"), make("{two}", "$(seq 3 {k}) b")), says="have {k}"),
        Wrong("one more", (make("{one}", UP_TO_K + " 9 a"), make("{two}", UP_TO_K + " 9 b")), says="have {k}"),
        Wrong("a second name", (make("{one}", UP_TO_K), "docker tag {one} {two}"), says="two names of one image"),
        Wrong(
            "the other way round",
            (make("{one}", "8 9 5 6 7"), make("{two}", "9 8 7 6 5")),
            says="the same layers in another order",
        ),
        Wrong(
            "variables instead of files",
            (make("{one}", UP_TO_K + " a", "ENV V$n=1"), make("{two}", UP_TO_K + " b", "ENV V$n=1")),
            says="rows of the history were counted",
        ),
        Wrong(
            "one on the other",
            (make("{one}", UP_TO_K), make("{two}", UP_TO_K + " b")),
            says="one stands on the other",
        ),
    ),
    minutes=8,
)  # fmt: skip
