"""Lesson 04: shared layers, a predicted diff, a commit, a deleted key, bytes of its own, a file, a moved tag."""

import io
import tarfile

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Look,
    Missing,
    Name,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    looks,
    mistakes,
    probes,
)


def chain(lab: Lab, image: str) -> list[str]:
    """The image's diff ids, lowest first."""
    found: list[str] = lab.inspect("image", image)["RootFS"]["Layers"]
    return found


def common(lab: Lab) -> int:
    """How many layers, counted from the lowest, {one} and {two} have in common."""
    pairs = list(zip(chain(lab, "{one}"), chain(lab, "{two}"), strict=False))
    return next((at for at, (first, second) in enumerate(pairs) if first != second), len(pairs))


@look("docker image inspect --format '{{json .RootFS.Layers}}' {one} {two}")
def shared(lab: Lab) -> str:
    return str(common(lab))


@look("docker image inspect --format '{{len .RootFS.Layers}} layers' {one} {two}")
def own_layers(lab: Lab) -> int:
    """The layers above the shared ones, in the image that has fewer of them."""
    return min(len(chain(lab, "{one}")), len(chain(lab, "{two}"))) - common(lab)


def _same_image(lab: Lab, value: str) -> bool:
    return bool(lab.inspect("image", "{one}")["Id"] == lab.inspect("image", "{two}")["Id"])


TWO_NAMES = mistakes.seen_when(
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

SHARE = Exercise(
    id="04.1",
    title="Exactly so many layers in common",
    goal="Make two images, `{one}` and `{two}`, that have exactly {k} layers in common: the lowest {k} of both are "
    "the same, and above them each has at least one that the other lacks.",
    seeds={"one": Name("tea"), "two": Name("coffee"), "k": Pick((2, 3, 4))},
    scene=Scene(files="files/none"),
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
                    mistakes.seen_when(
                        "the same layers in another order",
                        "a layer is shared only where everything below it is the same, too.",
                        _other_order,
                    ),
                    mistakes.seen_when(
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
                    mistakes.seen_when(
                        "one stands on the other",
                        "all layers of one image are in the other: give that one another layer.",
                        lambda lab, value: value == 0,
                    ),
                ),
            ),
            after="shared",
        ),
    ),
    solution=(make("{one}", UP_TO_K + " a"), make("{two}", UP_TO_K + " b")),
    wrong=(
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
)

SCRIPT = (
    "echo {token} > /etc/motd",
    "rm /etc/{gone}",
    "cat /bin/busybox > /dev/null",
    "chmod 700 /bin/busybox",
    "mkdir -p /{room}/inbox",
    "echo draft > /{room}/draft",
    "rm /{room}/draft",
)
PRINTED = ["A /etc/motd", "A /{room}", "A /{room}/inbox", "C /bin", "C /bin/busybox", "C /etc", "D /etc/{gone}"]


def predicted(lab: Lab) -> set[str]:
    """The learner's lines. Raises Missing without an answer."""
    given = lab.answers.get("answer")
    if not given:
        raise Missing("no answer yet")
    lines = given.splitlines() if isinstance(given, str) else given
    return {" ".join(str(line).split()) for line in lines} - {""}


@look('docker exec {name} sh -c "$(cat tidy.sh)"; docker diff {name} | sort')
def misjudged(lab: Lab) -> list[str]:
    """What is wrong with the predicted lines, held against a container of ours in which the script has run."""
    said = predicted(lab)
    with lab.throwaway("busybox", ["sleep", "60"]) as container:
        lab.execute(container.id, ["sh", "-c", lab.fill("\n".join(SCRIPT))])
        found = lab.client.api.diff(container.id) or []
    printed = {f"{'CAD'[item['Kind']]} {item['Path']}" for item in found}
    wrong = [f"not printed: {line}" for line in sorted(said - printed)]
    missing = len(printed - said)
    return wrong + ([f"{missing} of its {len(printed)} lines are missing"] if missing else [])


DIFF = Exercise(
    id="04.2",
    title="Say what docker diff will say",
    goal="The container `{name}` is fresh. The script tidy.sh, in your folder, will run in it, line by line. "
    "Before it does: which lines will `docker diff {name}` print afterwards? "
    "Answer with a list of lines such as \"A /file\"; their order does not matter.",
    seeds={"name": Name("desk"), "room": Name("room"), "gone": Pick(("passwd", "group")), "token": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            "cat > tidy.sh <<'END'\n" + "\n".join(SCRIPT) + "\nEND",
            "docker run -d --name {name} --label course.lab=04.2 busybox sleep 3600",
        ),
    ),
    owns=("container:{name}",),
    steps=(
        Step(
            "lines",
            Probe(
                "your lines are those that docker diff prints",
                misjudged,
                expect.satisfies("no line too many, none missing", lambda wrong: not wrong),
                mistakes=(
                    mistakes.seen_when(
                        "the folders are missing",
                        "a folder of the image in which anything was added, changed or deleted is listed, too, with C.",
                        lambda lab, value: not {"C /etc", "C /bin"} <= predicted(lab),
                    ),
                    mistakes.seen_when(
                        "a file that came and went",
                        "what was made and deleted in the container itself has left nothing in its layer.",
                        lambda lab, value: any("/draft" in line for line in predicted(lab)),
                    ),
                    mistakes.seen_when(
                        "reading is no change",
                        "`cat` reads; for busybox one line is enough, and chmod is its reason.",
                        lambda lab, value: any("/dev" in line for line in predicted(lab)),
                    ),
                    mistakes.seen_when(
                        "A, C or D",
                        "A: the image has nothing at this path; C: it has, and it was changed; D: it was deleted.",
                        lambda lab, value: "not printed" in str(value),
                    ),
                ),
            ),
            points=2,
        ),
    ),
    answers=PRINTED,
    wrong=(
        Wrong("files only", answers=[line for line in PRINTED if line[0] != "C" or "busybox" in line],
              says="the folders are missing"),
        Wrong("no entry of /bin came or went", answers=[line for line in PRINTED if line != "C /bin"],
              says="a folder of the image in which anything was"),
        Wrong("the draft, too", answers=[*PRINTED, "A /{room}/draft"], says="a file that came and went"),
        Wrong("the draft was deleted", answers=[*PRINTED, "D /{room}/draft"], says="a file that came and went"),
        Wrong("everything was read", answers=[*PRINTED, "C /dev/null"], says="reading is no change"),
        Wrong("motd was changed", answers=["C /etc/motd", *PRINTED[1:]], says="A, C or D"),
        Wrong("one forgotten", answers=PRINTED[:2] + PRINTED[3:], says="1 of its 7 lines are missing"),
    ),
    minutes=6,
)  # fmt: skip


def added(image: str, base: str = "busybox") -> Look:
    """How many layers `image` has above those of `base`; a text when it does not stand on them."""

    @look(f"docker image inspect --format '{{{{json .RootFS.Layers}}}}' {base} {image}")
    def layers(lab: Lab) -> int | str:
        below, found = chain(lab, base), chain(lab, image)
        return len(found) - len(below) if found[: len(below)] == below else f"it does not stand on {base}"

    return layers


FILLED = "docker run --name {image}-kitchen --label course.lab=04.3 busybox sh -c 'echo {token} > /menu'"
KEEP = "docker commit -m '{message}' {image}-kitchen {image}:{edition}"

COMMIT = Exercise(
    id="04.3",
    title="An image from a container",
    goal="Make the image `{image}:{edition}` out of a container of `busybox`, without a Dockerfile: it adds one layer "
    "with the file /menu, in which the line `{token}` is. The message of the commit is `{message}`.",
    seeds={
        "image": Name("inn"),
        "edition": Pick(("1", "7", "autumn", "spring")),
        "message": Pick(("first menu", "menu of the week", "the new menu")),
        "token": Token(),
    },
    scene=Scene(files="files/none", commands=("docker pull -q busybox",)),
    owns=("container:{image}-kitchen", "image:{image}:{edition}", "image:{image}", "image:{image}:draft"),
    steps=(
        Step(
            "file",
            Probe(
                "a container of {image}:{edition} has {token} in /menu",
                probes.run("{image}:{edition}", ["cat", "/menu"]),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "committed before it was written",
                        "`docker commit` takes the files as they are at that moment.",
                        lambda lab, value: "No such file" in str(value),
                    ),
                ),
            ),
        ),
        Step(
            "message",
            State(
                "its message is `{message}`",
                looks.image("{image}:{edition}", ".Comment"),
                expect.equals("{message}"),
                mistakes=(
                    mistakes.seen_when(
                        "built from a Dockerfile",
                        "here the image is to come out of a container, by `docker commit -m`.",
                        lambda lab, value: (
                            "buildkit" in str(value)
                            or "#(nop)" in str(lab.history("{image}:{edition}")[0].get("CreatedBy"))
                        ),
                    ),
                ),
            ),
            after="file",
        ),
        Step(
            "layer",
            State(
                "it is busybox and one layer more",
                added("{image}:{edition}"),
                expect.equals(1),
                mistakes=(
                    mistakes.seen_when(
                        "flattened",
                        "`docker import` puts all files into one new layer, and shares none.",
                        lambda lab, value: isinstance(value, str),
                    ),
                    mistakes.seen_when(
                        "two commits",
                        "every commit adds a layer: make all changes in one container.",
                        lambda lab, value: value == 2,
                    ),
                ),
            ),
            after="file",
        ),
    ),
    solution=(FILLED, KEEP),
    wrong=(
        Wrong("without a message", (FILLED, KEEP.replace("-m '{message}'", "")), says="its message is"),
        Wrong(
            "built",
            (
                "printf 'FROM busybox\\nRUN echo {token} > /menu\\nCMD [\"sh\"]\\n' | "
                "docker build -q -t {image}:{edition} --label course.lab=04.3 -",
            ),
            says="built from a Dockerfile",
        ),
        Wrong("without a tag", (FILLED, KEEP.replace(":{edition}", "")), says="there is no image called"),
        Wrong(
            "too early",
            (FILLED.replace("echo {token} > /menu", "true"), KEEP),
            says="committed before it was written",
        ),
        Wrong(
            "imported",
            (FILLED, "docker export {image}-kitchen | docker import -m '{message}' - {image}:{edition}"),
            says="flattened",
        ),
        Wrong(
            "committed twice",
            (
                FILLED.replace("echo {token} > /menu", "touch /menu"),
                "docker commit {image}-kitchen {image}:draft",
                "docker rm {image}-kitchen",
                FILLED.replace(" busybox ", " {image}:draft "),
                KEEP,
            ),
            says="two commits",
        ),
    ),
    minutes=6,
)

PARTS = (
    "mkdir 2 3 4 5; for n in 2 3 4 5; do echo part $n > $n/part-$n; done; "
    "echo {token} > {at}/key.txt; echo {decoy} > 3/key.example"
)
RECIPE = (
    "{ echo FROM busybox; for n in 2 3 4 5; do echo ENV STEP=$n; echo COPY $n/ /srv/; done; "
    'echo RUN rm /srv/key.txt; echo \'CMD ["ls", "/srv"]\'; } > Dockerfile'
)

KEY = Exercise(
    id="04.4",
    title="The key that was deleted",
    goal="Somebody packed the file /srv/key.txt into the image `{image}`, noticed it, and deleted it again: no "
    "container of it shows the file. Which layer brought it (the lowest is number 1), and what is written in it? "
    'Answer {"layer": ..., "key": ...}.',
    seeds={"image": Name("vault"), "at": Pick((2, 3, 4, 5)), "token": Token(10), "decoy": Token(10)},
    scene=Scene(
        files="files/none",
        prepare=(PARTS, RECIPE, "docker build -q --label course.lab={id} -t {image}:made ."),
        commands=("docker tag {image}:made {image}", "rm -rf 2 3 4 5 Dockerfile"),
    ),
    owns=("image:{image}",),
    steps=(
        Step(
            "layer",
            Answer(
                "the layer that brought /srv/key.txt",
                "{at}",
                key="layer",
                mistakes=(
                    mistakes.answered("6", "the layer that deleted it", "there it is a whiteout: look further down."),
                    mistakes.seen_when(
                        "a row of the history",
                        "the image has six layers: rows that only change the configuration do not count.",
                        lambda lab, value: int(value) > 6,
                    ),
                ),
            ),
        ),
        Step(
            "key",
            Answer(
                "what is written in it",
                "{token}",
                key="key",
                mistakes=(mistakes.answered("{decoy}", "the example", "that is key.example, which is no secret."),),
            ),
            points=2,
        ),
    ),
    answers={"layer": "{at}", "key": "{token}"},
    wrong=(
        Wrong("where it was deleted", answers={"layer": 6, "key": "{token}"}, says="the layer that deleted it"),
        Wrong("a row of the history", answers={"layer": 9, "key": "{token}"}, says="a row of the history"),
        Wrong("the example", answers={"layer": "{at}", "key": "{decoy}"}, says="the example"),
        Wrong("half an answer", answers={"layer": "{at}"}, says="no answer yet"),
    ),
    minutes=10,
)  # fmt: skip


@look("docker history {slim}")
def own_bytes(lab: Lab) -> int:
    """The bytes of {slim} above those of the largest other named image that it stands on.

    The engine's UNIQUE SIZE is this, too, but it counts the hidden ancestors of a committed image as other images,
    and with the containerd image store the packed copies of shared layers as unique.
    """
    slim = lab.inspect("image", "{slim}")
    layers = slim["RootFS"]["Layers"]
    below = 0
    for other in lab.client.api.images():
        if other["Id"] != slim["Id"] and other.get("RepoTags"):
            found = lab.inspect("image", other["Id"])
            if layers[: len(found["RootFS"]["Layers"])] == found["RootFS"]["Layers"]:
                below = max(below, looks.unpacked(other["Id"]).fetch(lab))
    return int(looks.unpacked("{slim}").fetch(lab)) - below


TAKE = "docker run --rm {image} cat /report > report"
SMALL = (
    "docker create --name {slim}-c --label course.lab=04.5 busybox cat /report",
    "docker cp report {slim}-c:/report",
    "docker commit {slim}-c {slim}",
    "docker rm {slim}-c",
)
DROP = "docker rmi -f {image}"

UNIQUE = Exercise(
    id="04.5",
    title="Less than 300 kB of its own",
    goal="The image `{image}` carries 8 MB of data that nobody needs any more. Put an image `{slim}` in its place: "
    "`docker run --rm {slim}` prints the same report, `{image}` is removed, and {slim} has at most 300 kB of its own, "
    "above the layers that it shares with others (`docker history` and `%layers` show the bytes of each).",
    seeds={"image": Name("survey"), "slim": Name("lean"), "token": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            "docker pull -q busybox",
            "dd if=/dev/urandom of=data bs=1M count=8 2>/dev/null; echo {token} > report",
            "printf 'FROM busybox\\nCOPY data /\\nCOPY report /\\nRUN rm /data\\n' > Dockerfile",
            "echo 'CMD [\"cat\", \"/report\"]' >> Dockerfile",
            "docker build -q -t {image} --label course.lab={id} .",
            "rm data report Dockerfile",
        ),
    ),
    owns=("image:{slim}", "image:{image}", "container:{slim}-c"),
    steps=(
        Step(
            "prints",
            Probe("a container of {slim} prints the report", probes.run("{slim}"), expect.contains("{token}")),
        ),
        Step(
            "removed",
            State("{image} is removed", looks.exists("image", "{image}"), expect.false()),
            points=0.5,
        ),
        Step(
            "unique",
            State(
                "{slim} has little of its own",
                own_bytes,
                expect.at_most("300 kB"),
                mistakes=(
                    mistakes.seen_when(
                        "nothing is shared",
                        "all its files are in a layer of its own, busybox's as well: "
                        "start from busybox and add what is missing.",
                        lambda lab, value: chain(lab, "busybox")[0] not in chain(lab, "{slim}"),
                    ),
                    mistakes.removed_in_a_later_layer("{slim}"),
                ),
            ),
            points=2,
            after=("prints", "removed"),
        ),
    ),
    solution=(TAKE, *SMALL, DROP),
    wrong=(
        Wrong(
            "another name",
            ("docker tag {image} {slim}", DROP),
            says="rm in a later layer",
        ),
        Wrong(
            "deleted once more",
            (
                "docker run --name {slim}-c --label course.lab=04.5 {image} rm -f /data",
                "docker commit -c 'CMD [\"cat\", \"/report\"]' {slim}-c {slim}",
                "docker rm {slim}-c",
                DROP,
            ),
            says="rm in a later layer",
        ),
        Wrong(
            "flattened",
            (
                "docker create --name {slim}-c --label course.lab=04.5 {image}",
                "docker export {slim}-c | docker import -c 'CMD [\"cat\", \"/report\"]' - {slim}",
                "docker rm {slim}-c",
                DROP,
            ),
            says="nothing is shared",
        ),
        Wrong("kept the old one", (TAKE, *SMALL), says="{image} is removed"),
        Wrong("without the report", ("echo lost > report", *SMALL, DROP), says="prints the report"),
    ),
    minutes=10,
)  # fmt: skip


@look("tar -xOf {file}.tar manifest.json")
def names_in_file(lab: Lab) -> list[str]:
    """The names that the archive in the working folder gives its image."""
    import json

    path = lab.inside("{file}.tar")
    if not path.is_file():
        raise Missing(lab.fill("there is no {file}.tar in the folder"))
    try:
        with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
            manifest = archive.extractfile("manifest.json")
            entries = json.load(manifest) if manifest else []
    except (tarfile.TarError, KeyError):
        return ["no image: there is no manifest.json in it"]
    return [name for entry in entries for name in entry.get("RepoTags") or ["an image without a name"]]


CARRY = Exercise(
    id="04.6",
    title="There and back in a file",
    goal="The image `{image}:1` has a second name, `{image}:stable`. Save it as the file {file}.tar in your folder, "
    "remove the image from the engine, and bring it back out of the file: under the name `{image}:1`, with the "
    "command it runs.",
    seeds={"image": Name("parcel"), "file": Name("box"), "token": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            "docker create --name {image}-c --label course.lab={id} busybox echo {token}",
            "docker commit {image}-c {image}:1",
            "docker rm {image}-c",
            "docker tag {image}:1 {image}:stable",
        ),
    ),
    owns=("image:{image}:1", "image:{image}:stable", "container:{image}-c"),
    steps=(
        Step(
            "file",
            State(
                "{file}.tar holds {image}:1",
                names_in_file,
                expect.includes("{image}:1"),
                mistakes=(
                    mistakes.seen_when(
                        "an export",
                        "`docker export` writes the files of a container; `docker save` writes an image.",
                        lambda lab, value: "no image" in str(value),
                    ),
                    mistakes.seen_when(
                        "saved by its id",
                        "then the file holds no name, and `docker load` can give it none: save it by its name.",
                        lambda lab, value: "without a name" in str(value),
                    ),
                ),
            ),
        ),
        Step(
            "away",
            Did(
                "the image was removed",
                looks.events("image", "delete"),
                expect.present("a delete"),
                mistakes=(
                    mistakes.seen_when(
                        "untagged, not removed",
                        "an image is removed with the last of its names.",
                        lambda lab, value: bool(looks.events("image", "untag").fetch(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "back",
            Did("an image was loaded", looks.events("image", "load"), expect.present("a load")),
            Probe("a container of {image}:1 prints {token}", probes.run("{image}:1"), expect.contains("{token}")),
            after=("file", "away"),
        ),
    ),
    solution=(
        "docker save -o {file}.tar {image}:1",
        "docker rmi {image}:1 {image}:stable",
        "docker load -i {file}.tar",
    ),
    wrong=(
        Wrong(
            "one name removed",
            ("docker save -o {file}.tar {image}:1", "docker rmi {image}:1", "docker load -i {file}.tar"),
            says="untagged, not removed",
        ),
        Wrong(
            "saved by its id",
            (
                "docker save -o {file}.tar $(docker images -q {image}:1)",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
            ),
            says="saved by its id",
        ),
        Wrong(
            "exported and imported",
            (
                "docker create --name {image}-c --label course.lab=04.6 {image}:1",
                "docker export -o {file}.tar {image}-c",
                "docker rm {image}-c",
                "docker rmi {image}:1 {image}:stable",
                "docker import {file}.tar {image}:1",
            ),
            says="an export",
        ),
        Wrong(
            "not brought back",
            ("docker save -o {file}.tar {image}:1", "docker rmi {image}:1 {image}:stable"),
            says="an image was loaded",
        ),
        Wrong(
            "removed in the end",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
                "docker rmi {image}:1",
            ),
            says="there is no image called",
        ),
        Wrong(
            "made anew",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo {token}",
                "docker commit {image}-c {image}:1",
                "docker rm {image}-c",
            ),
            says="an image was loaded",
        ),
    ),
    minutes=6,
)

RELEASE = (
    "docker create --name {image}-c --label course.lab={id} busybox echo {text} && "
    "docker commit -m '{note}' {image}-c {image}:stable && docker rm {image}-c"
)


def release(text: str, note: str) -> str:
    """A command that commits one more release under the name {image}:stable."""
    return RELEASE.replace("{text}", text).replace("{note}", note)


NEW_CONTAINER = "docker rm -f {name}; docker run --name {name} --label course.lab=04.7 {image}:stable"


def nameless(message: str) -> str:
    """The id of the release without a name whose message begins so, as a command substitution."""
    found = "docker images -q --no-trunc --filter dangling=true --filter label=course.lab=04.7"
    return (
        f"$(docker image inspect --format '{{{{.Id}}}} {{{{.Comment}}}}' $({found}) | grep ' {message}' | cut -c 1-71)"
    )


def given_back(message: str) -> str:
    return f"docker tag {nameless(message)} {{image}}:stable"


HUNT = Exercise(
    id="04.7",
    title="The release that lost its name",
    goal="Symptom: `{image}:stable` printed the right thing until noon. Since then every new container of it prints "
    "what the first release printed, and nobody has removed anything. Four releases were committed under this name; "
    "exactly one of them has `approved` as its message.\n"
    "Give the name `{image}:stable` back to the approved release, and replace the container `{name}` by one of it. "
    "`{image}:1.0` stays what it is.",
    seeds={"image": Name("till"), "name": Name("shop"), "token": Token(), "first": Token(), "early": Token(),
           "late": Token()},
    scene=Scene(
        files="files/none",
        commands=(
            release("{first}", "first release") + " && docker tag {image}:stable {image}:1.0",
            release("{early}", "looks good, tests missing"),
            release("{token}", "approved"),
            release("{late}", "an experiment, not to be sold"),
            "docker tag {image}:1.0 {image}:stable",
            "docker run --name {name} --label course.lab={id} {image}:stable",
        ),
    ),
    owns=("container:{name}", "container:{image}-c", "image:{image}:stable", "image:{image}:1.0"),
    steps=(
        Step(
            "name",
            Probe(
                "a container of {image}:stable prints what was approved",
                probes.run("{image}:stable"),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "the first release",
                        "{image}:stable and {image}:1.0 are two names of one image: compare their ids.",
                        lambda lab, value: lab.values["first"] in str(value),
                    ),
                    mistakes.seen_when(
                        "the newest is not the approved one",
                        "among the images without a name it is the message that tells them apart.",
                        lambda lab, value: lab.values["late"] in str(value),
                    ),
                    mistakes.seen_when(
                        "not approved", "this one came before the approved one.", lambda lab, value: True
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "others",
            Probe(
                "a container of {image}:1.0 prints what the first release printed",
                probes.run("{image}:1.0"),
                expect.contains("{first}"),
            ),
            points=0.5,
        ),
        Step(
            "container",
            State(
                "{name} has printed what was approved",
                looks.logs("{name}"),
                expect.contains("{token}"),
                mistakes=(
                    mistakes.seen_when(
                        "a container keeps its image",
                        "a name that moves takes no container along: `docker rm {name}`, then run it again.",
                        lambda lab, value: (
                            lab.inspect("container", "{name}")["Image"] != lab.inspect("image", "{image}:stable")["Id"]
                        ),
                    ),
                ),
            ),
            after="name",
        ),
    ),
    solution=(given_back("approved"), NEW_CONTAINER),
    untouched_says="the first release",
    wrong=(
        Wrong(
            "the newest without a name",
            (given_back("an experiment"), NEW_CONTAINER),
            says="the newest is not the approved one",
        ),
        Wrong("a new container", (NEW_CONTAINER,), says="the first release"),
        Wrong(
            "started again",
            (given_back("approved"), "docker start -a {name}"),
            says="a container keeps its image",
        ),
        Wrong(
            "both names moved",
            (
                given_back("approved"),
                "docker tag {image}:stable {image}:1.0",
                NEW_CONTAINER,
            ),
            says="prints what the first release printed",
        ),
        Wrong(
            "the second release",
            (given_back("looks good"), NEW_CONTAINER),
            says="not approved",
        ),
        Wrong(
            "pruned first",
            ("docker image prune -f --filter label=course.lab=04.7", NEW_CONTAINER),
            says="the first release",
        ),
    ),
    minutes=8,
)  # fmt: skip

EXERCISES = (SHARE, DIFF, COMMIT, KEY, UNIQUE, CARRY, HUNT)

PREDICTIONS = (
    Prediction(
        "04.p1",
        "lua:5.1 is here. lua:5.4 has three layers and about 6 MB, too. How many of its layers will be fetched?",
        ("none", "1", "2", "3"),
        "b",
        "The two lowest are lua:5.1's as well. Only the layer with the other Lua is new.",
    ),
    Prediction(
        "04.p2",
        "calc:1 is a name of lua:5.4. Now somebody types `docker tag lua:5.1 calc:1`. What happens?",
        ("An error: the name is taken", "calc:1 now names lua:5.1, without a word", "calc:1 names both"),
        "b",
        "A tag is a note with an id on it. `docker tag` writes a new note and throws the old one away.",
    ),
    Prediction(
        "04.p3",
        "The image `rows` was built from busybox (one layer) by five instructions: ENV, RUN echo, RUN rm, EXPOSE, "
        "CMD. How many layers has it?",
        ("1", "2", "3", "6"),
        "c",
        "Only instructions that touch files make layers. RUN rm does: a layer without a file, which says what is gone.",
    ),
    Prediction(
        "04.p4",
        "/bin/busybox has about 2 MB and belongs to the image. A container changes its mode with chmod, a few bits. "
        "How much does the container's own layer grow?",
        ("not at all", "by a few bytes", "by about 2 MB"),
        "c",
        "The image cannot be changed, so the whole file is copied into the container's layer, and the copy is changed.",
    ),
    Prediction(
        "04.p5",
        "heavy:1 has busybox's 2 MB and a file of 20 MB. A container deletes the file and is committed as heavy:2. "
        "How big is heavy:2?",
        ("as big as busybox", "between the two", "as big as heavy:1"),
        "c",
        "It has all layers of heavy:1, and one more that says the file is gone.",
    ),
)

QUIZZES = (
    Quiz(
        "04.q1",
        "`docker images` lists one image with 500 MB and one with 510 MB. How much disk space do the two take?",
        (
            Choice("1010 MB", "Only if they share no layer."),
            Choice("510 MB", "Only if all layers of the smaller one are in the larger one."),
            Choice(
                "That depends on the layers they share",
                "Each layer is stored once; `docker system df -v` tells what is shared.",
                right=True,
            ),
        ),
    ),
    Quiz(
        "04.q2",
        "Which of these always lead to the same image, today and in a year?",
        (
            Choice("lua:5.4", "A tag is moved whenever its owner likes, to a version with a mended bug, for instance."),
            Choice("lua@sha256:...", "A digest is computed from the content.", right=True),
            Choice("the image id", "A checksum, too, for as long as the engine has the image.", right=True),
            Choice("lua:latest", "`latest` is the tag you get when you name none. It need not be the newest."),
        ),
    ),
    Quiz(
        "04.q3",
        "In an engine with a graph driver, a row of `docker history` says 0B. Is it a layer?",
        (
            Choice("Yes, every row is one", "ENV, LABEL, CMD and the like make none."),
            Choice("No, a layer has bytes", "`RUN rm` and `RUN mkdir` make layers without a byte of content."),
            Choice("The size does not tell", "`empty_layer` in the image's configuration does.", right=True),
        ),
    ),
    Quiz(
        "04.q4",
        "A password was copied into an image, and a later layer deletes it. Who can read it?",
        (
            Choice("Nobody: the file is gone", "It is hidden from containers, and still in its layer."),
            Choice("Whoever has the image", "`docker save` and `tar` are enough.", right=True),
            Choice("Only root in a container", "In a container the file is hidden from root as well."),
        ),
    ),
)
