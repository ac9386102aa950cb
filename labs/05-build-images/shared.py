"""Lesson 05: the cache used, the context kept small, a command and its arguments, no root, health, size, a secret."""

import hashlib
import re
import secrets
from typing import Any

from labsupport.exercises import (
    Choice,
    Exercise,
    Lab,
    Name,
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
    builds,
    expect,
    identity,
    leaks,
    look,
    looks,
    mistakes,
    probes,
)
from labsupport.exercises.untouched import digests


def whole_file(name: str, text: str) -> str:
    """A command that writes a file of these lines."""
    return f"cat > {name} <<'END'\n{text}\nEND"


def printed(want: str) -> expect.Expect:
    """What a container printed, with this in it; and no word of ours about another build that did not."""
    return expect.Expect(
        '"{want}" in it', lambda value, wanted: str(value).startswith("exit 0: ") and wanted in str(value), want
    )


# 05.1


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

CACHED = Exercise(
    id="05.1",
    title="Measured once",
    goal="In exercises/05.1, `measure.sh` measures something, and never comes to the same result twice. `title.txt` is "
    "changed all the time. Change the Dockerfile so that a new title does not measure again.\n"
    "Build it as `{image}:1`. Then write the title `{token}` into title.txt and build `{image}:2`. Both print their "
    "title and the same measurements.",
    seeds={"image": Name("gauge"), "token": Token()},
    scene=Scene(files="files/bake"),
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
                    mistakes.seen_when(
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
                    mistakes.seen_when(
                        "measured again",
                        "from the first instruction that is not in the cache, all later ones run anew; here a new "
                        "title.txt stands above the measurement, or the cache was not used: then `docker builder "
                        "prune -f`, and build both again.",
                        lambda lab, value: value == "in two different layers",
                    ),
                ),
            ),
            State(
                "{image}:2 has as many layers as {image}:1",
                as_many_layers,
                expect.equals("as many"),
                mistakes=(
                    mistakes.seen_when(
                        "built on top",
                        "an image FROM the last one grows with every title; the cache does without.",
                        lambda lab, value: True,
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
            (APART, ONE, TITLE, TWO + " --no-cache", "docker builder prune -f"),
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

# 05.2

SITE = "./index.html ./pages/one.html ./pages/two.html"
OURS = ("Dockerfile", ".dockerignore", "Dockerfile.dockerignore")


JUPYTERS = "/.ipynb_checkpoints/"  # beside each file that is opened in JupyterLab


def site(lab: Lab, image: str) -> str:
    """The files in /site of an image, without those of the build and of JupyterLab."""
    shown = probes.run(image, [".", "-type", "f"], entrypoint=["find"], working_dir="/site").fetch(lab)
    files = shown.partition(": ")[2].split()
    return " ".join(sorted(name for name in files if name.removeprefix("./") not in OURS and JUPYTERS not in name))


@look("docker run --rm {image}")
def listed(lab: Lab) -> str:
    """The files in /site of the image; when those are right, what a build of the folder has instead."""
    shown = site(lab, "{image}")
    if shown != lab.fill(f"./drafts/{{keep}}.txt {SITE}"):
        return shown
    mark = secrets.token_hex(4)
    with builds.rebuilt(lab, "{image}", {"index.html": f"{mark}\n"}) as tag:
        again = site(lab, tag)
        page = probes.run(tag, ["/site/index.html"], entrypoint=["cat"]).fetch(lab)
    if again != shown:
        return f"a build of this folder has {again}"
    return shown if page == f"exit 0: {mark}" else "a build of this folder has another index.html"


@look("find . -type f")
def in_folder(lab: Lab) -> int:
    """How many of the scene's files (not folders) are there as they were, those of the build left out."""
    now = digests(lab.folder)
    before = now if lab.left is None else lab.left.files
    files = {name: digest for name, digest in before.items() if digest and name not in OURS}
    return sum(now.get(name) == digest for name, digest in files.items())


IGNORE_BUILD = "docker build -q -t {image} --label course.lab=05.2 ."
RIGHT = whole_file(".dockerignore", "**/*.log\n.env\nrecording.raw\ndrafts\n!drafts/{keep}.txt")

IGNORED = Exercise(
    id="05.2",
    title="What does not go along",
    goal="The folder exercises/05.2 is copied into an image whole: a recording of 8 MB, logs, a password, drafts. "
    "Build the image `{image}` from it, with the Dockerfile as it is and every file left in the folder, so that "
    "/site has only index.html, the two pages of `pages`, and of the drafts only drafts/{keep}.txt. "
    "(Dockerfile and .dockerignore may be in it or not.)",
    seeds={"image": Name("site"), "keep": Pick(("plan", "menu", "prices"))},
    scene=Scene(files="files/ignore", commands=("head -c 8000000 /dev/zero > recording.raw",)),
    owns=("image:{image}",),
    steps=(
        Step(
            "files",
            Probe(
                "{image} has the pages and one draft",
                listed,
                expect.equals(f"./drafts/{{keep}}.txt {SITE}"),
                mistakes=(
                    mistakes.seen_when(
                        "a pattern of one folder",
                        "`*.log` means the logs at the top only; `**/*.log` means those of all folders.",
                        lambda lab, value: "pages/debug.log" in value and "./debug.log" not in value,
                    ),
                    mistakes.seen_when(
                        "nothing was left out",
                        "the builder reads `.dockerignore`, at the top of the folder, when it builds: write it, "
                        "then build.",
                        lambda lab, value: "recording.raw" in value,
                    ),
                    mistakes.seen_when(
                        "an exception that comes too early",
                        "of the lines that match a file the last one decides: `!drafts/{keep}.txt` goes below "
                        "`drafts`.",
                        lambda lab, value: "drafts" not in value,
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "untouched",
            State(
                "the Dockerfile is as it was",
                looks.file("Dockerfile"),
                expect.equals('FROM busybox\nWORKDIR /site\nCOPY . ./\nCMD ["find", ".", "-type", "f"]\n'),
            ),
            State("the folder has all its 10 files", in_folder, expect.equals(10)),
            after="files",
        ),
    ),
    solution=(RIGHT, IGNORE_BUILD),
    right=(
        Right(
            "opened in JupyterLab, after a wrong attempt, :latest",
            (
                IGNORE_BUILD,
                "mkdir -p .ipynb_checkpoints pages/.ipynb_checkpoints && touch notes.md",
                "cp Dockerfile .ipynb_checkpoints/Dockerfile-checkpoint; cp pages/one.html pages/.ipynb_checkpoints/",
                RIGHT,
                "echo notes.md >> .dockerignore",
                IGNORE_BUILD.replace("{image}", "{image}:latest"),
            ),
        ),
        Right(
            "all left out, four brought back",
            (
                whole_file(".dockerignore", "*\n!index.html\n!pages\npages/*.log\n!drafts/{keep}.txt"),
                IGNORE_BUILD,
            ),
        ),
        Right(
            "Dockerfile.dockerignore",
            (RIGHT.replace(".dockerignore", "Dockerfile.dockerignore"), "DOCKER_BUILDKIT=1 " + IGNORE_BUILD),
        ),
    ),
    wrong=(
        Wrong(
            "logs at the top only",
            (RIGHT.replace("**/", ""), IGNORE_BUILD),
            says="a pattern of one folder",
        ),
        Wrong(
            "built from another folder",
            (
                "mkdir /tmp/$$ && cp -r . /tmp/$$ && cd /tmp/$$ && mv drafts/{keep}.txt . && rm -r drafts .env "
                "*.raw *.log "
                "pages/*.log && mkdir drafts && mv {keep}.txt drafts && " + IGNORE_BUILD + "; rm -r /tmp/$$",
            ),
            says="a build of this folder has",
        ),
        Wrong("built first", (IGNORE_BUILD, RIGHT), says="nothing was left out"),
        Wrong("no exception", (RIGHT.replace("!drafts/{keep}.txt", ""), IGNORE_BUILD), says="too early"),
        Wrong(
            "deleted in the folder",
            (
                "cp drafts/{keep}.txt kept && rm -r drafts .env recording.raw debug.log pages/debug.log",
                "mkdir drafts && mv kept drafts/{keep}.txt",
                IGNORE_BUILD,
            ),
            says="all its 10 files",
        ),
        Wrong(
            "another Dockerfile",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nWORKDIR /site\nCOPY index.html ./\nCOPY pages/*.html pages/\n"
                    'COPY drafts/{keep}.txt drafts/\nCMD ["find", ".", "-type", "f"]',
                ),
                IGNORE_BUILD,
            ),
            says="the Dockerfile is as it was",
        ),
    ),
    minutes=7,
)

# 05.3

ROWS = "docker build -q -t {image} --label course.lab=05.3 ."


def rows(*last: str) -> str:
    return whole_file("Dockerfile", "\n".join(("FROM lua:5.4", "COPY rows.lua /", *last)))


@look("docker image inspect --format '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' {image}")
def shell_between(lab: Lab) -> str:
    """Whether the image's words name a shell, or its lua is not process 1 of the container."""
    config = lab.inspect("image", "{image}")["Config"]
    command = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    if any(str(word).rpartition("/")[2] in ("sh", "ash", "bash") for word in command):
        return "a shell"
    if identity.stands_on("{image}", "lua:5.4").fetch(lab) != "lua:5.4":
        return "no lua:5.4 below it"
    with builds.rebuilt(lab, "{image}", {"rows.lua": 'print((io.open("/proc/self/stat"):read("n")))\n'}) as tag:
        shown = probes.run(tag).fetch(lab)
    return "no shell" if shown in ("exit 0: 1", "exit 0: 1.0") else "another program that starts lua"


def row(number: int) -> str:
    return f"{number}: " + " ".join(str(number * n) for n in range(1, 6))


@look("docker run --rm {image} 4 9")
def two_rows(lab: Lab) -> str:
    """The rows of 4 and 9; when those are right, those of numbers that nobody knows, where they are wrong."""
    shown = str(probes.run("{image}", ["4", "9"]).fetch(lab))
    if shown.split() != f"exit 0: {row(4)} {row(9)}".split():
        return shown
    for count in (1, 3):
        numbers = [10 + secrets.randbelow(900) for _ in range(count)]
        other = str(probes.run("{image}", [str(number) for number in numbers]).fetch(lab))
        if other.split() != f"exit 0: {' '.join(map(row, numbers))}".split():
            return f"for {' '.join(map(str, numbers))}: {other}"
    return shown


COMMAND = Exercise(
    id="05.3",
    title="An image that is a command",
    goal="The folder exercises/05.3 holds `rows.lua` and no Dockerfile. Write one, FROM lua:5.4, and build `{image}`:\n"
    "`docker run --rm {image}` prints the row of {number}, `docker run --rm {image} 4` that of 4, "
    "`docker run --rm {image} 4 9` both. No shell stands between the engine and lua.",
    seeds={"image": Name("rows"), "number": Pick((6, 7, 8, 12))},
    scene=Scene(files="files/rows"),
    owns=("image:{image}",),
    steps=(
        Step(
            "default",
            Probe(
                "without arguments: the row of {number}",
                probes.run("{image}"),
                expect.Expect(
                    '"{want}" in it',
                    lambda value, want: re.fullmatch(want + r"\d+( \d+)+", value) is not None,
                    "exit 0: {number}: ",
                ),
                mistakes=(
                    mistakes.shell_form("{image}"),
                    mistakes.seen_when(
                        "no default",
                        "CMD beside an ENTRYPOINT is the arguments that are used when none are given.",
                        lambda lab, value: "which number" in value,
                    ),
                ),
            ),
        ),
        Step(
            "arguments",
            Probe(
                "with 4 and 9: two rows and no more",
                two_rows,
                expect.matches(r"^exit 0: 4: 4 8 12 16 20\s+9: 9 18 27 36 45$", "the rows of 4 and of 9"),
                mistakes=(
                    mistakes.seen_when(
                        "CMD replaced by the arguments",
                        "what stands behind the image's name takes the place of CMD, program and all; "
                        "it is added to ENTRYPOINT.",
                        lambda lab, value: not lab.inspect("image", "{image}")["Config"].get("Entrypoint"),
                    ),
                    mistakes.seen_when(
                        "the default is part of ENTRYPOINT",
                        "arguments are added behind ENTRYPOINT, so the {number} in it stays.",
                        lambda lab, value: f"exit 0: {lab.values['number']}: " in value and "9: 9" in value,
                    ),
                    mistakes.shell_form("{image}"),
                ),
            ),
            points=2,
            after="default",
        ),
        Step(
            "direct",
            State(
                "no shell in between",
                shell_between,
                expect.equals("no shell"),
                mistakes=(mistakes.shell_form("{image}"),),
            ),
            after="arguments",
        ),
    ),
    solution=(rows('ENTRYPOINT ["lua", "/rows.lua"]', 'CMD ["{number}"]'), ROWS),
    right=(
        Right(
            "WORKDIR, ADD, two stages, the classic builder",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox AS in\nCOPY rows.lua /\nFROM lua:5.4\nWORKDIR /srv\nCOPY --from=in /rows.lua .\n"
                    'CMD ["{number}"]\nENTRYPOINT ["lua", "rows.lua"]',
                ),
                f"DOCKER_BUILDKIT=0 {ROWS} 2>/dev/null",
            ),
        ),
        Right(
            "an executable program that says what runs it, a stage of tests last",
            (
                "sed -i '1i #!/usr/bin/env lua' rows.lua && chmod +x rows.lua",
                whole_file(
                    "Dockerfile",
                    'FROM lua:5.4 AS rows\nCOPY rows.lua /\nENTRYPOINT ["/rows.lua"]\nCMD ["{number}"]\n'
                    'FROM rows AS test\nRUN /rows.lua 4\nCMD ["3"]',
                ),
                ROWS.replace("build", "build --target rows"),
            ),
        ),
        Right(
            "a wrong attempt first, then :latest, in a file of another name",
            (
                rows('ENTRYPOINT ["lua", "/rows.lua"]'),
                ROWS,
                rows('ENTRYPOINT ["lua", "/rows.lua"]', 'CMD ["{number}"]').replace("Dockerfile", "rows.Dockerfile"),
                ROWS[:-1].replace("{image}", "{image}:latest") + "-f rows.Dockerfile .",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "two rows by heart",
            (
                whole_file(
                    "rows.lua",
                    "if #arg == 0 then print('{number}: 1 2 3') else print('4: 4 8 12 16 20\\n9: 9 18 27 36 45') end",
                ),
                rows('ENTRYPOINT ["lua", "/rows.lua"]'),
                ROWS,
            ),
            says="for ",
        ),
        Wrong(
            "a lua of another image",
            (
                whole_file(
                    "Dockerfile",
                    "FROM lua:5.4 AS l\nFROM debian-tiny\nCOPY --from=l / /\nCOPY rows.lua /\n"
                    'ENTRYPOINT ["lua", "/rows.lua"]\nCMD ["{number}"]',
                ),
                ROWS,
            ),
            says="no lua:5.4 below it",
        ),
        Wrong("only CMD", (rows('CMD ["lua", "/rows.lua", "{number}"]'), ROWS), says="CMD replaced by the arguments"),
        Wrong("only ENTRYPOINT", (rows('ENTRYPOINT ["lua", "/rows.lua"]'), ROWS), says="no default"),
        Wrong(
            "the default in ENTRYPOINT",
            (rows('ENTRYPOINT ["lua", "/rows.lua", "{number}"]'), ROWS),
            says="the default is part of ENTRYPOINT",
        ),
        Wrong("shell form", (rows("ENTRYPOINT lua /rows.lua {number}"), ROWS + " 2>/dev/null"), says="shell form"),
        Wrong(
            "shell form with CMD",
            (rows("ENTRYPOINT lua /rows.lua", 'CMD ["{number}"]'), ROWS + " 2>/dev/null"),
            says="shell form",
        ),
        Wrong(
            "a shell that passes them on",
            (rows("""ENTRYPOINT ["/bin/sh", "-c", "lua /rows.lua $0 $@"]""", 'CMD ["{number}"]'), ROWS),
            says="no shell in between",
        ),
        Wrong("no program", (rows(), ROWS), says="the row of {number}"),
    ),
    minutes=8,
)

# 05.4

VISITS = "docker build -q -t {image} --label course.lab=05.4 ."


def visits(*middle: str, last: str = 'CMD ["sh", "/app/visits.sh"]') -> str:
    return whole_file("Dockerfile", "\n".join(("FROM busybox", "COPY visits.sh /app/visits.sh", *middle, last)))


CHANGES = """\
f=/app/visits.sh
chmod 777 $f; (echo true >> $f) && echo writable
chmod 777 /app; (mv $f /app/old || mv /app /app-old || rm -f $f) && echo replaced
"""


@look("docker run --rm --entrypoint sh {image} -c 'test -w /app/visits.sh && echo writable'")
def may_change_itself(lab: Lab) -> str:
    """What the image's user can do to the program, tried in a container of our own."""
    shown = str(probes.run("{image}", ["-c", f"exec 2>/dev/null\n{CHANGES}true"], entrypoint=["sh"]).fetch(lab))
    return ("writable" if shown.partition(": ")[2] else "protected") if shown.startswith("exit 0") else shown


@look("docker image inspect {image} --format '{{json .Config.User}}'")
def user(lab: Lab) -> str | None:
    """The number of the user that the image names, else the user as it is named there."""
    named = lab.inspect("image", "{image}")["Config"].get("User")
    if not named:
        return None
    shown = probes.run("{image}", ["-u"], entrypoint=["id"]).fetch(lab)
    return str(lab.values["who"]) if shown == f"exit 0: {lab.values['who']}" else str(named)


@look("docker run --rm {image}")
def visit(lab: Lab) -> str:
    """What a container says of its visit; when that is right, what another visits.sh can't, where it can't."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != lab.fill("exit 0: visit 1, written by uid {who}"):
        return shown
    mark = secrets.token_hex(4)
    script = f"echo {mark} >> /app/data/visits && cat /app/data/visits && id -u\n"
    with builds.rebuilt(lab, "{image}", {"visits.sh": script}) as tag:
        again = str(probes.run(tag).fetch(lab))
    good = again.split() == ["exit", "0:", mark, str(lab.values["who"])]
    return shown if good else f"with another visits.sh: {again}"


PLAIN_USER = Exercise(
    id="05.4",
    title="Not as root",
    goal="The image of exercises/05.4 runs as root. Rebuild it as `{image}` so that a container of it runs as user "
    "number {who}, without an option of `docker run`. It must still record its visit in /app/data, and its user "
    "must not be able to change the program /app/visits.sh, nor to put another in its place.",
    seeds={"image": Name("visits"), "who": Pick((1003, 1204, 2001, 4321))},
    scene=Scene(files="files/visits"),
    owns=("image:{image}",),
    steps=(
        Step(
            "user",
            State(
                "the image names the user {who}",
                user,
                expect.one_of("{who}", "{who}:{who}"),
                mistakes=(
                    mistakes.seen_when(
                        "no user in the image",
                        "`docker run -u` is said anew for each container; USER is part of the image.",
                        # Docker 29 leaves out what is empty
                        lambda lab, value: not lab.inspect("image", "{image}")["Config"].get("User"),
                    ),
                    mistakes.seen_when(
                        "another user",
                        "`docker run --rm --entrypoint id {image} -u` says which number it runs as.",
                        lambda lab, value: bool(value),
                    ),
                ),
            ),
        ),
        Step(
            "visit",
            Probe(
                "a container of it records a visit as {who}",
                visit,
                printed("exit 0: visit 1, written by uid {who}"),
                mistakes=(
                    mistakes.seen_when(
                        "the folder belongs to root",
                        "RUN and COPY make files of root, unless USER stands above the RUN or COPY has `--chown`; "
                        "`chown` the folder before you change the user.",
                        lambda lab, value: "ermission denied" in value or "can't create" in value,
                    ),
                ),
            ),
            points=2,
            after="user",
        ),
        Step(
            "protected",
            Probe(
                "it cannot change its own program",
                may_change_itself,
                expect.equals("protected"),
                mistakes=(
                    mistakes.seen_when(
                        "owner of everything",
                        "whoever takes over the program may now rewrite it; only /app/data has to be the user's.",
                        lambda lab, value: value == "writable",
                    ),
                ),
            ),
            after="visit",
        ),
    ),
    solution=(visits("RUN mkdir /app/data && chown {who} /app/data", "USER {who}"), VISITS),
    right=(
        Right("its group is root's", (visits("RUN mkdir /app/data && chown {who} /app/data", "USER {who}:0"), VISITS)),
        Right(
            "a user with a name, after a wrong attempt, by the classic builder",
            (
                visits("USER {who}"),
                VISITS,
                visits(
                    "RUN adduser -D -H -u {who} app || echo app:x:{who}:{who}::/:/bin/sh >> /etc/passwd",
                    "RUN mkdir -m 777 /app/data",
                    "USER app",
                ),
                f"DOCKER_BUILDKIT=0 {VISITS} 2>/dev/null",
            ),
        ),
        Right(
            "COPY --chown, a folder with the sticky bit, ENTRYPOINT",
            (
                "mkdir data && touch data/.keep",
                visits(
                    "COPY --chown={who}:{who} data /app/data",
                    "RUN chmod 1777 /app && rm -f /app/data/.keep",
                    "USER {who}:{who}",
                    last='ENTRYPOINT ["sh", "/app/visits.sh"]',
                ),
                VISITS,
            ),
        ),
    ),
    wrong=(
        Wrong("USER alone", (visits("RUN mkdir /app/data", "USER {who}"), VISITS), says="the folder belongs to root"),
        Wrong(
            "everything is the user's",
            (visits("RUN mkdir /app/data && chown -R {who} /app", "USER {who}"), VISITS),
            says="owner of everything",
        ),
        Wrong(
            "the program is the user's, and read-only",
            (
                visits("RUN mkdir /app/data && chown {who} /app/* && chmod 555 /app/visits.sh", "USER {who}"),
                VISITS,
            ),
            says="owner of everything",
        ),
        Wrong(
            "a visit that was typed",
            (
                visits("RUN mkdir /app/data", "USER {who}", last='CMD ["echo", "visit 1, written by uid {who}"]'),
                VISITS,
            ),
            says="with another visits.sh",
        ),
        Wrong(
            "an option of run",
            (VISITS, "docker run --rm -u {who} {image} || true"),
            says="no user in the image",
        ),
        Wrong(
            "a second name of root",
            (
                visits("RUN mkdir /app/data && echo toor:x:0:0::/:/bin/sh >> /etc/passwd", "USER toor"),
                VISITS,
            ),
            says="another user",
        ),
        Wrong(
            "the user changed by the program",
            (
                visits(
                    "RUN mkdir /app/data && chown {who} /app/data",
                    "RUN echo app:x:{who}:{who}::/:/bin/sh >> /etc/passwd",
                    last='CMD ["su", "-s", "/bin/sh", "-c", "sh /app/visits.sh", "app"]',
                ),
                VISITS,
            ),
            says="no user in the image",
        ),
    ),
    minutes=8,
)

# 05.5

SHOP = "docker build -q -t {image} --label course.lab=05.5 ."
START = "docker rm -f {name} >/dev/null 2>&1; docker run -d --name {name} --label course.lab=05.5 {image}"
WELL = "timeout 4 sh -c 'until docker ps --filter name={name} | grep -q \"(healthy)\"; do sleep 0.1; done'"


def checked_by(line: str) -> str:
    return whole_file("Dockerfile", f"FROM web\nHEALTHCHECK {line}")


def status(container: Any) -> str:
    container.reload()
    return str((container.attrs["State"].get("Health") or {}).get("Status", "no health check"))


def until_first(lab: Lab, image: str) -> float:
    """Seconds until a container of the image has had its first checks; 0 for a long interval: that is not waited for,
    however slow the machine is.
    """
    check = lab.inspect("image", image)["Config"].get("Healthcheck") or {}
    begins = check.get("StartPeriod") or 0
    first = (check.get("StartInterval") or 5e9) if begins else (check.get("Interval") or 30e9)
    return first / 1e9 + 3 if first < 6e9 else 0


@look("docker inspect --format '{{.State.Health.Status}}' {name}")
def health(lab: Lab) -> str:
    """The health of {name}; a first check that is still to come soon is waited for."""
    found = lab.inspect("container", "{name}")
    if identity.made_from("{name}", "{image}").fetch(lab) != lab.fill("{image}"):
        return "a container of another image"
    if found["State"].get("Paused"):
        return "paused"
    container = lab.client.containers.get(found["Id"])
    lab.wait(lambda: status(container) != "starting", seconds=until_first(lab, found["Image"]), every=0.1)
    return status(container)


WITHIN = 5.0  # seconds from the page that is gone to "unhealthy"
ASKED = "wget -q -O /dev/null http://127.0.0.1/"
# The server refuses everybody (403), and no file of the page is another; where it does not hear us, the page refuses
GONE = (
    "echo 'D:*' > /etc/httpd.conf; killall -HUP httpd; "
    f"for n in 1 2 3 4 5 6 7 8 9; do {ASKED} || exit 0; sleep .1; done 2>/dev/null; "
    "printf '#!/bin/sh\nprintf \"Status: 503 Gone\\\\r\\\\n\\\\r\\\\n\"\n' > /www/cgi-bin/index.cgi"
)


@look("docker exec {name} rm /www/cgi-bin/index.cgi; watch docker ps")
def sick(lab: Lab) -> str:
    """What becomes of a copy of the container's image when it answers with an error, within five seconds."""
    image = lab.inspect("container", "{name}")["Image"]
    if identity.stands_on("{image}", "web").fetch(lab) != "web":
        return "an image that does not begin FROM web"
    with lab.throwaway(image) as copy:
        if not lab.wait(lambda: status(copy) == "healthy", seconds=until_first(lab, image), every=0.1):
            return f"{status(copy)} from the start"
        lab.execute(copy.id, ["sh", "-c", GONE])
        lab.wait(lambda: status(copy) != "healthy", seconds=WITHIN, every=0.1)
        if status(copy) == "unhealthy" and (latest := longest(lab)) > WITHIN:
            return f"unhealthy after up to {latest:g} s"
        failed = (copy.attrs["State"].get("Health") or {}).get("FailingStreak") or 0
        return f"{status(copy)} after {failed} failed checks" if failed and status(copy) == "healthy" else status(copy)


def longest(lab: Lab) -> float:
    """Seconds that the image's own health check may need, at the longest, to call it unhealthy. (0 is the default.)"""
    check = lab.inspect("image", lab.inspect("container", "{name}")["Image"])["Config"].get("Healthcheck") or {}
    return float((check.get("Interval") or 30e9) * (check.get("Retries") or 3)) / 1e9


def last_output(lab: Lab) -> str:
    lab.forget()
    log = lab.inspect("container", "{name}")["State"]["Health"]["Log"]
    return str(log[-1]["Output"]) if log else ""


HEALTHY = Exercise(
    id="05.5",
    title="A container that knows how it is",
    goal="The folder exercises/05.5 holds a Dockerfile with one line, FROM web. Give it a HEALTHCHECK and build "
    "`{image}`. A container `{name}` of it runs and is healthy. When its page is gone (it answers, with something "
    "other than a page), a container of it becomes unhealthy within five seconds.",
    seeds={"image": Name("shop"), "name": Name("till")},
    scene=Scene(files="files/health"),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step(
            "healthy",
            State(
                "{name} is healthy",
                health,
                expect.equals("healthy"),
                mistakes=(
                    mistakes.seen_when(
                        "the first check is still to come",
                        "it is made one interval after the start, and the interval is 30 s unless you set it.",
                        lambda lab, value: value == "starting",
                    ),
                    mistakes.seen_when(
                        "no such program in the image",
                        "the check is run in the container: it can use only what is there.",
                        lambda lab, value: "not found" in last_output(lab),
                    ),
                    mistakes.seen_when(
                        "the check fails",
                        "`docker inspect --format '{{json .State.Health}}' {name}` has what it printed.",
                        lambda lab, value: value == "unhealthy",
                    ),
                    mistakes.exited("{name}"),
                ),
            ),
        ),
        Step(
            "notices",
            Probe(
                "without its page a container of the image is unhealthy",
                sick,
                expect.equals("unhealthy"),
                mistakes=(
                    mistakes.seen_when(
                        "not part of the image",
                        "`docker run --health-cmd` is one container's; HEALTHCHECK goes with the image.",
                        lambda lab, value: "no health check" in value,
                    ),
                    mistakes.seen_when(
                        "too slow",
                        "interval times retries is more than five seconds; three failures in a row are needed unless "
                        "--retries says otherwise.",
                        lambda lab, value: (
                            "no health check" not in str(value) and ("after" in str(value) or longest(lab) > WITHIN)
                        ),
                    ),
                    mistakes.seen_when(
                        "a check that looks away",
                        "the process is there and answers; is the page? Ask for it, as a visitor would.",
                        lambda lab, value: value == "healthy",
                    ),
                ),
            ),
            points=2,
            after="healthy",
        ),
    ),
    right=(
        Right(
            "a start period, the shell form, :latest, create and start",
            (
                checked_by(
                    "--interval=500ms --start-period=1s --retries=2 CMD wget -q -O - http://localhost | grep -qi html"
                ),
                SHOP.replace("{image}", "{image}:latest"),
                "docker create --name {name} -P {image}:latest && docker start {name}",
            ),
        ),
        Right(
            "exec form, by the image's id, after a wrong attempt",
            (
                SHOP,
                START,
                checked_by('--interval=1s --timeout=1s --retries=1 CMD ["wget", "-q", "-O", "/dev/null", "127.0.0.1"]'),
                SHOP,
                "docker rm -f {name}; docker run -d --name {name} $(docker images -q {image})",
            ),
        ),
        Right(
            "by nc, by the classic builder",
            (
                checked_by(
                    "--interval=400ms --retries=3 CMD printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 80 | "
                    "grep -q '200 OK'"
                ),
                f"DOCKER_BUILDKIT=0 {SHOP} 2>/dev/null",
                START,
            ),
        ),
    ),
    solution=(
        checked_by("--interval=500ms --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/ || exit 1"),
        SHOP,
        START,
        WELL,
    ),
    wrong=(
        Wrong(
            "the folder is there",
            (checked_by("--interval=500ms --retries=2 CMD test -d /www -a -f /www/cgi-bin/index.cgi"), SHOP, START),
            says="a check that looks away",
        ),
        Wrong(
            "files compared",
            (
                checked_by("--interval=500ms --retries=2 CMD cmp /www/cgi-bin/index.cgi /p").replace(
                    "web\n", "web\nRUN cp /www/cgi-bin/index.cgi /p\n"
                ),
                SHOP,
                START,
            ),
            says="a check that looks away",
        ),
        Wrong(
            "a container of something else",
            (
                checked_by("--interval=500ms --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/"),
                SHOP,
                START.replace("{image}", "--health-cmd true --health-interval 500ms busybox sleep 600"),
            ),
            says="a container of another image",
        ),
        Wrong("always well", (checked_by("--interval=500ms CMD true"), SHOP, START), says="a check that looks away"),
        Wrong(
            "only the process",
            (checked_by("--interval=500ms --retries=2 CMD pidof httpd"), SHOP, START),
            says="a check that looks away",
        ),
        Wrong(
            "many slow retries",  # far too many: a slow machine is given more than five seconds
            (checked_by("--interval=1s --retries=4000 CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START, WELL),
            says="too slow",
        ),
        Wrong(
            "six seconds",
            (checked_by("--interval=2s CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START),
            says="too slow",
        ),
        Wrong(
            "every 30 seconds",
            (checked_by("CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START),
            says="the first check is still to come",
        ),
        Wrong(
            "a program that is not there",
            (checked_by("--interval=300ms --retries=1 CMD curl -f http://127.0.0.1/"), SHOP, START),
            says="no such program in the image",
        ),
        Wrong(
            "the wrong port",
            (checked_by("--interval=300ms --retries=1 CMD wget -q -O /dev/null http://127.0.0.1:8080/"), SHOP, START),
            says="the check fails",
        ),
        Wrong(
            "an option of run",
            (
                SHOP,
                START.replace(
                    "{image}", "--health-interval=500ms --health-cmd 'wget -q -O /dev/null http://127.0.0.1/'"
                )
                + " {image}",
            ),
            says="not part of the image",
        ),
        Wrong("only built", (SHOP,), says="there is no container called"),
    ),
    minutes=8,
)

# 05.6

REPORT = "docker build -q -t {image} --label course.lab=05.6 ."
TOKEN = "echo {token} > token.txt"
MADE = "FROM lua:5.4 AS made\nCOPY token.txt report.lua /\nRUN lua /report.lua > /report.txt\n\n"


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
    return shown if again == line(token, count) else f"built with another token.txt and report.lua: {again}"


SMALL = Exercise(
    id="05.6",
    title="Only the result",
    goal="The image of exercises/05.6 holds Lua, a program and a big table, and all that anybody wants is a report of "
    "one line. Change the Dockerfile so that it still makes the report when it is built, from token.txt, and "
    "`docker run --rm {image}` prints it, and its layers have less than 2.2 MB (`docker history {image}`).",
    seeds={"image": Name("report"), "token": Token()},
    scene=Scene(files="files/small", commands=(TOKEN,)),
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
                    mistakes.seen_when(
                        "one stage",
                        "what the building needs is in the image: FROM once more, and copy the result over "
                        "with `COPY --from`.",
                        lambda lab, value: lab.folder.joinpath("Dockerfile").read_text().upper().count("FROM ") < 2,
                    ),
                    mistakes.removed_in_a_later_layer("{image}"),
                    mistakes.seen_when(
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

# 05.7

LICENCE = "docker build -q -t {image} --label course.lab=05.7 ."
FROM_SECRET = "RUN --mount=type=secret,id=token sha256sum < /run/secrets/token | cut -c 1-16 > /licence"
ANEW = f"DOCKER_BUILDKIT=1 {LICENCE} --no-cache"
SECRETLY = f"{ANEW} --secret id=token,src=token.txt"
PUT = "printf %s {token} > token.txt"


def licensed(*lines: str) -> str:
    return whole_file("Dockerfile", "\n".join(("FROM busybox", *lines, 'CMD ["cat", "/licence"]')))


places = leaks.holding("{image}", "token").then(
    lambda found: " and ".join(sorted({"a layer" if each.startswith("/") else each for each in found})) or "nowhere"
)


def of(token: str) -> str:
    """The licence that belongs to a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


@look("docker run --rm {image}")
def licence(lab: Lab) -> str:
    """Whether the image prints the licence of the token, and a build with another token that one's."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != f"exit 0: {of(str(lab.values['token']))}":
        return shown.strip()
    if places.fetch(lab) != "nowhere":
        return "the licence"  # where the token is, the next step says
    other = "k" + secrets.token_hex(7)
    with builds.rebuilt(lab, "{image}", {"token.txt": other}, hand="token.txt") as tag:
        again = probes.run(tag).fetch(lab)
    return "the licence" if again == f"exit 0: {of(other)}" else "a licence that does not come from token.txt"


def not_built(lab: Lab, _: Any) -> bool:
    """The image is still the scene's own, and the Dockerfile is another."""
    known = (lab.made or {}).get("image", {}).get(lab.fill("{image}"))
    return (
        bool(known)
        and known == lab.inspect("image", "{image}")["Id"]
        and "TOKEN" not in lab.folder.joinpath("Dockerfile").read_text(encoding="utf-8")
    )


OF_NOTHING = hashlib.sha256(b"").hexdigest()[:16]  # what a RUN makes of a secret that was not there

SECRET = Exercise(
    id="05.7",
    title="A secret for the build alone",
    goal="The build in exercises/05.7 makes a licence from the token in token.txt, and whoever has the image `{image}` "
    "can read the token, too. Change the Dockerfile and the way it is built: `docker run --rm {image}` prints "
    "the same "
    "licence, and no layer and no configuration of the image holds the token.",
    seeds={"image": Name("pass"), "token": Token(16)},
    scene=Scene(
        files="files/secret",
        prepare=(
            PUT,
            "docker build -q --label course.lab={id} -t {image}:leaky --build-arg TOKEN=$(cat token.txt) . 2>/dev/null",
        ),
        commands=(PUT, "docker tag {image}:leaky {image}"),
    ),
    owns=("image:{image}",),
    steps=(
        Step(
            "secret",
            Probe(
                "{image} prints the licence",
                licence,
                expect.equals("the licence"),
                mistakes=(
                    mistakes.seen_when(
                        "no secret in the build",
                        "without `--secret id=token,src=token.txt` there is no /run/secrets/token, and `sha256sum` "
                        "had nothing to read.",
                        lambda lab, value: value in ("exit 0:", f"exit 0: {OF_NOTHING}"),
                    ),
                    mistakes.seen_when(
                        "the licence of another token",
                        "a secret is not part of the cache key: a RUN of the same words is taken from the cache, "
                        "whatever the token. Build with `--no-cache`.",
                        lambda lab, value: bool(re.fullmatch("exit 0: [0-9a-f]{16}", value)),
                    ),
                ),
            ),
            State(
                "the token is nowhere in {image}",
                places,
                expect.equals("nowhere"),
                mistakes=(
                    mistakes.seen_when(
                        "still the image of the start",
                        "no build of your Dockerfile has ended well: without `--secret id=token,src=token.txt` "
                        "there is no "
                        "/run/secrets/token.",
                        not_built,
                    ),
                    mistakes.seen_when(
                        "written into the history",
                        "`docker history --no-trunc {image}` shows arguments and variables of the build to everybody.",
                        lambda lab, value: "configuration" in value,
                    ),
                    mistakes.seen_when(
                        "copied, then removed",
                        "the layer of the COPY still holds the file; the later layer only hides it.",
                        lambda lab, value: (
                            "a layer" in value
                            and any(
                                re.match("(RUN )?.*\\brm\\b", str(row.get("CreatedBy")))
                                for row in lab.history("{image}")
                            )
                        ),
                    ),
                    mistakes.seen_when(
                        "kept in a file",
                        "as it is, packed or in another writing: what a layer holds, whoever has the image can read.",
                        lambda lab, value: "a layer" in value,
                    ),
                ),
            ),
            points=3,
        ),
    ),
    solution=(licensed(FROM_SECRET), SECRETLY),
    untouched_says="its configuration",
    right=(
        Right(
            "two stages, the argument in the first, by the classic builder",
            (
                whole_file(
                    "Dockerfile",
                    'FROM busybox AS made\nARG TOKEN=x\nRUN printf %s "$TOKEN" | sha256sum | cut -c 1-16 > /licence\n'
                    'FROM busybox\nCOPY --from=made /licence /\nCMD ["cat", "/licence"]',
                ),
                f"DOCKER_BUILDKIT=0 {LICENCE} --build-arg TOKEN=$(cat token.txt) 2>/dev/null",
            ),
        ),
        Right(
            "another id and place, :latest, after a wrong attempt",
            (
                LICENCE,
                licensed(FROM_SECRET.replace("id=token", "id=t,target=/t").replace("/run/secrets/token", "/t")),
                SECRETLY.replace("id=token", "id=t").replace("{image}", "{image}:latest"),
            ),
        ),
        Right(
            "the folder mounted, ENTRYPOINT, in a file of another name",
            (
                whole_file(
                    "safe.Dockerfile",
                    "FROM busybox\nRUN --mount=type=bind,target=/in sha256sum < /in/token.txt | cut -c 1-16 > /l\n"
                    'ENTRYPOINT ["cat", "/l"]',
                ),
                f"{ANEW} -f safe.Dockerfile",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "copied and removed",
            (
                licensed(
                    "COPY token.txt /token.txt",
                    "RUN sha256sum < /token.txt | cut -c 1-16 > /licence",
                    "RUN rm /token.txt",
                ),
                LICENCE,
            ),
            says="copied, then removed",
        ),
        Wrong(
            "as a variable",
            (
                licensed(
                    "ENV TOKEN={token}", 'RUN printf %s "$TOKEN" | sha256sum | cut -c 1-16 > /licence', "ENV TOKEN="
                ),
                LICENCE + " 2>/dev/null",
            ),
            says="written into the history",
        ),
        Wrong(
            "a licence that was typed",
            (
                "L=$(printf %s $(cat token.txt) | sha256sum | cut -c 1-16)\n"
                + licensed("RUN echo $L > /licence").replace("'END'", "END"),
                LICENCE,
            ),
            says="does not come from token.txt",
        ),
        Wrong(
            "kept, and packed",
            (licensed(FROM_SECRET, "RUN --mount=type=secret,id=token gzip -c /run/secrets/token > /k"), SECRETLY),
            says="kept in a file",
        ),
        Wrong("no secret handed over", (licensed(FROM_SECRET), ANEW), says="no secret in the build"),
        Wrong(
            "no secret handed over, and read by cat",
            (
                licensed(FROM_SECRET.replace("sha256sum < /run/secrets/token", "cat /run/secrets/token | sha256sum")),
                ANEW,
            ),
            says="no secret in the build",
        ),
        Wrong(
            "from the cache, with another token",
            (
                "printf other > other.txt",
                licensed(FROM_SECRET),
                SECRETLY.replace("src=token", "src=other"),
                SECRETLY.replace(" --no-cache", ""),
            ),
            says="the licence of another token",
        ),
        Wrong(
            "the licence of nothing",
            (licensed("RUN printf '' | sha256sum | cut -c 1-16 > /licence"), LICENCE),
            says="{image} prints the licence",
        ),
        Wrong(
            "the secret mounted, and kept",
            (
                licensed(FROM_SECRET, "RUN --mount=type=secret,id=token cp /run/secrets/token /.token"),
                SECRETLY,
            ),
            says="a layer",
        ),
    ),
    minutes=8,
)

# 05.8

RELEASE = "docker build -q -t {image} --label course.lab=05.8 --build-arg VERSION={version} . 2>/dev/null"
SHOWN = 'CMD ["sh", "-c", "cat /version; echo running as version $RELEASE"]'


def released(*lines: str) -> str:
    return whole_file("Dockerfile", "\n".join((*lines, SHOWN)))


def shown(lab: Lab, line: str) -> str:
    """What {image} prints; when this line is right, what a build with other versions prints, where that is wrong."""
    said = str(probes.run("{image}").fetch(lab))
    if not ends(said, line, str(lab.values["version"])):
        return said
    for version in (str(100 + secrets.randbelow(900)), secrets.token_hex(4)):
        with builds.rebuilt(lab, "{image}", options=(f"--build-arg=VERSION={version}",)) as tag:
            again = str(probes.run(tag).fetch(lab))
        if not ends(again, line, version):
            return f"built with --build-arg VERSION={version}: {again}"
    return said


def ends(said: str, line: str, version: str) -> bool:
    return f"{line} {version}" in (each.strip() for each in said.removeprefix("exit 0: ").splitlines())


built = look("docker run --rm {image}")(lambda lab: shown(lab, "built as version"))
running = look("docker run --rm {image}")(lambda lab: shown(lab, "running as version"))


def instructions(text: str | None) -> str:
    """The Dockerfile without its comments, and without ports, which are numbers of another kind."""
    lines = (text or "").splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*(#|EXPOSE\b)", line, re.IGNORECASE))


def declared_too_early(lab: Lab) -> bool:
    """No ARG VERSION between the first FROM and its first use."""
    lines = [line.split() for line in str(looks.file("Dockerfile").fetch(lab)).splitlines() if line.split()]
    after = [
        line[1:] for line in lines[[line[0].upper() for line in lines].index("FROM") :] if line[0].upper() == "ARG"
    ]
    return not any(words[0].split("=")[0] == "VERSION" for words in after)


TOO_EARLY = mistakes.seen_when(
    "ARG above FROM",
    "an ARG above the first FROM serves the FROM lines only; a stage that wants it says `ARG VERSION` again.",
    lambda lab, value: declared_too_early(lab),
)

HUNT = Exercise(
    id="05.8",
    title="The version that never arrives",
    goal="Symptom: the image `{image}` was built from exercises/05.8 with `--build-arg VERSION={version}`, without a "
    "word of complaint, and `docker run --rm {image}` prints `built as version` and `running as version` with "
    "nothing behind them.\n"
    "Repair the Dockerfile: built with that option, both lines end in {version}. The number is not written in the "
    "Dockerfile; it comes from the option.",
    seeds={"image": Name("release"), "version": Pick((23, 31, 47, 52, 68))},
    scene=Scene(
        files="files/hunt",
        prepare=(
            "docker build -q --label course.lab={id} -t {image}:broken --build-arg VERSION={version} . 2>/dev/null",
        ),
        commands=("docker tag {image}:broken {image}",),
    ),
    owns=("image:{image}",),
    steps=(
        Step(
            "built",
            Probe(
                "the version is written into the image",
                built,
                printed("built as version {version}"),
                mistakes=(
                    TOO_EARLY,
                    mistakes.seen_when(
                        "export ends with its RUN",
                        "each RUN is a shell of its own: what one exports, the next has never heard of.",
                        lambda lab, value: "RUN export" in str(looks.file("Dockerfile").fetch(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "running",
            Probe(
                "a container has it in its environment",
                running,
                printed("running as version {version}"),
                mistakes=(
                    mistakes.seen_when(
                        "gone when the build has ended",
                        "ARG and export belong to the build; what a container shall have is set with ENV.",
                        lambda lab, value: f"built as version {lab.values['version']}" in value,
                    ),
                ),
            ),
            after="built",
        ),
        Step(
            "option",
            State(
                "the number is not in the Dockerfile",
                looks.file("Dockerfile").then(instructions),
                expect.Expect(
                    'no "{want}" in it',
                    lambda value, want: re.search(rf"(?<!\w){want}(?!\w)", str(value)) is None,
                    "{version}",
                ),
            ),
            after="running",
        ),
    ),
    solution=(
        released(
            "ARG BASE=busybox",
            "FROM $BASE",
            "ARG VERSION=0",
            "ENV RELEASE=$VERSION",
            'RUN echo "built as version $RELEASE" > /version',
        ),
        RELEASE,
    ),
    untouched_says="built as version {version}",
    right=(
        Right(
            "a port with the number in it, a comment, the variable under another name",
            (
                released(
                    "# was 2{version}, is {version}",
                    "FROM busybox",
                    "EXPOSE 80{version}",
                    "ARG VERSION",
                    "ENV RELEASE=${VERSION}",
                    "RUN echo built as version ${VERSION} > /version",
                ),
                RELEASE,
            ),
        ),
        Right(
            "two stages, by the classic builder, :latest",
            (
                released(
                    "ARG VERSION=0",
                    "FROM busybox AS made",
                    "ARG VERSION",
                    "RUN echo built as version $VERSION > /version",
                    "FROM busybox",
                    "ARG VERSION",
                    "ENV RELEASE $VERSION",
                    "COPY --from=made /version /",
                ),
                "DOCKER_BUILDKIT=0 " + RELEASE.replace("{image}", "{image}:latest"),
            ),
        ),
        Right(
            "kept in a file, after a wrong attempt",
            (
                RELEASE,
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nARG VERSION=0\nRUN echo $VERSION > /v && echo built as version $VERSION > "
                    "/version\n"
                    'CMD ["sh", "-c", "cat /version; echo running as version $(cat /v)"]',
                ),
                RELEASE,
            ),
        ),
    ),
    wrong=(
        Wrong(
            "ARG moved",
            (
                released(
                    "FROM busybox",
                    "ARG VERSION=0",
                    'RUN export RELEASE="$VERSION"',
                    'RUN echo "built as version $RELEASE" > /version',
                ),
                RELEASE,
            ),
            says="export ends with its RUN",
        ),
        Wrong(
            "one RUN",
            (
                released(
                    "FROM busybox",
                    "ARG VERSION=0",
                    'RUN export RELEASE="$VERSION" && echo "built as version $RELEASE" > /version',
                ),
                RELEASE,
            ),
            says="gone when the build has ended",
        ),
        Wrong(
            "ENV, and ARG above FROM",
            (
                released(
                    "ARG VERSION=0",
                    "FROM busybox",
                    "ENV RELEASE=$VERSION",
                    'RUN echo "built as version $RELEASE" > /version',
                ),
                RELEASE,
            ),
            says="ARG above FROM",
        ),
        Wrong(
            "written down",
            (
                released("FROM busybox", "ENV RELEASE={version}", 'RUN echo "built as version $RELEASE" > /version'),
                RELEASE,
            ),
            says="the number is not in the Dockerfile",
        ),
        Wrong(
            "the number as the default",
            (
                released(
                    "FROM busybox",
                    "ARG VERSION={version}",
                    "ENV RELEASE=$VERSION",
                    "RUN echo built as version $VERSION > /version",
                ),
                RELEASE,
            ),
            says="the number is not in the Dockerfile",
        ),
        Wrong(
            "from a file that was copied",
            (
                "printf {version} > number",
                released(
                    "FROM busybox",
                    "COPY number /",
                    "RUN echo built as version $(cat /number) > /version",
                ).replace("$RELEASE", "$(cat /number)"),
                RELEASE,
            ),
            says="built with --build-arg VERSION=",
        ),
        Wrong("an option of run", ("docker run --rm -e RELEASE={version} {image}",), says="built as version {version}"),
    ),
    minutes=8,
)

EXERCISES = (CACHED, IGNORED, COMMAND, PLAIN_USER, HEALTHY, SMALL, SECRET, HUNT)

PREDICTIONS = (
    Prediction(
        "05.p1",
        "One character of factor.lua is changed. Which instructions of the first Dockerfile run again?",
        ("COPY factor.lua alone", "COPY factor.lua and those below it", "All but FROM"),
        "b",
        "From the first miss on, nothing is taken from the cache: each step stands on the one above it.",
    ),
    Prediction(
        "05.p2",
        "`touch factor.lua` gives the file a new date and the same content. What does the next build do again?",
        ("COPY factor.lua, and what is below it", "Nothing"),
        "b",
        "The key of a COPY is made from names, contents and permissions of the files. Their dates are left out.",
    ),
    Prediction(
        "05.p3",
        "How many layers does this image have above those of busybox?",
        ("4", "6", "11"),
        "a",
        "WORKDIR (it made a folder), COPY, ADD and RUN changed files. The other seven changed the configuration.",
    ),
    Prediction(
        "05.p4",
        'ENTRYPOINT ["echo", "we have"] and CMD ["tea"]. What does `docker run --rm say:both coffee` print?',
        ("we have tea coffee", "we have coffee", "an error: no program called coffee"),
        "b",
        "Arguments take the place of CMD; what is left of the two lists is put together.",
    ),
    Prediction(
        "05.p5",
        "A token was used in one RUN, as a build argument, and written to no file. Can the image's users read it?",
        ("No: no layer holds it", "Yes"),
        "b",
        "The history says which arguments a RUN was given, and the history is part of the image.",
    ),
)

QUIZZES = (
    Quiz(
        "05.q1",
        "A Dockerfile copies `needs.txt`, installs what it names, then copies the source. Which change makes "
        "the next "
        "build install again?",
        (
            Choice("A line of the source", "That COPY is below the installation."),
            Choice("A line of needs.txt", "Its COPY is above the installation, and its key changes.", right=True),
            Choice("A newer version of something that needs.txt names", "The key of a RUN is its text, not what it "
                   "would fetch: it stays cached until you say `--no-cache`."),
            Choice("A new date of needs.txt", "Dates are not part of the key."),
        ),
    ),
    Quiz(
        "05.q2",
        "Which of these leave a layer behind?",
        (
            Choice("RUN rm -rf /cache", "A layer that hides files; the image gets no smaller.", right=True),
            Choice("ENV MODE=test", "The configuration only."),
            Choice("COPY app.lua /app/", "Files changed.", right=True),
            Choice("EXPOSE 80", "A note in the configuration; it publishes nothing."),
        ),
    ),
    Quiz(
        "05.q3",
        "A container is `unhealthy`. What does the engine do about it, by itself?",
        (
            Choice("It restarts the container", "A restart policy looks at the end of process 1, not at its health."),
            Choice("It stops the container", "It runs on."),
            Choice("It says so, in `docker ps` and in an event", "What follows is up to whoever listens.", right=True),
        ),
    ),
    Quiz(
        "05.q4",
        "A build needs a password. Which ways keep it out of the image that is handed on?",
        (
            Choice("RUN --mount=type=secret", "It is there during that RUN, and in no layer.", right=True),
            Choice("ARG, and nothing written to a file", "The history holds the value."),
            Choice("COPY, and RUN rm in the next line", "The layer of the COPY holds it."),
            Choice("ARG in a stage of which only the result is copied", "The last stage has a history and layers of "
                   "its own. (Who can read your builder's cache still finds it.)", right=True),
        ),
    ),
)  # fmt: skip
