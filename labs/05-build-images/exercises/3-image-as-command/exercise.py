"""05.3 An image that is a command."""

import re
import secrets

from labsupport.exercises.author import *

from ...shared import whole_file

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


EXERCISE = Exercise(
    id="05.3",
    title="An image that is a command",
    goal="The folder exercises/05.3 holds `rows.lua` and no Dockerfile. Write one, FROM lua:5.4, and build `{image}`:\n"
    "`docker run --rm {image}` prints the row of {number}, `docker run --rm {image} 4` that of 4, "
    "`docker run --rm {image} 4 9` both. No shell stands between the engine and lua.",
    seeds={"image": Name("rows"), "number": Pick((6, 7, 8, 12))},
    scene=Scene(files="files"),
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
                    Mistake(
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
                    Mistake(
                        "CMD replaced by the arguments",
                        "what stands behind the image's name takes the place of CMD, program and all; "
                        "it is added to ENTRYPOINT.",
                        lambda lab, value: not lab.inspect("image", "{image}")["Config"].get("Entrypoint"),
                    ),
                    Mistake(
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
