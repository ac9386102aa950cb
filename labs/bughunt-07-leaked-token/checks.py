"""Bug hunt 7: a secret that was removed, and can be read by everyone who has the image."""

import hashlib
import json
import tarfile
import tempfile

from labsupport.exercises import (
    Exercise,
    Lab,
    Name,
    Probe,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    mistakes,
    probes,
)

BUILD = "docker build -q -t {image} ."


@look("docker save {image} | tar -x, then search its layers")
def places_in_layers(lab: Lab) -> list[str]:
    """The files, over all layers of the image, that hold the token."""
    secret = str(lab.values["token"]).encode()
    image = lab.inspect("image", "{image}")["Id"]  # a name without a tag would save all its tags
    found: set[str] = set()
    with tempfile.TemporaryFile() as saved:
        for chunk in lab.client.api.get_image(image):
            saved.write(chunk)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            manifest = archive.extractfile("manifest.json")
            layers = json.load(manifest)[0]["Layers"] if manifest else []
            for layer in layers:
                blob = archive.extractfile(layer)
                if blob is None:
                    continue
                with tarfile.open(fileobj=blob) as files:
                    for member in files:
                        source = files.extractfile(member) if member.isfile() and member.size < 100_000 else None
                        if source is not None and secret in source.read():
                            found.add("/" + member.name.removeprefix("./"))
    return sorted(found)


@look("docker history --no-trunc {image}; docker image inspect {image} --format '{{json .Config}}'")
def places_in_configuration(lab: Lab) -> list[str]:
    """Where the image's configuration and history hold the token."""
    secret = str(lab.values["token"])
    config = lab.inspect("image", "{image}")["Config"]
    found = ["environment" for item in config.get("Env") or () if secret in item][:1]
    found += ["labels" for item in (config.get("Labels") or {}).values() if secret in item][:1]
    found += ["history" for row in lab.history("{image}") if secret in str(row.get("CreatedBy"))][:1]
    return found


@look("docker run --rm {image}")
def licence(lab: Lab) -> bool:
    """Whether a container of the image prints the licence that belongs to the token."""
    expected = hashlib.sha256(f"{lab.values['token']}\n".encode()).hexdigest()[:16]
    return expected in probes.run("{image}").fetch(lab)


EXERCISES = (
    Exercise(
        id="bug.7",
        title="The secret that was removed",
        goal=(
            "Symptom: the Dockerfile removes the token it needs while building, and a stranger who got the image "
            "{image} knows the token nevertheless.\n"
            "Repair it: `docker run --rm {image}` still prints the licence (made from token.txt), and the token is in "
            "no layer of {image} and nowhere in its configuration or history. The files are in your working folder."
        ),
        seeds={"image": Name("licence"), "token": Token(16)},
        owns=("image:{image}",),
        scene=Scene(
            prepare=("echo {token} > token.txt", "docker build -q --label course.lab={id} -t {image}:broken ."),
            commands=("echo {token} > token.txt", "docker tag {image}:broken {image}"),
        ),
        steps=(
            Step(
                "works",
                Probe("a container of {image} prints the licence", licence, expect.true("the licence of your token")),
            ),
            Step(
                "layers",
                State(
                    "no layer of {image} holds the token",
                    places_in_layers,
                    expect.absent(),
                    mistakes=(mistakes.removed_in_a_later_layer("{image}"),),
                ),
                points=2,
                after="works",
            ),
            Step(
                "configuration",
                State(
                    "the token is not in the configuration or history of {image}",
                    places_in_configuration,
                    expect.absent(),
                    mistakes=(
                        mistakes.seen_when(
                            "secret in ARG or ENV",
                            "build arguments and variables are written into the image's history and configuration.",
                            lambda lab, value: bool(value),
                        ),
                    ),
                ),
                after="works",
            ),
        ),
        solution=(
            "printf 'FROM busybox AS build\\nCOPY token.txt /tmp/\\nRUN sha256sum < /tmp/token.txt | cut -c 1-16 > "
            '/licence\\nFROM busybox\\nCOPY --from=build /licence /licence\\nCMD ["cat", "/licence"]\\n\' > Dockerfile',
            BUILD,
        ),
        untouched_says="/tmp/token.txt",
        wrong=(
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
                says="environment",
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
    ),
)
