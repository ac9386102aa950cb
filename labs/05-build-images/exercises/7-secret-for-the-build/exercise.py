"""05.7 A secret for the build alone."""

import hashlib
import re
import secrets
from typing import Any

from labsupport.exercises.author import *

from ...shared import whole_file

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
        told = leaks.search(lab, tag, other)
    if again != f"exit 0: {of(other)}":
        return "a licence that does not come from token.txt"
    return f"a build of the Dockerfile holds its token in {told[0]}" if told else "the licence"


def not_built(lab: Lab, _: Any) -> bool:
    """The image is still the scene's own, and the Dockerfile is another."""
    known = (lab.made or {}).get("image", {}).get(lab.fill("{image}"))
    return (
        bool(known)
        and known == lab.inspect("image", "{image}")["Id"]
        and "TOKEN" not in lab.folder.joinpath("Dockerfile").read_text(encoding="utf-8")
    )


OF_NOTHING = hashlib.sha256(b"").hexdigest()[:16]  # what a RUN makes of a secret that was not there

EXERCISE = Exercise(
    id="05.7",
    title="A secret for the build alone",
    goal="The build in exercises/05.7 makes a licence from the token in token.txt, and whoever has the image `{image}` "
    "can read the token, too. Change the Dockerfile and the way it is built: `docker run --rm {image}` prints "
    "the same "
    "licence, and no layer and no configuration of the image holds the token.",
    seeds={"image": Name("pass"), "token": Token(16)},
    scene=Scene(
        files="files",
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
                    Mistake(
                        "no secret in the build",
                        "without `--secret id=token,src=token.txt` there is no /run/secrets/token, and `sha256sum` "
                        "had nothing to read. And what was built so comes from the cache the next time, with the "
                        "secret or without: build with `--no-cache`, too.",
                        lambda lab, value: value in ("exit 0:", f"exit 0: {OF_NOTHING}"),
                    ),
                    Mistake(
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
                    Mistake(
                        "still the image of the start",
                        "no build of your Dockerfile has ended well: without `--secret id=token,src=token.txt` "
                        "there is no "
                        "/run/secrets/token.",
                        not_built,
                    ),
                    Mistake(
                        "written into the history",
                        "`docker history --no-trunc {image}` shows arguments and variables of the build to everybody.",
                        lambda lab, value: "configuration" in value,
                    ),
                    Mistake(
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
                    Mistake(
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
            "flattened, the Dockerfile as it was",
            (
                "docker run --name {image}-c {image} true; docker export {image}-c | docker import "
                '-c \'CMD ["cat", "/licence"]\' - {image}; docker rm {image}-c',
            ),
            says="build it again",
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
            "the secret comes late, and the cache has the result without it",
            (licensed(FROM_SECRET), ANEW, SECRETLY.replace(" --no-cache", "")),
            says="build with `--no-cache`, too",
        ),
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
