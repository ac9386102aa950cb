"""Bug hunt 6: the files are deleted, the image is as big as before."""

import re
import secrets

from labsupport.exercises import (
    Exercise,
    Lab,
    Name,
    Probe,
    Right,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    builds,
    expect,
    look,
    looks,
    mistakes,
    probes,
)

BUILD = "docker build -q -t {image} ."
MEASURED = 24  # MiB
LARGEST = 8_000_000  # bytes
REPORT = "exit 0: 25165824 bytes measured, {token}"


def with_other_size(text: str, size: int) -> str:
    """The same instructions, measuring another number of MiB. A number that is only written down becomes 0."""
    lines = []
    for line in text.splitlines(keepends=True):
        makes = re.search("/dev/|truncate|fallocate", line) is not None
        number = str(size << 20) if makes else "0"
        line = re.sub(rf"(?<!\d){MEASURED << 20}(?!\d)", number, line)
        if makes:
            line = re.sub(rf"(?<!\d){MEASURED}(?=[Mm]?\b)", str(size), line)
        lines.append(line)
    return "".join(lines)


@look("docker run --rm {image}")
def report(lab: Lab) -> str:
    """What {image} prints; when that is right, what is wrong with how it came about."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != lab.fill(REPORT) or looks.unpacked("{image}").fetch(lab) > LARGEST:
        return shown  # how big it is, the next step says
    return shown if (made := follows(lab)) == "their report" else made


def follows(lab: Lab) -> str:
    """What a build of a copy reports when there is another token and another number of measurements."""
    token, size = secrets.token_hex(4), 3 + secrets.randbelow(9)
    changes: dict[str, str | None] = {"token.txt": f"{token}\n"}
    for path in lab.folder.iterdir():
        if path.is_file() and path.stat().st_size < 100_000 and path.name != "token.txt":
            old = lab.inside(path.name).read_text(encoding="utf-8", errors="replace")
            if (new := with_other_size(old, size)) != old:
                changes[path.name] = new
    with builds.rebuilt(lab, "{image}", changes) as tag:
        shown = str(probes.run(tag).fetch(lab))
    if token not in shown:
        return "a report that is not made from token.txt"
    return "their report" if f"{size << 20} bytes" in shown else "a report of measurements that were not made"


EXERCISES = (
    Exercise(
        id="bug.6",
        title="Deleted, and still there",
        goal=(
            "Symptom: the Dockerfile deletes its 24 MB of measurements, no container of {image} shows them, and the "
            "image has more than 24 MB all the same.\n"
            "Repair the Dockerfile: {image}, built by it, has less than 8 MB and `docker run --rm {image}` still "
            "prints the report. The files are in your working folder."
        ),
        seeds={"image": Name("report"), "token": Token()},
        owns=("image:{image}",),
        scene=Scene(
            prepare=("echo {token} > token.txt", "docker build -q --label course.lab={id} -t {image}:broken ."),
            commands=("echo {token} > token.txt", "docker tag {image}:broken {image}"),
        ),
        steps=(
            Step(
                "small",
                Probe(
                    "a container of {image} prints the report",
                    report,
                    expect.equals(REPORT),
                    mistakes=(
                        mistakes.seen_when(
                            "deleted before it was counted",
                            "each RUN starts from the files that the instructions before it left.",
                            lambda lab, value: value.startswith("exit 0: 0 bytes"),
                        ),
                    ),
                ),
                State(
                    "{image} is small",
                    looks.unpacked("{image}"),
                    expect.at_most("8 MB"),
                    mistakes=(mistakes.removed_in_a_later_layer("{image}"),),
                ),
                points=3,
            ),
        ),
        solution=(
            "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN dd if=/dev/urandom of=/measurements bs=1M "
            "count=24 "
            '&& sh /count.sh && rm /measurements\\nCMD ["cat", "/report"]\\n\' > Dockerfile',
            BUILD,
        ),
        right=(
            Right(
                "two stages, and more things around",
                (
                    "touch notes.md && docker create --label course.lab=bug.6 busybox",
                    "sed -i -e '1s/$/ AS made/' -e '/^RUN rm/s/.*/FROM busybox\\nCOPY --from=made \\/report "
                    "\\//' Dockerfile",
                    BUILD,
                ),
            ),
            Right(
                "with a pipe, by the classic builder, :latest",
                (
                    "printf 'FROM busybox\\nCOPY token.txt /\\nRUN echo \"$(head -c 24m /dev/urandom | wc -c) bytes "
                    'measured, $(cat /token.txt)" > /report\\nENTRYPOINT ["cat", "/report"]\\n\' > Dockerfile',
                    "DOCKER_BUILDKIT=0 docker build -q -t {image}:latest . 2>/dev/null",
                ),
            ),
            Right(
                "the script removes what it read, in a file of another name",
                (
                    BUILD,
                    "echo 'rm /measurements' >> count.sh",
                    "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN dd if=/dev/urandom of=/measurements "
                    "bs=1M count=24 "
                    "&& sh /count.sh\\nCMD cat /report\\n' > small.Dockerfile",
                    "docker build -q -f small.Dockerfile -t {image} . 2>/dev/null",
                ),
            ),
        ),
        wrong=(
            Wrong(
                "a report that was typed",
                (
                    'printf \'FROM busybox\\nCMD ["echo", "25165824 bytes measured, {token}"]\\n\' > Dockerfile',
                    BUILD,
                ),
                says="build it again",
            ),
            Wrong(
                "nothing measured",
                (
                    "printf 'FROM busybox\\nCOPY token.txt /\\nRUN echo \"25165824 bytes measured, $(cat "
                    '/token.txt)" '
                    '> /report\\nCMD ["cat", "/report"]\\n\' > Dockerfile',
                    BUILD,
                ),
                says="measurements that were not made",
            ),
            Wrong(
                "flattened, the Dockerfile as it was",
                (
                    "docker create --name {image}-c {image}:broken; docker export {image}-c | docker import "
                    "-c 'CMD [\"cat\", \"/report\"]' -c 'ENV A=b' -c 'WORKDIR /srv' - {image}; docker rm {image}-c",
                ),
                says="build it again",
            ),
            Wrong(
                "deleted once more",
                ("printf 'FROM {image}:broken\\nRUN rm -rf /measurements /tmp/*\\n' > Dockerfile", BUILD),
                says="rm in a later layer",
            ),
            Wrong(
                "committed after deleting",
                (
                    "docker run --name {image}-c {image} rm -f /measurements",
                    'docker commit -c \'CMD ["cat", "/report"]\' {image}-c {image}',
                    "docker rm {image}-c",
                ),
                says="at most 8.0 MB",
            ),
            Wrong(
                "no measurements",
                ("sed -i '/dd if/d' Dockerfile", BUILD.replace("build", "build --no-cache") + " || docker rmi {image}"),
                says="there is no image called",
            ),
            Wrong(
                "deleted before the count",
                (
                    "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN dd if=/dev/urandom of=/measurements "
                    "bs=1M "
                    "count=24 && rm /measurements && touch /measurements && sh /count.sh\\n"
                    'CMD ["cat", "/report"]\\n\' > Dockerfile',
                    BUILD,
                ),
                says="deleted before it was counted",
            ),
        ),
    ),
)
