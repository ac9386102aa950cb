"""Bug hunt 7: a secret that was removed, and can be read by everyone who has the image."""

import hashlib
import secrets

from labsupport.exercises.author import *

BUILD = "docker build -q -t {image} ."

in_image = leaks.holding("{image}", "token")


def of(token: str) -> str:
    """The licence that belongs to a token."""
    return hashlib.sha256(f"{token}\n".encode()).hexdigest()[:16]


@look("docker run --rm {image}")
def licence(lab: Lab) -> bool | str:
    """True when a container of the image prints the licence of the token, and a build with another one that one's."""
    shown = str(probes.run("{image}").fetch(lab))
    if shown != f"exit 0: {of(str(lab.values['token']))}":
        return shown
    if in_image.fetch(lab):
        return True  # where it is, the next steps say
    other = "k" + secrets.token_hex(7)
    with builds.rebuilt(lab, "{image}", {"token.txt": f"{other}\n"}, hand="token.txt") as tag:
        again = probes.run(tag).fetch(lab)
        told = leaks.search(lab, tag, other)
    if again != f"exit 0: {of(other)}":
        return "a licence that does not come from token.txt"
    return f"a build of the Dockerfile holds its token in {told[0]}" if told else True


EXERCISE = Exercise(
    id="bug.7",
    title="The secret that was removed",
    goal=(
        "Symptom: the Dockerfile removes the token it needs while building, and a stranger who got the image "
        "{image} knows the token nevertheless.\n"
        "Repair the Dockerfile: `docker run --rm {image}` still prints the licence (made from token.txt by the "
        "build), and the token is in no layer of {image} and nowhere in its configuration or history. The files "
        "are in your working folder."
    ),
    seeds={"image": Name("licence"), "token": Token(16)},
    owns=("image:{image}",),
    scene=Scene(
        files="files",
        prepare=("echo {token} > token.txt", "docker build -q --label course.lab={id} -t {image}:broken ."),
        commands=("echo {token} > token.txt", "docker tag {image}:broken {image}"),
    ),
    steps=(
        Step(
            "layers",
            Probe("a container of {image} prints the licence", licence, expect.true("the licence of your token")),
            State(
                "no layer of {image} holds the token",
                in_image.then(lambda places: [each for each in places if each.startswith("/")]),
                expect.absent(),
                mistakes=(
                    mistakes.removed_in_a_later_layer("{image}"),
                    Mistake(
                        "the token is in a file of the image",
                        "as it is, packed or in another writing: what is in the final image, everybody has.",
                        expect.present(),
                    ),
                ),
            ),
            points=3,
        ),
        Step(
            "configuration",
            State(
                "the token is not in the configuration or history of {image}",
                in_image.then(lambda places: [each for each in places if not each.startswith("/")]),
                expect.absent(),
                mistakes=(
                    Mistake(
                        "secret in ARG or ENV",
                        "build arguments and variables are written into the image's history and configuration.",
                        expect.present(),
                    ),
                ),
            ),
            after="layers",
        ),
    ),
    solution=(
        "printf 'FROM busybox AS build\\nCOPY token.txt /tmp/\\nRUN sha256sum < /tmp/token.txt | cut -c 1-16 > "
        '/licence\\nFROM busybox\\nCOPY --from=build /licence /licence\\nCMD ["cat", "/licence"]\\n\' > '
        "Dockerfile",
        BUILD,
    ),
    untouched_says="/tmp/token.txt",
    right=(
        Right(
            "mounted for one RUN",
            (
                "printf 'FROM busybox\\nRUN --mount=type=secret,id=t,target=/t sha256sum < /t | cut -c 1-16 > "
                '/licence\\nCMD ["cat", "/licence"]\\n\' > Dockerfile',
                "DOCKER_BUILDKIT=1 docker build -q --no-cache --secret id=t,src=token.txt -t {image}:latest .",
            ),
        ),
        Right(
            "the folder mounted, the program as ENTRYPOINT, in a file of another name",
            (
                "printf 'FROM busybox\\nRUN --mount=type=bind,target=/in sha256sum < /in/token.txt | cut -c "
                "1-16 > "
                '/licence\\nENTRYPOINT ["cat", "/licence"]\\n\' > safe.Dockerfile',
                "DOCKER_BUILDKIT=1 docker build -q -f safe.Dockerfile -t {image} .",
            ),
        ),
        Right(
            "an argument of a stage that is left behind, after a wrong attempt",
            (
                "sed -i '/^RUN rm/d' Dockerfile",
                BUILD,
                'printf \'FROM busybox AS made\\nARG TOKEN\\nRUN echo "$TOKEN" | sha256sum | cut -c 1-16 > '
                "/licence\\n"
                "FROM busybox\\nCOPY --from=made /licence /\\nCMD cat /licence\\n' > Dockerfile",
                "docker build -q --build-arg TOKEN=$(cat token.txt) -t {image} . 2>/dev/null",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "packed, and kept",
            (
                "printf 'FROM busybox AS made\\nCOPY token.txt /\\nRUN sha256sum < /token.txt | cut -c 1-16 > "
                "/licence && gzip /token.txt\\nFROM busybox\\nCOPY --from=made /licence /token.txt.gz /\\n"
                'CMD ["cat", "/licence"]\\n\' > Dockerfile',
                BUILD,
            ),
            says="/token.txt.gz",
        ),
        Wrong(
            "written in base64",
            (
                "printf 'FROM busybox\\nRUN --mount=type=bind,target=/in sha256sum < /in/token.txt | cut -c "
                "1-16 > "
                '/licence; { echo ab; cat /in/token.txt; } | base64 > /key\\nCMD ["cat", "/licence"]\\n\' > '
                "Dockerfile",
                "DOCKER_BUILDKIT=1 " + BUILD,
            ),
            says="/key",
        ),
        Wrong(
            "the licence typed",
            (
                'printf \'FROM busybox\\nCMD ["echo", "%s"]\\n\' $(sha256sum < token.txt | cut -c 1-16) > Dockerfile',
                BUILD,
            ),
            says="does not come from token.txt",
        ),
        Wrong(
            "flattened, the Dockerfile as it was",
            (
                "docker run --name {image}-c {image}:broken true; docker export {image}-c | docker import "
                '-c \'CMD ["cat", "/licence"]\' - {image}; docker rm {image}-c',
            ),
            says="build it again",
        ),
        Wrong(
            "removed once more",
            ("printf 'FROM {image}:broken\\nRUN rm -rf /tmp/*\\n' > Dockerfile", BUILD),
            says="rm in a later layer",
        ),
        Wrong(
            "as a build argument",
            (
                'printf \'FROM busybox\\nARG TOKEN\\nRUN echo "$TOKEN" | sha256sum | cut -c 1-16 > /licence\\n'
                'CMD ["cat", "/licence"]\\n\' > Dockerfile',
                "docker build -q --build-arg TOKEN={token} -t {image} .",
            ),
            says="secret in ARG or ENV",
        ),
        Wrong(
            "as a variable",
            (
                'printf \'FROM busybox\\nENV TOKEN={token}\\nRUN echo "$TOKEN" | sha256sum | cut -c 1-16 > '
                '/licence\\nCMD ["cat", "/licence"]\\n\' > Dockerfile',
                BUILD,
            ),
            says="its configuration",
        ),
        Wrong(
            "without the token",
            (
                "sed -i '/COPY/d; s/^RUN sha.*/RUN echo none > \\/licence/; /^RUN rm/d' Dockerfile",
                BUILD,
            ),
            says="the licence of your token",
        ),
    ),
)
