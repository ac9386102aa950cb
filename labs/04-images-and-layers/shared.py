"""Lesson 04: shared layers, a predicted diff, a commit, a deleted key, bytes of its own, a file, a moved tag."""

import json
import re
import secrets
import tarfile
from typing import Any

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
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
    Token,
    Wrong,
    expect,
    identity,
    look,
    looks,
    mistakes,
    probes,
)

SDK = "python3 -c 'import docker; client = docker.from_env(); %s'"


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


@look("docker image inspect --format '{{json .RootFS.Layers}}' {one} {two}")
def own_layers(lab: Lab) -> int:
    """How many layers one of the two has that the other lacks, the smaller of both numbers."""
    one, two = set(chain(lab, "{one}")), set(chain(lab, "{two}"))
    return min(len(one - two), len(two - one))


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
                        "the same layers in another order",
                        "what one has above the shared layers, the other has as well: give each a layer of its own.",
                        _other_order,
                    ),
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


LINE = re.compile(r"\b([ACD])\b[\s:\"',()]*(/[^\s,;\"'()\[\]]*)", re.IGNORECASE)


def predicted(lab: Lab) -> set[str]:
    """The learner's lines, one in a row or several in one text. Raises Missing without an answer."""
    given = looks.answer().fetch(lab)
    if not given:
        raise Missing("no answer yet")
    rows = given if isinstance(given, list) else [given]
    text = "\n".join(" ".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows)
    lines = {f"{letter.upper()} {path.rstrip('/') or '/'}" for letter, path in LINE.findall(text)}
    rest = re.sub(r"[\s,;\"'()\[\]]+", " ", LINE.sub(" ", text)).strip()
    return lines | ({rest} if rest else set())


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
    wrong += [f"{missing} of its {len(printed)} lines are missing"] if missing else []
    return wrong or ["no line too many, none missing"]


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
                expect.equals(["no line too many, none missing"]),
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
    right=(
        Right("lower case", answers=[line[0].lower() + line[1:] for line in PRINTED]),
        Right("one text with commas", answers=", ".join(reversed(PRINTED))),
        Right("as printed, by the engine itself",
              ("docker exec {name} sh -c \"$(cat tidy.sh)\"", "docker rename {name} {name}-2"),
              answers=Output("docker diff {name}-2; docker rm -f {name}-2 >/dev/null")),
        Right("pairs", answers=[tuple(line.split()) for line in PRINTED]),
        Right("a folder with its slash, one line twice", ("docker rm -f {name}",),
              answers="\n".join([*PRINTED, "A /{room}/"])),
    ),
    wrong=(
        Wrong("a remark among them", answers=[*PRINTED, "nothing else"], says="not printed: nothing else"),
        Wrong("paths in capitals", answers=[line.upper() for line in PRINTED], says="not printed"),
        Wrong("everything that could be", answers=[f"{letter} {line[2:]}" for line in PRINTED for letter in "ACD"],
              says="A, C or D"),
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


def added(image: str) -> Look:
    """How many layers `image` has above those of busybox; a text when it does not stand on them."""

    @look(f"docker image inspect --format '{{{{json .RootFS.Layers}}}}' busybox {image}")
    def layers(lab: Lab) -> int | str:
        found = chain(lab, image)
        with lab.throwaway("busybox", ["true"]):  # fetches it where the name is gone
            lab.forget()
            below = chain(lab, "busybox")
            if identity.is_image("busybox", "busybox").fetch(lab) != "busybox":
                return "what is called busybox here is another image"
        return len(found) - len(below) if found[: len(below)] == below else "it does not stand on busybox"

    return layers


@look("docker run --rm --entrypoint cat {image}:{edition} /menu")
def menu(lab: Lab) -> list[str] | str:
    """The lines of /menu; another text where there is no such file."""
    said = str(probes.run("{image}:{edition}", ["/menu"], entrypoint=["cat"]).fetch(lab))
    return [line.strip() for line in said[8:].splitlines()] if said.startswith("exit 0: ") else said


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
                "a container of {image}:{edition} has the line {token} in /menu",
                menu,
                expect.includes("{token}"),
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
                    mistakes.seen_when(
                        "no message",
                        "`docker commit -m MESSAGE CONTAINER IMAGE` gives it one; `docker build` gives none.",
                        lambda lab, value: not value,
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
    right=(
        Right("copied into a container that never ran", (
            "docker create --name {image}-kitchen --label course.lab=04.3 busybox:latest",
            "printf 'today\\n{token}\\nbread\\n' > menu; docker cp menu {image}-kitchen:/menu",
            KEEP.replace("-m ", "--pause=false --message ").replace("docker commit", "docker container commit"),
        )),
        Right("by exec, with an entrypoint, the container gone, once more", (
            "docker run -d --name {image}-kitchen --label course.lab=04.3 busybox sleep 3600", KEEP,
            "docker exec {image}-kitchen sh -c 'echo {token} > /menu'",
            KEEP.replace("docker commit", "docker commit -c 'ENTRYPOINT [\"ls\"]'"), "docker rm -f {image}-kitchen",
        )),
        Right("by the SDK", (FILLED, SDK % (
            'client.containers.get("{image}-kitchen").commit("{image}", "{edition}", message="{message}")'),)),
    ),
    wrong=(
        Wrong("in another line", (FILLED.replace("echo {token}", "echo no {token} today"), KEEP),
              says="has the line {token}"),
        Wrong("of another image", (FILLED.replace(" busybox ", " lua:5.4 "), KEEP), says="it is busybox and one layer"),
        Wrong("of another image that is called busybox",
              ("docker pull -q lua:5.4; docker tag lua:5.4 busybox", FILLED, KEEP, "docker pull -q busybox"),
              says="it is busybox and one layer"),
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
)  # fmt: skip

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
                Look(lambda lab: int(lab.values["at"]), "docker history {image}"),
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
    right=(
        Right("out of the saved image", (
            "docker save {image} | tar x; python3 -c 'import json; print(*json.load(open(\"manifest.json\"))[0]"
            "[\"Layers\"], sep=chr(10))' > layers",
            "n=0; while read l; do n=$((n+1)); tar tf $l | grep -qx srv/key.txt && echo $n > at && tar xOf $l "
            "srv/key.txt > key; done < layers",
        ), {"layer": Output("cat at"), "key": Output("cat key")}),
        Right("numbers and blanks, the image gone", ("docker rmi {image}",),
              {"layer": " {at} ", "key": " {token}\n"}),
        Right("in capitals, one part after the other", (), {"key": Output("printf %s {token} | tr a-z A-Z"),
                                                         "layer": Output("printf %s.0 {at}")}),
    ),
    wrong=(
        Wrong("all layers", answers={"layer": "2 3 4 5", "key": "{token}"}, says="a number such as 3"),
        Wrong("both keys", answers={"layer": "{at}", "key": "{token} {decoy}"}, says="another answer"),
        Wrong("where it was deleted", answers={"layer": 6, "key": "{token}"}, says="the layer that deleted it"),
        Wrong("a row of the history", answers={"layer": 9, "key": "{token}"}, says="a row of the history"),
        Wrong("the example", answers={"layer": "{at}", "key": "{decoy}"}, says="the example"),
        Wrong("half an answer", answers={"layer": "{at}"}, says="no answer yet"),
    ),
    minutes=10,
)  # fmt: skip


@look("docker history {slim}")
def own_bytes(lab: Lab) -> int:
    """The bytes of {slim} above those of the largest image of the hub that it stands on.

    Not the engine's UNIQUE SIZE, which counts the hidden ancestors of a committed image as other images, and with the
    containerd image store the packed copies of shared layers as unique; nor what it shares with an image that was
    made to keep the data.
    """
    layers = chain(lab, "{slim}")
    below = 0
    for other in lab.client.api.images():
        if any(identity.is_hubs(lab, name) for name in other.get("RepoTags") or ()):
            found = chain(lab, other["Id"])
            if layers[: len(found)] == found:
                below = max(below, looks.unpacked(other["Id"]).fetch(lab))
    return int(looks.unpacked("{slim}").fetch(lab)) - below


@look("docker images")
def kept(lab: Lab) -> str:
    """The other name of the image that the exercise made; "removed" when it has none.

    {slim} is no such name: that it stands on the data is seen by its bytes, as what has no name any more is.
    """
    if looks.exists("image", "{image}").fetch(lab):
        return lab.fill("{image} is there")
    if known := (lab.made or {}).get("image", {}).get(lab.values["image"]):
        try:
            names = set(lab.inspect("image", known).get("RepoTags") or ()) - {lab.fill("{slim}:latest")}
        except Missing:
            return "removed"
        return f"it is there as {', '.join(sorted(names))}" if names else "removed"
    return "removed"


@look("docker run --rm {slim} ls -l /report; docker run --rm {slim}")
def report(lab: Lab) -> str:
    """What {slim} prints; with another /report in the place of its own, unless it prints that."""
    seen = str(probes.run("{slim}").fetch(lab))
    fresh = secrets.token_hex(4)
    other = probes.run("{slim}", files={"/report": f"{fresh}\n"}).fetch(lab)
    return seen if other == f"exit 0: {fresh}" else f"{seen}; with another /report: {other.partition(': ')[2]}"


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
    "`docker run --rm {slim}` prints the same report out of its file /report, `{image}` is removed, and {slim} has at "
    "most 300 kB of its own, above the layers that it shares with others (`docker history` and `%layers` show the "
    "bytes of each).",
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
    owns=("image:{slim}", "image:{slim}-keep", "image:{image}", "container:{slim}-c"),
    steps=(
        Step(
            "prints",
            Probe(
                "a container of {slim} prints the report",
                report,
                expect.equals("exit 0: {token}"),
                mistakes=(
                    mistakes.seen_when(
                        "not out of the file",
                        "it prints the same whatever is in /report: copy the file, and let the command print it.",
                        lambda lab, value: "with another" in value and lab.values["token"] in value.split(";")[0],
                    ),
                ),
            ),
        ),
        Step(
            "removed",
            State(
                "{image} is removed",
                kept,
                expect.equals("removed"),
                mistakes=(
                    mistakes.seen_when(
                        "untagged, not removed",
                        "it has another name: an image is removed with the last of its names.",
                        lambda lab, value: "it is there as" in value,
                    ),
                ),
            ),
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
    right=(
        Right("copied out of a container, built, both removed by id", (
            "docker create --name {slim}-c --label course.lab=04.5 {image}; docker cp {slim}-c:/report .",
            "docker rm {slim}-c",
            "docker rmi -f $(docker images -q {image})",
            "printf 'FROM busybox\\nCOPY report /\\nCMD cat /report\\n' > Dockerfile",
            "DOCKER_BUILDKIT=0 docker build -q -t {slim}:latest .",
        )),
        Right("from one stage to another, on another image, with a first try in the way", (
            "docker tag {image} {slim}", "docker pull -q lua:5.4",
            "printf 'FROM {image} AS old\\nFROM lua:5.4\\nCOPY --from=old /report /report\\nENTRYPOINT [\"cat\"]\\n"
            "CMD [\"/report\"]\\n' | docker build -q -t {slim} -",
            "docker rmi {image}",
        )),
        Right("by the SDK", (TAKE, *SMALL[:2], SDK % (
            'client.containers.get("{slim}-c").commit("{slim}"); client.images.remove("{image}", force=True)'),)),
    ),
    wrong=(
        Wrong("the data under another name", (
            "docker tag {image} {slim}-keep", "docker create --name {slim}-c --label course.lab=04.5 {slim}-keep",
            "docker commit {slim}-c {slim}", "docker rm {slim}-c", "docker rmi {image}",
        ), says="it is there as {slim}-keep"),
        Wrong("the data in an image to stand on", (
            "docker create --name {slim}-c --label course.lab=04.5 {image} cat /report",
            "docker commit {slim}-c {slim}; docker tag {slim} {slim}-keep; docker rm {slim}-c", DROP,
        ), says="rm in a later layer"),
        Wrong("its words in the command", (
            "docker create --name {slim}-c --label course.lab=04.5 busybox echo {token}",
            "docker commit {slim}-c {slim}; docker rm {slim}-c", DROP,
        ), says="not out of the file"),
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


def _document(archive: tarfile.TarFile, name: str) -> Any:
    """A JSON file of an archive, {} when there is none."""
    try:
        source = archive.extractfile(name)
    except KeyError:
        return {}
    return json.load(source) if source else {}


def original(lab: Lab) -> str:
    """The id of the image that the exercise made."""
    return lab.identity("image", "{image}:1")


@look("tar -xOf {file}.tar manifest.json")
def held(lab: Lab) -> str:
    """What the archive in the working folder holds: "{image}:1", or what else.

    Known by the digest of the image's configuration, or of its manifest, which is the id with the containerd image
    store.
    """
    path = lab.inside("{file}.tar")
    if not path.is_file():
        raise Missing(lab.fill("there is no {file}.tar in the folder"))
    try:
        with tarfile.open(path) as archive:
            entries, index = _document(archive, "manifest.json"), _document(archive, "index.json")
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return "no archive that can be read"
    if not isinstance(entries, list) or not entries:
        return "no image: there is no manifest.json in it"
    ids = {f"sha256:{entry['Config'].removesuffix('.json').rsplit('/', 1)[-1]}" for entry in entries}
    ids |= {str(each.get("digest")) for each in index.get("manifests") or ()}
    return lab.fill("{image}:1") if original(lab) in ids else "another image"


@look("docker events --since 1h --until 0s --filter type=image --filter event=delete")
def deleted(lab: Lab) -> str:
    """Whether the image that the exercise made was removed. When it is there again, it came out of a file."""
    known = original(lab)
    gone = any(
        known in (str(actor.get("ID")), str((actor.get("Attributes") or {}).get("name")))
        for event in lab.events(lab.since)
        if event.get("Type") == "image" and event.get("Action") == "delete"
        for actor in [event.get("Actor") or {}]
    )
    return "removed" if gone else "not removed"


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
                held,
                expect.equals("{image}:1"),
                mistakes=(
                    mistakes.seen_when(
                        "an export",
                        "`docker export` writes the files of a container; `docker save` writes an image.",
                        lambda lab, value: "no image" in str(value),
                    ),
                ),
            ),
        ),
        Step(
            "away",
            Did(
                "{image}:1 was removed",
                deleted,
                expect.equals("removed"),
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
            State(
                "{image}:1 is that image",
                looks.image("{image}:1", ".Id").of_scene("image", "{image}:1"),
                expect.present("its id"),
                mistakes=(
                    mistakes.seen_when(
                        "saved by its id",
                        "then the file holds no name, and `docker load` gives it none: `docker tag ID {image}:1` does.",
                        lambda lab, value: value is None and bool(lab.inspect("image", original(lab))),
                    ),
                ),
            ),
            after=("file", "away"),
        ),
    ),
    solution=(
        "docker save -o {file}.tar {image}:1",
        "docker rmi {image}:1 {image}:stable",
        "docker load -i {file}.tar",
    ),
    right=(
        Right(
            "saved by its id, loaded, tagged",
            (
                "docker save $(docker images -q {image}:1) > {file}.tar",
                "docker rmi -f $(docker images -q {image}:1)",
                "docker tag $(docker load -q < {file}.tar | grep -o 'sha256:.*') {image}:1",
            ),
        ),
        Right(
            "packed, both names, with others around",
            (
                "docker pull -q busybox",
                "docker save {image}:1 {image}:stable busybox | gzip > {file}.tar",
                "docker image rm {image}:stable; docker image rm {image}:1",
                "docker load -i {file}.tar",
            ),
        ),
        Right(
            "one name removed first, to no avail",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1; docker load -i {file}.tar",
                "docker rmi {image}:stable {image}:1; docker image load --input {file}.tar",
            ),
        ),
        Right(
            "by the SDK",
            (
                SDK
                % (
                    'i = client.images.get("{image}:1"); '
                    'open("{file}.tar", "wb").writelines(i.save(named="{image}:1")); '
                    'client.images.remove(i.id, force=True); client.images.load(open("{file}.tar", "rb"))'
                ),
            ),
        ),
    ),
    wrong=(
        Wrong(
            "another image removed and loaded",
            (
                "docker save -o {file}.tar {image}:1",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo",
                "docker commit {image}-c {image}:other",
                "docker rm {image}-c; docker save -o other.tar {image}:other; docker rmi {image}:other",
                "docker load -i other.tar; docker rmi {image}:other",
            ),
            says="{image}:1 was removed",
        ),
        Wrong(
            "another image in the file",
            (
                "docker pull -q busybox; docker tag busybox {image}:other; docker save -o {file}.tar {image}:other",
                "docker rmi {image}:other; docker save -o mine.tar {image}:1; docker rmi {image}:1 {image}:stable",
                "docker load -i mine.tar",
            ),
            says="another image",
        ),
        Wrong(
            "loaded, and the name given to another one",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
                "docker tag {image}:1 {image}:stable",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo {token}",
                "docker commit {image}-c {image}:1; docker rm {image}-c",
            ),
            says="{image}:1 is that image",
        ),
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
            says="there is no image called",
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
            says="is another image than the one",
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


def approved(lab: Lab) -> str:
    """The id of the release that was approved when the exercise began: the first commit with that message."""
    for event in lab.events(lab.since):
        attributes = (event.get("Actor") or {}).get("Attributes") or {}
        if event.get("Action") == "commit" and attributes.get("comment") == "approved":
            return str(attributes.get("imageID"))
    raise Missing('the approved release is not known: undo("04.7") begins anew')


@look("docker run --rm {image}:stable")
def prints(lab: Lab) -> str:
    """What a container of {image}:stable prints, and whether another image than the release does."""
    seen = str(probes.run("{image}:stable").fetch(lab))
    good = seen == lab.fill("exit 0: {token}") and lab.inspect("image", "{image}:stable")["Id"] != approved(lab)
    return f"{seen}, but it is not the approved release" if good else seen


@look("docker container inspect {name} --format '{{.Image}}'; docker image inspect {image}:stable --format '{{.Id}}'")
def release_of(lab: Lab) -> str:
    return "the approved release" if lab.inspect("container", "{name}")["Image"] == approved(lab) else "another image"


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
                prints,
                expect.equals("exit 0: {token}"),
                mistakes=(
                    mistakes.seen_when(
                        "another image",
                        "the release itself is still there, without a name: give it the name.",
                        lambda lab, value: "but it is not" in str(value),
                    ),
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
                        "not approved",
                        "this one came before the approved one.",
                        lambda lab, value: lab.values["early"] in str(value),
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "others",
            State(
                "{image}:1.0 is still the first release",
                looks.image("{image}:1.0", ".Id").of_scene("image", "{image}:1.0"),
                expect.present("its id"),
            ),
            points=0.5,
            after="name",
        ),
        Step(
            "container",
            State(
                "{name} is a container of the approved release",
                release_of,
                expect.equals("the approved release"),
                mistakes=(
                    mistakes.seen_when(
                        "a container keeps its image",
                        "a name that moves takes no container along: `docker rm {name}`, then run it again.",
                        lambda lab, value: lab.is_original("container", "{name}"),
                    ),
                ),
            ),
            State(
                "{name} has printed what was approved",
                looks.logs("{name}").then(lambda text: [line.strip() for line in text.splitlines()]),
                expect.includes("{token}"),
                mistakes=(mistakes.not_started("{name}"),),
            ),
            after="name",
        ),
    ),
    solution=(given_back("approved"), NEW_CONTAINER),
    untouched_says="prints what was approved",
    right=(
        Right("the container first, by the SDK", (
            "docker rename {name} before-{name}",
            SDK % ('i, = [i for i in client.images.list(all=True) if i.attrs.get("Comment") == "approved"]; '
                   'i.tag("{image}", "stable"); client.containers.run(i.id, name="{name}", labels=["course.lab=04.7"], '
                   'detach=True).wait()'),
        )),
        Right("another one first", (
            given_back("an experiment"), NEW_CONTAINER, given_back("approved"), "docker rm {name}",
            "docker create -t --name {name} --label course.lab=04.7 {image}:stable; docker start -a {name}",
        )),
        Right("kept under a name of its own, and the others removed", (
            "docker tag " + nameless("approved") + " {image}:good; docker rmi " + nameless("looks good"),
            "docker tag {image}:good {image}:stable; docker rmi {image}:good", NEW_CONTAINER,
        )),
    ),
    wrong=(
        Wrong("made anew", (release("{token}", "approved"), NEW_CONTAINER), says="another image"),
        Wrong("a container of busybox", (
            given_back("approved"), "docker rm {name}",
            "docker run --name {name} --label course.lab=04.7 busybox echo {token}",
        ), says="is a container of the approved release"),
        Wrong("only created", (
            given_back("approved"), "docker rm {name}",
            "docker create --name {name} --label course.lab=04.7 {image}:stable",
        ), says="created, not started"),
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
            says="is still the first release",
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
