"""Lesson 05: the cache used, the context kept small, a command and its arguments, no root, health, size, a secret."""

import gzip
import hashlib
import re
import tarfile
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from labsupport.exercises import (
    Choice,
    Exercise,
    Lab,
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
from labsupport.layers.instruction import is_metadata, keyword


def whole_file(name: str, text: str) -> str:
    """A command that writes a file of these lines."""
    return f"cat > {name} <<'END'\n{text}\nEND"


# 05.1


@look("docker image inspect --format '{{json .RootFS.Layers}}' {image}:1 {image}:2")
def measured(lab: Lab) -> str:
    """Whether both images stand on one layer of the measurement, by digest (image-spec config, `rootfs.diff_ids`)."""
    first, second = (lab.inspect("image", "{image}:" + tag)["RootFS"]["Layers"] for tag in "12")
    rows = [str(row.get("CreatedBy")) for row in reversed(lab.history("{image}:1"))]
    rows = [row for row in rows if not is_metadata(row)]
    if len(rows) != len(first):  # the classic builder makes no layer for a WORKDIR that was there already
        rows = [row for row in rows if keyword(row) != "WORKDIR"]
    place = next((number for number, row in enumerate(rows) if "measure.sh >" in row), None)
    if place is None or place >= len(first):
        raise Missing("the history of {image}:1 has no `sh measure.sh >`".replace("{image}", str(lab.values["image"])))
    return "in one shared layer" if first[: place + 1] == second[: place + 1] else "in two different layers"


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
                        "title.txt stands above the measurement, or the cache was not used.",
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
    wrong=(
        Wrong("the Dockerfile as it was", (ONE, TITLE, TWO), says="measured again"),
        Wrong("tagged, not built", (APART, ONE, TITLE, "docker tag {image}:1 {image}:2"), says="a new name"),
        Wrong("the title too early", (APART, TITLE, ONE, TWO), says="{image}:1 has no title yet"),
        Wrong("without the cache", (APART, ONE, TITLE, TWO + " --no-cache"), says="measured again"),
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
OURS = ("Dockerfile", ".dockerignore")


@look("docker run --rm {image}")
def listed(lab: Lab) -> str:
    """The files in /site of the image, the two of the build left out."""
    shown = probes.run("{image}", ["find", ".", "-type", "f"], entrypoint=[], working_dir="/site").fetch(lab)
    files = shown.partition(": ")[2].split()
    return " ".join(sorted(name for name in files if name.removeprefix("./") not in OURS))


@look("find . -type f")
def in_folder(lab: Lab) -> int:
    """How many files the working folder has, the two of the build left out."""
    return sum(path.is_file() and path.name not in OURS for path in lab.folder.rglob("*"))


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
    wrong=(
        Wrong(
            "logs at the top only",
            (RIGHT.replace("**/", ""), IGNORE_BUILD),
            says="a pattern of one folder",
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
    config = lab.inspect("image", "{image}")["Config"]
    words = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    return "a shell" if words[:1] in (["/bin/sh"], ["sh"]) and "-c" in words else "no shell"


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
                expect.contains("exit 0: {number}: "),
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
                probes.run("{image}", ["4", "9"]),
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
    wrong=(
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


@look("docker run --rm --entrypoint sh {image} -c 'test -w /app/visits.sh && echo writable'")
def may_change_itself(lab: Lab) -> str:
    asked = probes.run(
        "{image}", ["-c", "test -w /app/visits.sh -o -w /app && echo writable || echo protected"], entrypoint=["sh"]
    )
    return str(asked.fetch(lab)).partition(": ")[2]


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
                looks.image("{image}", ".Config.User"),
                expect.one_of("{who}", "{who}:{who}"),
                mistakes=(
                    mistakes.seen_when(
                        "no user in the image",
                        "`docker run -u` is said anew for each container; USER is part of the image.",
                        # Docker 29 leaves out what is empty
                        lambda lab, value: not lab.inspect("image", "{image}")["Config"].get("User"),
                    ),
                    mistakes.seen_when(
                        "a name instead of the number",
                        "a name is looked up in the image's own /etc/passwd: who reads .Config.User cannot see "
                        "which number it is.",
                        lambda lab, value: bool(value) and not str(value)[0].isdigit(),
                    ),
                ),
            ),
        ),
        Step(
            "visit",
            Probe(
                "a container of it records a visit as {who}",
                probes.run("{image}"),
                expect.contains("exit 0: visit 1, written by uid {who}"),
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
    wrong=(
        Wrong("USER alone", (visits("RUN mkdir /app/data", "USER {who}"), VISITS), says="the folder belongs to root"),
        Wrong(
            "everything is the user's",
            (visits("RUN mkdir /app/data && chown -R {who} /app", "USER {who}"), VISITS),
            says="owner of everything",
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
            says="a name instead of the number",
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


@look("docker inspect --format '{{.State.Health.Status}}' {name}")
def health(lab: Lab) -> str:
    """The health of {name}; a first check that is still running is waited for."""
    container = lab.client.containers.get(lab.inspect("container", "{name}")["Id"])
    lab.wait(lambda: status(container) != "starting", seconds=3, every=0.1)
    return status(container)


@look("docker exec {name} mv /www /gone; watch docker ps")
def sick(lab: Lab) -> str:
    """What becomes of a copy of the container's image when its page is gone, within five seconds."""
    with lab.throwaway(lab.inspect("container", "{name}")["Image"]) as copy:
        if not lab.wait(lambda: status(copy) == "healthy", seconds=3, every=0.1):
            return f"{status(copy)} from the start"
        lab.execute(copy.id, ["mv", "/www", "/gone"])
        lab.wait(lambda: status(copy) != "healthy", seconds=5, every=0.1)
        return status(copy)


def slow(lab: Lab) -> bool:
    """Whether the image's own health check needs five seconds or more to call it unhealthy. (0 is the default.)"""
    check = lab.inspect("image", lab.inspect("container", "{name}")["Image"])["Config"].get("Healthcheck") or {}
    return float((check.get("Interval") or 30e9) * (check.get("Retries") or 3)) >= 5e9


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
                        "interval times retries is five seconds or more; three failures in a row are needed unless "
                        "--retries says otherwise.",
                        lambda lab, value: value == "healthy" and slow(lab),
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
    solution=(
        checked_by("--interval=500ms --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/ || exit 1"),
        SHOP,
        START,
        WELL,
    ),
    wrong=(
        Wrong("always well", (checked_by("--interval=500ms CMD true"), SHOP, START), says="a check that looks away"),
        Wrong(
            "only the process",
            (checked_by("--interval=500ms --retries=2 CMD pidof httpd"), SHOP, START),
            says="a check that looks away",
        ),
        Wrong(
            "many slow retries",  # far too many: a slow machine is given more than five seconds
            (checked_by("--interval=1s --retries=40 CMD wget -q -O /dev/null http://127.0.0.1/"), SHOP, START, WELL),
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
                probes.run("{image}"),
                expect.contains("report {token}: the sum of 100000 squares is 333338333350000"),
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
    wrong=(
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


@look("docker run --rm {image}")
def licence(lab: Lab) -> str:
    expected = hashlib.sha256(str(lab.values["token"]).encode()).hexdigest()[:16]
    shown = probes.run("{image}").fetch(lab)
    return "the licence" if shown == f"exit 0: {expected}" else str(shown).strip()


def _blobs(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the archive's files, unpacked where they are packed; all are small here."""
    for member in archive:
        source: IO[bytes] | None = archive.extractfile(member) if member.isfile() else None
        if source is not None:
            content = source.read(20_000_000)
            yield member.name, gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


@look("docker save {image} | grep -ac '{token}'; docker history --no-trunc {image} | grep '{token}'")
def places(lab: Lab) -> str:
    """Where in the image's archive (image-spec: layers, configuration with history) the token is."""
    secret = str(lab.values["token"]).encode()
    found = set()
    with tempfile.TemporaryFile() as saved:
        for chunk in lab.client.api.get_image(lab.inspect("image", "{image}")["Id"]):
            saved.write(chunk)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            for _, content in _blobs(archive):
                if secret in content:
                    found.add("its configuration" if content[:1] == b"{" else "a layer")
    return " and ".join(sorted(found)) or "nowhere"


OF_NOTHING = hashlib.sha256(b"").hexdigest()[:16]  # what a RUN makes of a secret that was not there

SECRET = Exercise(
    id="05.7",
    title="A secret for the build alone",
    goal="The build in exercises/05.7 makes a licence from the token in token.txt, and whoever has the image `{image}` "
    "can read the token, too. Change the Dockerfile and the way it is built: `docker run --rm {image}` prints the same "
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
            "licence",
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
        ),
        Step(
            "secret",
            State(
                "the token is nowhere in {image}",
                places,
                expect.equals("nowhere"),
                mistakes=(
                    mistakes.seen_when(
                        "written into the history",
                        "`docker history --no-trunc {image}` shows arguments and variables of the build to everybody.",
                        lambda lab, value: "configuration" in value,
                    ),
                    mistakes.seen_when(
                        "copied, then removed",
                        "the layer of the COPY still holds the file; the later layer only hides it.",
                        lambda lab, value: "a layer" in value,
                    ),
                ),
            ),
            points=2,
            after="licence",
        ),
    ),
    solution=(licensed(FROM_SECRET), SECRETLY),
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
                probes.run("{image}"),
                expect.contains("built as version {version}"),
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
                probes.run("{image}"),
                expect.contains("running as version {version}"),
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
            State("the number is not in the Dockerfile", looks.file("Dockerfile"), expect.lacks("{version}")),
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
        Wrong("an option of run", ("docker run --rm -e RELEASE={version} {image}",), says="ARG above FROM"),
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
        "A Dockerfile copies `needs.txt`, installs what it names, then copies the source. Which change makes the next "
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
