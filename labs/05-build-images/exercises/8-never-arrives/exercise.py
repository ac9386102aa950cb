"""05.8 The version that never arrives."""

import re
import secrets

from labsupport.exercises.author import *

from ...shared import printed, whole_file

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


TOO_EARLY = Mistake(
    "ARG above FROM",
    "an ARG above the first FROM serves the FROM lines only; a stage that wants it says `ARG VERSION` again.",
    lambda lab, value: declared_too_early(lab),
)

EXERCISE = Exercise(
    id="05.8",
    title="The version that never arrives",
    goal="Symptom: the image `{image}` was built from exercises/05.8 with `--build-arg VERSION={version}`, without a "
    "word of complaint, and `docker run --rm {image}` prints `built as version` and `running as version` with "
    "nothing behind them.\n"
    "Repair the Dockerfile: built with that option, both lines end in {version}. The number is not written in the "
    "Dockerfile; it comes from the option.",
    seeds={"image": Name("release"), "version": Pick((23, 31, 47, 52, 68))},
    scene=Scene(
        files="files",
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
                    Mistake(
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
                    Mistake(
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
