"""01.1 A hand-over to repair."""

import io
import secrets
import tarfile
from pathlib import Path
from typing import Any

import requests

from labsupport import pace
from labsupport.exercises.author import *

PROGRAM = (Path(__file__).parent / "files" / "totals.lua").read_text(encoding="utf-8")


def _places(lab: Lab, image: str, text: str) -> list[str]:
    """The paths of the files in an image that hold this text and nothing else."""
    wanted, found = text.encode(), []
    with lab.throwaway(lab.fill(image), ["true"], started=False) as box:
        packed = io.BytesIO(b"".join(box.export()))
    with tarfile.open(fileobj=packed) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() and member.size == len(wanted) else None
            if source is not None and source.read() == wanted:
                found.append("/" + member.name)
    return found


def _said(lab: Lab, image: str, **options: Any) -> str:
    """`exit 0: OUTPUT` of a throwaway container of the image."""
    with lab.throwaway(image, **options) as box:
        try:
            code = box.wait(timeout=pace.seconds(20))["StatusCode"]
        except requests.exceptions.RequestException:
            return "still running after 20 s"
        return f"exit {code}: {bytes(box.logs()).decode(errors='replace').strip()}"


@look("docker run --rm {name} cat /srv/totals.lua")
def program(lab: Lab) -> str:
    """Whether it is the colleague's program that a container runs: another in its place must be run instead of it."""
    lab.inspect("image", "{name}")
    places = _places(lab, "{name}", PROGRAM)
    if not places:
        return "a program that is another"
    token = secrets.token_hex(4)
    other = f'print("{token}" .. 7 // 2)\n'
    said = _said(lab, lab.fill("{name}"), files=dict.fromkeys(places, other))
    return "as it was" if said == f"exit 0: {token}3" else "there, but it is not what runs"


@look("docker build -t {name} . && docker run --rm {name}")
def another_order(lab: Lab) -> str:
    """What an image prints that is built from the Dockerfile as it is, and from an order that nobody has seen."""
    name, prices = secrets.token_hex(4), [20 + secrets.randbelow(80) for _ in range(3)]
    text = "\n".join([f"order {name}", *map(str, prices)]) + "\n"
    total = sum(prices)
    orders = [str(path.relative_to(lab.folder)) for path in lab.folder.rglob("order.txt")]
    with builds.built(lab, dict.fromkeys(orders, text)) as image:
        said = _said(lab, image)
    right = f"exit 0: order {name}: {total}, each pays {total // 2}, left over {total % 2}"
    return "its total" if said == right else said


BUILD = "docker build -q -t {name} --label course.lab=01.1 ."
USE_54 = "sed -i 's/lua:5.1/lua:5.4/' Dockerfile"
COPY_ORDER = "sed -i 's/^COPY .*/COPY totals.lua order.txt \\/srv\\//' Dockerfile"

EXERCISE = Exercise(
    id="01.1",
    title="A hand-over to repair",
    goal="A colleague left `totals.lua`, an order and a Dockerfile in the folder exercises/01.1. The image built "
         "from it does not work. Repair the Dockerfile (not the program), and build it as the image `{name}`: "
         "`docker run --rm {name}` must print the total of the order.",
    seeds={"name": Name("totals"), "token": Token()},
    scene=Scene(files="files", commands=("printf '%s\\n' 'order {token}' 30 12 7 > order.txt",)),
    owns=("image:{name}",),
    steps=(
        Step("works",
             Probe("{name} prints the total", probes.run("{name}"),
                   expect.equals("exit 0: order {token}: 49, each pays 24, left over 1"), mistakes=(
                       Mistake(
                           "still Lua 5.1",
                           "`//` came with Lua 5.3; the first line of the Dockerfile says which Lua is in the image.",
                           lambda lab, value: "unexpected symbol" in value),
                       Mistake(
                           "a file is not in the image",
                           "a container sees the files of its image, not those of your folder: COPY each one it needs.",
                           lambda lab, value: "order.txt" in value or "cannot open" in value),
                   )),
             Probe("the program is as it was", program, expect.equals("as it was"), mistakes=(
                 Mistake(
                     "the program was changed",
                     "it is the image that lacks the right Lua; programs should not be bent to fit a server.",
                     lambda lab, value: "another" in value),
                 Mistake(
                     "the total does not come from the program",
                     "with another order it would be wrong: the container is to run totals.lua.",
                     lambda lab, value: "not what runs" in value))),
             Probe("the Dockerfile makes an image for any order", another_order, expect.equals("its total"), mistakes=(
                 Mistake(
                     "the Dockerfile is not repaired",
                     "the image {name} works, and was not built from the Dockerfile as it is now."),)),
             points=2),
    ),
    solution=(USE_54, COPY_ORDER, BUILD),
    right=(
        Right("an ENTRYPOINT", (BUILD, USE_54, COPY_ORDER, "sed -i 's/^CMD/ENTRYPOINT/' Dockerfile", BUILD)),
        Right("all copied, by the classic builder", (
            "printf 'FROM lua:5.4\\nWORKDIR /srv\\nCOPY . .\\nCMD lua totals.lua\\n' > Dockerfile",
            BUILD.replace("docker", "DOCKER_BUILDKIT=0 docker", 1).replace("{name}", "{name}:latest"))),
        Right("the program elsewhere, in two stages", (
            "printf 'FROM lua:5.4 AS files\\nCOPY . /all/\\nFROM lua:5.4\\nCOPY --from=files /all/totals.lua /app/\\n"
            "COPY order.txt /srv/order.txt\\nENTRYPOINT [\"lua\"]\\nCMD [\"/app/totals.lua\"]\\n' > Dockerfile",
            BUILD)),
    ),
    wrong=(
        Wrong("built as it was", (BUILD,), says="still Lua 5.1"),
        Wrong("changed only the base", (USE_54, BUILD), says="a file is not in the image"),
        Wrong("rewrote the program", (COPY_ORDER, "sed -i 's/total .. 2/math.floor(total \\/ 2)/' totals.lua", BUILD),
              says="the program was changed"),
        Wrong("rewrote it, the old line a comment", (
            COPY_ORDER, "sed -i 's/total .. 2/math.floor(total \\/ 2)/' totals.lua; echo '-- total // 2' >> totals.lua",
            BUILD), says="the program was changed"),
        Wrong("rewrote it in the image", (
            COPY_ORDER,
            "sed -i '/^COPY/a RUN sed -i \"s|total // 2|math.floor(total / 2)|\" /srv/totals.lua' Dockerfile",
            BUILD),
            says="the program was changed"),
        Wrong("prints what is expected", (
            USE_54, COPY_ORDER, "sed -i '$d' Dockerfile",
            "echo 'CMD echo \"order {token}: 49, each pays 24, left over 1\"' >> Dockerfile", BUILD),
            says="the total does not come from the program"),
        Wrong("an order of its own", (USE_54, COPY_ORDER, "printf 'order x\\n49\\n' > order.txt", BUILD),
              says="prints the total"),
        Wrong("from another Dockerfile", (
            "cp Dockerfile Mine; sed -i 's/lua:5.1/lua:5.4/; s/^COPY .*/COPY totals.lua order.txt \\/srv\\//' Mine",
            BUILD + " -f Mine"), says="the Dockerfile is not repaired"),
        Wrong("repaired, never built", (USE_54, COPY_ORDER), says="there is no image called"),
    ),
    minutes=8,
)  # fmt: skip
