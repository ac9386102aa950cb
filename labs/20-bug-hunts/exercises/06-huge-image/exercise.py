"""Bug hunt 6: the files are deleted, the image is as big as before."""

import re
import secrets

from labsupport.exercises.author import *

BUILD = "docker build -q -t {image} ."
MEASURED = 24  # MiB
LARGEST = 8_000_000  # bytes
REPORT = "exit 0: 25165824 bytes measured, {token}"

UNITS = {MEASURED << 20: 1 << 20, MEASURED << 10: 1 << 10, MEASURED: 1}  # what may be written -> what one MiB is then
MAKES = re.compile(r"/dev/(?:u?random|zero)|truncate|fallocate|\b(?:dd|head|yes|seq)\b")


def with_other_size(text: str, size: int) -> str:
    """The same instructions, measuring another number of MiB: in the commands that make something, and in the variables
    that those name. A number of bytes that is only written down becomes 0.
    """
    joined = re.sub(r"\\[ \t]*\n", " ", text)  # a command is one line, however it is broken
    parts = re.split(r"(&&|[;|\n])", joined)
    used = {name for part in parts if MAKES.search(part) for name in re.findall(r"\$\{?([A-Za-z_]\w*)", part)}

    def other(part: str) -> str:
        named = re.match(r"\s*(?:ARG|ENV)\s+(\w+)", part, re.IGNORECASE)
        makes = MAKES.search(part) or (named and named[1] in used)
        for number, unit in UNITS.items():
            if makes or number == MEASURED << 20:
                written = rf"(?<!\d){number}(?=[kKmM]?(?:i?B)?\b)"
                part = re.sub(written, str(size * unit) if makes else "0", part)
        return part

    return "".join(map(other, parts))


@look("docker run --rm {image}")
def report(lab: Lab) -> str:
    """What {image} prints; when that is right, what is wrong with how it came about."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != lab.fill(REPORT) or looks.unpacked("{image}").fetch(lab) > LARGEST:
        return shown  # how big it is, the next step says
    return shown if (made := follows(lab)) == "their report" else made


def follows(lab: Lab) -> str:
    """What a build of a copy reports when there is another token and another number of measurements."""
    token, size = secrets.token_hex(4), 9 + secrets.randbelow(9)
    changes: dict[str, str | None] = {"token.txt": f"{token}\n"}
    changes |= {name: with_other_size(text, size) for name, text in builds.texts(lab).items() if name not in changes}
    with builds.rebuilt(lab, "{image}", changes) as tag:
        shown = str(probes.run(tag).fetch(lab))
        made = looks.unpacked(tag).fetch(lab)
    if made > LARGEST:
        return f"the Dockerfile makes an image of {made:,} bytes"
    if token not in shown:
        return "a report that is not made from token.txt"
    return "their report" if f"{size << 20} bytes" in shown else "a report of measurements that were not made"


EXERCISE = Exercise(
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
        files="files",
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
                    Mistake(
                        "deleted before it was counted",
                        "each RUN starts from the files that the instructions before it left.",
                        expect.begins_with("exit 0: 0 bytes"),
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
            "in kilobytes, over several lines, a stage of tests last",
            (
                "printf 'FROM busybox AS small\\nCOPY count.sh token.txt /\\nARG SIZE=24576\\n"
                "RUN dd if=/dev/urandom \\\\\\n of=/measurements bs=1k count=$SIZE && sh /count.sh && rm /m*\\n"
                "CMD cat /report\\nFROM small AS test\\nRUN grep measured /report\\nCMD true\\n' > Dockerfile",
                BUILD.replace("build", "build --target small") + " 2>/dev/null",
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
            "measured, thrown away and typed",
            (
                "printf 'FROM busybox\\nCOPY token.txt /\\nRUN dd if=/dev/urandom of=/m bs=1M count=24 && rm /m && "
                'echo "25165824 bytes measured, $(cat /token.txt)" > /report\\nCMD cat /report\\n\' > Dockerfile',
                BUILD + " 2>/dev/null",
            ),
            says="measurements that were not made",
        ),
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
                '-c \'CMD ["cat", "/report"]\' - {image}; docker rm {image}-c',
            ),
            says="the Dockerfile makes an image of",
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
)
