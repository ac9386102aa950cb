"""Bug hunt 6: the files are deleted, the image is as big as before."""

import re
import secrets

from labsupport.exercises.author import *

BUILD = "docker build -q -t {image} ."
MEASURED = 24  # MiB
LARGEST = 8_000_000  # bytes
REPORT = "exit 0: 25165824 bytes measured, {token}"

UNITS = {MEASURED << 20: 1 << 20, MEASURED << 10: 1 << 10, MEASURED: 1}  # what may be written -> what one MiB is then
MAKES = re.compile(r"/dev/(?:u?random|zero)|truncate|fallocate|\b(?:dd|yes|seq)\b|\bhead\s+-c")
FACTORS = {"": 1, "k": 1 << 10, "ki": 1 << 10, "m": 1 << 20, "mi": 1 << 20, "g": 1 << 30, "gi": 1 << 30}
NUMBER = r"(\d+)([kKmMgG]?i?)B?\b"
ARITHMETIC = r"\$\(\((?:[\d\s*<]|\([\d\s*<]*\))+\)\)"  # 24 * (1 << 20)
SET = re.compile(rf"(?:^|[\s;&])(\w+)=[\"']?(\d\w*|{ARITHMETIC})", re.MULTILINE)


def with_other_size(text: str, size: int, known: dict[str, str] | None = None) -> str:
    """The same instructions, measuring another number of MiB: in the commands that make something, and in what they
    take from variables (known: those that other files set). A number of bytes that is only written down becomes 0.
    """
    joined = re.sub(r"\\[ \t]*\n", " ", text)  # a command is one line, however it is broken
    known = {**(known or {}), **dict(SET.findall(joined))}

    def other(piece: str) -> str:
        makes = MAKES.search(piece)
        if makes:
            piece = re.sub(r"\$\{?(\w+)\}?", lambda found: known.get(found[1], found[0]), piece)
            piece = _blocks(re.sub(ARITHMETIC, _summed, piece), size)
        for number, unit in UNITS.items():
            if makes or number == MEASURED << 20:
                written = rf"(?<!\d){number}(?=[kKmM]?(?:i?B)?\b)"
                piece = re.sub(written, str(size * unit) if makes else "0", piece)
        return piece

    return "".join(map(other, _pieces(joined)))


def _pieces(text: str) -> list[str]:
    """The commands, and apart from each what is handed into it: `$(...)`."""
    found = [""]
    for token in re.findall(rf"{ARITHMETIC}|\$\(|&&|[)|;\n]|.", text, re.DOTALL):
        if token == "$(":
            found.append("")
        found[-1] += token
        if token in ("&&", ")", "|", ";", "\n"):
            found.append("")
    return found


def _summed(found: re.Match[str]) -> str:
    """What `$((24 * 1024 * 1024))` or `$((24 << 20))` is; the text where it is something else."""
    total = 1
    try:
        for factor in re.sub(r"[$()]", "", found[0]).split("*"):
            base, *shifts = map(int, factor.split("<<"))
            total *= base << sum(shifts)
    except ValueError:
        return found[0]
    return str(total)


def _blocks(piece: str, size: int) -> str:
    """dd's blocks, where they are 24 MiB together."""
    block, count = (re.search(rf"\b{name}=[\"']?{NUMBER}", piece) for name in ("bs", "count"))
    if count is None or not re.search(r"\bdd\b", piece):
        return piece
    each = int(block[1]) * FACTORS[block[2].lower()] if block else 512
    if each * int(count[1]) * FACTORS[count[2].lower()] != MEASURED << 20:
        return piece
    piece = piece.replace(count[0], f"count={size}" if block else f"count={size} bs=1M")
    return piece.replace(block[0], "bs=1M") if block else piece


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
    texts = builds.texts(lab)
    known = dict(SET.findall("\n".join(texts.values())))
    changes |= {name: with_other_size(text, size, known) for name, text in texts.items() if name not in changes}
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
            "in blocks of four, in a folder's Dockerfile",
            (
                "mkdir -p small; sed -e '/^RUN dd/s/bs=1M count=24/bs=4M count=6/; /^RUN dd/s/$/ \\&\\& sh "
                "\\/count.sh \\&\\& rm \\/m*/' -e '/^RUN sh/d; /^RUN rm/d' Dockerfile > small/Dockerfile",
                "docker build -q -f small/Dockerfile -t {image} . 2>/dev/null",
            ),
        ),
        Right(
            "a variable, reckoned",
            (
                "printf 'FROM busybox\\nCOPY count.sh token.txt /\\nRUN SIZE=$((24 * 1024 * 1024)); head -c $SIZE "
                "/dev/urandom > /measurements; sh /count.sh; rm /measurements\\nCMD cat /report\\n' > Dockerfile",
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
            "measured, thrown away and typed",
            (
                "printf 'FROM busybox\\nCOPY token.txt /\\nRUN dd if=/dev/urandom of=/m bs=1M count=24 && rm /m && "
                'echo "25165824 bytes measured, $(cat /token.txt)" > /report\\nCMD cat /report\\n\' > Dockerfile',
                BUILD + " 2>/dev/null",
            ),
            says="measurements that were not made",
        ),
        Wrong(
            "reckoned, with the token's head",
            (
                "printf 'FROM busybox\\nCOPY token.txt /\\nRUN echo \"$((24 * 1024 * 1024)) bytes measured, "
                "$(head -n 1 /token.txt)\" > /report\\nCMD cat /report\\n' > Dockerfile",
                BUILD,
            ),
            says="measurements that were not made",
        ),
        Wrong(
            "flattened, the Dockerfile mended and not built",
            (
                "sed -i -e '/^RUN dd/s/$/ \\&\\& sh \\/count.sh \\&\\& rm \\/m*/' -e '/^RUN sh/d; /^RUN rm/d' "
                "Dockerfile",
                "docker create --name {image}-c {image}:broken; docker export {image}-c | docker import "
                '-c \'CMD ["cat", "/report"]\' - {image}; docker rm {image}-c',
            ),
            says="build it again",
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
)
