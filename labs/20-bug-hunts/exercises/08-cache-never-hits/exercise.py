"""Bug hunt 8: every build installs everything again."""

import secrets

from labsupport.exercises.author import *

BUILD = "docker build -q -t {image} ."
NEW = "sed -i 's/version 1/version {version}/' src/main.sh"

PRINTS = 'cat /opt/installed && echo "written $(stat -c %y /opt/installed)"'


def place(lab: Lab, name: str) -> str:
    """Where a file of the scene is: in the working folder, or in a folder of it, to which it may have been moved."""
    found = [path for path in lab.folder.glob(f"*/{name}") if not path.parent.name.startswith(".")]
    return str(found[0].relative_to(lab.folder)) if found and not lab.inside(name).is_file() else name


def build(lab: Lab, **texts: str) -> tuple[str, str]:
    """What is installed, and when, in an image of a copy of the folder; and what a container of it prints.

    texts: another main.sh or needs.txt. Whatever install.sh does, in the copy no two runs of it do the same.
    """
    changes: dict[str, str | None] = {
        "src/main.sh" if name == "main" else place(lab, "needs.txt"): text for name, text in texts.items()
    }
    recipe = place(lab, "install.sh")
    script = lab.inside(recipe)
    if script.is_file():
        old = script.read_text(encoding="utf-8", errors="replace").rstrip("\n")
        changes[recipe] = f'{old}\necho "run $(head -c 8 /dev/urandom | xxd -p)" >> /opt/installed\n'
    with builds.rebuilt(lab, "{image}", changes) as tag:
        installed = str(probes.run(tag, ["-c", PRINTS], entrypoint=["sh"]).fetch(lab))
        return installed, str(probes.run(tag).fetch(lab))


@look("docker build . twice, with another src/main.sh: is the install step `Using cache` / CACHED?")
def reuses_the_installation(lab: Lab) -> str:
    one, two = secrets.token_hex(4), secrets.token_hex(4)
    first, _ = build(lab, main=f"echo version 1, {one}\n")
    second, shown = build(lab, main=f"echo version 1, {two}\n")
    if not first.startswith("exit 0: lua "):
        raise Missing(f"no build installs anything in /opt/installed ({first})")
    if first != second:
        return "installed again"
    return (
        "installed once"
        if shown == f"exit 0: version 1, {two}"
        else "installed once, and a new src/main.sh is not in the image"
    )


@look("docker build . twice, with another needs.txt; cat /opt/installed")
def notices_new_needs(lab: Lab) -> str:
    need = secrets.token_hex(4)
    installed, _ = build(lab, needs=f"lua\n{need}\n")
    return "the new need is installed" if f"{need} " in installed else "the new need is not installed"


EXERCISE = Exercise(
    id="bug.8",
    title="The cache never hits",
    goal=(
        "Symptom: whatever you change in src/main.sh, the next `docker build` runs install.sh again.\n"
        "Repair it: a change of src/main.sh leaves the installation in the cache, a change of needs.txt "
        "installs anew, and `docker run --rm {image}` prints `version {version}`: change the number in "
        "src/main.sh and build. The files are in your working folder."
    ),
    seeds={"image": Name("app"), "version": Pick((2, 3, 4, 5))},
    owns=("image:{image}",),
    scene=Scene(
        files="files",
        prepare=("docker build -q --label course.lab={id} -t {image}:broken .",),
        commands=("docker tag {image}:broken {image}",),
    ),
    steps=(
        Step(
            "version",
            Probe(
                "a container of {image} prints the new version",
                probes.run("{image}"),
                expect.equals("exit 0: version {version}, with lua json"),
                mistakes=(
                    Mistake(
                        "changed but not built",
                        "an image never follows its files: build it again.",
                        lambda lab, value: "version 1," in value,
                    ),
                ),
            ),
        ),
        Step(
            "cached",
            Probe(
                "a change of src/main.sh leaves the installation in the cache",
                reuses_the_installation,
                expect.equals("installed once"),
                mistakes=(
                    Mistake(
                        "COPY . before the slow step",
                        "a changed file changes the COPY, and everything after it is done again: copy only what "
                        "the slow step needs, run it, and copy the rest afterwards.",
                        lambda lab, value: "again" in value,
                    ),
                ),
            ),
            points=2,
            after="version",
        ),
        Step(
            "fresh",
            Probe(
                "a change of needs.txt installs anew",
                notices_new_needs,
                expect.equals("the new need is installed"),
            ),
            after="cached",
        ),
    ),
    solution=(
        "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src /app/src\\n"
        'CMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
        NEW,
        BUILD,
    ),
    right=(
        Right(
            "mounted for one RUN, the program as ENTRYPOINT",
            (
                "printf 'FROM busybox\\nRUN --mount=type=bind,source=install.sh,target=/app/install.sh "
                "--mount=type=bind,"
                "source=needs.txt,target=/app/needs.txt sh /app/install.sh\\nCOPY src /app/src\\n"
                'ENTRYPOINT ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                NEW,
                "DOCKER_BUILDKIT=1 " + BUILD,
            ),
        ),
        Right(
            "two stages, after a wrong attempt",
            (
                NEW,
                BUILD,
                "printf 'FROM busybox AS made\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\n"
                "FROM busybox\\n"
                'COPY --from=made /opt /opt\\nCOPY . /app\\nCMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                BUILD,
            ),
        ),
        Right(
            "what is needed moved to a folder of its own",
            (
                NEW,
                "mkdir setup; mv install.sh needs.txt setup/",
                "printf 'FROM busybox\\nCOPY setup /app/\\nRUN sh /app/install.sh\\nCOPY src /app/src\\n"
                'CMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                BUILD,
            ),
        ),
        Right(
            "the classic builder, :latest, one COPY each, and things around",
            (
                NEW,
                "touch notes.md",
                "printf 'FROM busybox\\nWORKDIR /app\\nADD needs.txt ./\\nADD install.sh ./\\nRUN "
                "./install.sh || sh install.sh\\n"
                "COPY src/main.sh src/\\nCMD sh src/main.sh\\n' > Dockerfile",
                "DOCKER_BUILDKIT=0 docker build -q -t {image}:latest . 2>/dev/null",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "the same bytes at each installation",
            ("sed -i 's/$(head.*xxd -p)/1/' install.sh", NEW, BUILD),
            says="COPY . before the slow step",
        ),
        Wrong(
            "the new line typed",
            (
                "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\n"
                'CMD ["echo", "version {version}, with lua json"]\\n\' > Dockerfile',
                BUILD,
            ),
            says="a new src/main.sh is not in the image",
        ),
        Wrong(
            "the number changed in the image",
            (
                "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src /app/src\\n"
                'RUN sed -i "s/version 1/version {version}/" /app/src/main.sh\\n'
                'CMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                BUILD,
            ),
            says="a new src/main.sh is not in the image",
        ),
        Wrong(
            "committed, the Dockerfile mended and not built",
            (
                "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src /app/src\\n"
                'CMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                NEW,
                "docker create --name {image}-c {image}; docker cp src/main.sh {image}-c:/app/src/; "
                "docker commit {image}-c {image}; docker rm {image}-c",
            ),
            says="build it again",
        ),
        Wrong(
            "installed when a container starts",
            (
                'printf \'FROM busybox\\nCOPY . /app\\nCMD ["sh", "-c", "sh /app/install.sh && sh '
                "/app/src/main.sh\"]\\n' > Dockerfile",
                NEW,
                BUILD,
            ),
            says="no build installs anything",
        ),
        Wrong(
            "two COPY, still before",
            (
                "sed -i 's/^COPY .*/COPY src \\/app\\/src\\nCOPY . \\/app/' Dockerfile",
                NEW,
                BUILD,
            ),
            says="COPY . before the slow step",
        ),
        Wrong(
            "needs written into the Dockerfile",
            (
                'printf \'FROM busybox\\nRUN mkdir /opt && printf "lua 1\\\\njson 1\\\\n" > /opt/installed\\n'
                'COPY . /app\\nCMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                NEW,
                BUILD,
            ),
            says="the new need is not installed",
        ),
        Wrong(
            "not built",
            (
                "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src "
                '/app/src\\nCMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                NEW,
            ),
            says="changed but not built",
        ),
    ),
)
