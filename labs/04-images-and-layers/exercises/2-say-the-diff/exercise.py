"""04.2 Say what docker diff will say."""

import re

from labsupport.exercises.author import *

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


EXERCISE = Exercise(
    id="04.2",
    title="Say what docker diff will say",
    goal="The container `{name}` is fresh. The script tidy.sh, in your folder, will run in it, line by line. "
    "Before it does: which lines will `docker diff {name}` print afterwards? "
    "Answer with a list of lines such as \"A /file\"; their order does not matter.",
    seeds={"name": Name("desk"), "room": Name("room"), "gone": Pick(("passwd", "group")), "token": Token()},
    scene=Scene(
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
                    Mistake(
                        "the folders are missing",
                        "a folder of the image in which anything was added, changed or deleted is listed, too, with C.",
                        lambda lab, value: not {"C /etc", "C /bin"} <= predicted(lab),
                    ),
                    Mistake(
                        "a file that came and went",
                        "what was made and deleted in the container itself has left nothing in its layer.",
                        lambda lab, value: any("/draft" in line for line in predicted(lab)),
                    ),
                    Mistake(
                        "reading is no change",
                        "`cat` reads; for busybox one line is enough, and chmod is its reason.",
                        lambda lab, value: any("/dev" in line for line in predicted(lab)),
                    ),
                    Mistake(
                        "A, C or D",
                        "A: the image has nothing at this path; C: it has, and it was changed; D: it was deleted.",
                        expect.contains("not printed"),
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
