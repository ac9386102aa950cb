"""04.5 Less than 300 kB of its own."""

import secrets

from labsupport.exercises.author import *

from ...shared import chain


@look("docker history {slim}")
def own_bytes(lab: Lab) -> int:
    """The bytes of {slim} above those of the largest image of the hub that it stands on.

    Not the engine's UNIQUE SIZE, which counts the hidden ancestors of a committed image as other images, and with the
    containerd image store the packed copies of shared layers as unique; nor what it shares with an image that was
    made to keep the data.
    """
    layers = chain(lab, "{slim}")
    below = 0
    for other in lab.client.api.images():
        if any(identity.is_hubs(lab, name) for name in other.get("RepoTags") or ()):
            found = chain(lab, other["Id"])
            if layers[: len(found)] == found:
                below = max(below, looks.unpacked(other["Id"]).fetch(lab))
    return int(looks.unpacked("{slim}").fetch(lab)) - below


@look("docker images")
def kept(lab: Lab) -> str:
    """The other name of the image that the exercise made; "removed" when it has none.

    {slim} is no such name: that it stands on the data is seen by its bytes, as what has no name any more is.
    """
    if looks.exists("image", "{image}").fetch(lab):
        return lab.fill("{image} is there")
    if known := (lab.made or {}).get("image", {}).get(lab.values["image"]):
        try:
            names = set(lab.inspect("image", known).get("RepoTags") or ()) - {lab.fill("{slim}:latest")}
        except Missing:
            return "removed"
        return f"it is there as {', '.join(sorted(names))}" if names else "removed"
    return "removed"


@look("docker run --rm {slim} ls -l /report; docker run --rm {slim}")
def report(lab: Lab) -> str:
    """What {slim} prints; with another /report in the place of its own, unless it prints that."""
    seen = str(probes.run("{slim}").fetch(lab))
    fresh = secrets.token_hex(4)
    other = probes.run("{slim}", files={"/report": f"{fresh}\n"}).fetch(lab)
    return seen if other == f"exit 0: {fresh}" else f"{seen}; with another /report: {other.partition(': ')[2]}"


TAKE = "docker run --rm {image} cat /report > report"
SMALL = (
    "docker create --name {slim}-c --label course.lab=04.5 busybox cat /report",
    "docker cp report {slim}-c:/report",
    "docker commit {slim}-c {slim}",
    "docker rm {slim}-c",
)
DROP = "docker rmi -f {image}"

EXERCISE = Exercise(
    id="04.5",
    title="Less than 300 kB of its own",
    goal="The image `{image}` carries 8 MB of data that nobody needs any more. Put an image `{slim}` in its place: "
    "`docker run --rm {slim}` prints the same report out of its file /report, `{image}` is removed, and {slim} has at "
    "most 300 kB of its own, above the layers that it shares with others (`docker history` and `%layers` show the "
    "bytes of each).",
    seeds={"image": Name("survey"), "slim": Name("lean"), "token": Token()},
    scene=Scene(
        commands=(
            "docker pull -q busybox",
            "dd if=/dev/urandom of=data bs=1M count=8 2>/dev/null; echo {token} > report",
            "printf 'FROM busybox\\nCOPY data /\\nCOPY report /\\nRUN rm /data\\n' > Dockerfile",
            "echo 'CMD [\"cat\", \"/report\"]' >> Dockerfile",
            "docker build -q -t {image} --label course.lab={id} .",
            "rm data report Dockerfile",
        ),
    ),
    owns=("image:{slim}", "image:{slim}-keep", "image:{image}", "container:{slim}-c"),
    steps=(
        Step(
            "prints",
            Probe(
                "a container of {slim} prints the report",
                report,
                expect.equals("exit 0: {token}"),
                mistakes=(
                    Mistake(
                        "not out of the file",
                        "it prints the same whatever is in /report: copy the file, and let the command print it.",
                        lambda lab, value: "with another" in value and lab.values["token"] in value.split(";")[0],
                    ),
                ),
            ),
        ),
        Step(
            "removed",
            State(
                "{image} is removed",
                kept,
                expect.equals("removed"),
                mistakes=(
                    Mistake(
                        "untagged, not removed",
                        "it has another name: an image is removed with the last of its names.",
                        lambda lab, value: "it is there as" in value,
                    ),
                ),
            ),
            points=0.5,
        ),
        Step(
            "unique",
            State(
                "{slim} has little of its own",
                own_bytes,
                expect.at_most("300 kB"),
                mistakes=(
                    Mistake(
                        "nothing is shared",
                        "all its files are in a layer of its own, busybox's as well: "
                        "start from busybox and add what is missing.",
                        lambda lab, value: chain(lab, "busybox")[0] not in chain(lab, "{slim}"),
                    ),
                    mistakes.removed_in_a_later_layer("{slim}"),
                ),
            ),
            points=2,
            after=("prints", "removed"),
        ),
    ),
    solution=(TAKE, *SMALL, DROP),
    right=(
        Right("copied out of a container, built, both removed by id", (
            "docker create --name {slim}-c --label course.lab=04.5 {image}; docker cp {slim}-c:/report .",
            "docker rm {slim}-c",
            "docker rmi -f $(docker images -q {image})",
            "printf 'FROM busybox\\nCOPY report /\\nCMD cat /report\\n' > Dockerfile",
            "DOCKER_BUILDKIT=0 docker build -q -t {slim}:latest .",
        )),
        Right("from one stage to another, on another image, with a first try in the way", (
            "docker tag {image} {slim}", "docker pull -q lua:5.4",
            "printf 'FROM {image} AS old\\nFROM lua:5.4\\nCOPY --from=old /report /report\\nENTRYPOINT [\"cat\"]\\n"
            "CMD [\"/report\"]\\n' | docker build -q -t {slim} -",
            "docker rmi {image}",
        )),
        Right("by the SDK", (TAKE, *SMALL[:2], SDK % (
            'engine.containers.get("{slim}-c").commit("{slim}"); engine.images.remove("{image}", force=True)'),)),
    ),
    wrong=(
        Wrong("the data under another name", (
            "docker tag {image} {slim}-keep", "docker create --name {slim}-c --label course.lab=04.5 {slim}-keep",
            "docker commit {slim}-c {slim}", "docker rm {slim}-c", "docker rmi {image}",
        ), says="it is there as {slim}-keep"),
        Wrong("the data in an image to stand on", (
            "docker create --name {slim}-c --label course.lab=04.5 {image} cat /report",
            "docker commit {slim}-c {slim}; docker tag {slim} {slim}-keep; docker rm {slim}-c", DROP,
        ), says="rm in a later layer"),
        Wrong("its words in the command", (
            "docker create --name {slim}-c --label course.lab=04.5 busybox echo {token}",
            "docker commit {slim}-c {slim}; docker rm {slim}-c", DROP,
        ), says="not out of the file"),
        Wrong(
            "another name",
            ("docker tag {image} {slim}", DROP),
            says="rm in a later layer",
        ),
        Wrong(
            "deleted once more",
            (
                "docker run --name {slim}-c --label course.lab=04.5 {image} rm -f /data",
                "docker commit -c 'CMD [\"cat\", \"/report\"]' {slim}-c {slim}",
                "docker rm {slim}-c",
                DROP,
            ),
            says="rm in a later layer",
        ),
        Wrong(
            "flattened",
            (
                "docker create --name {slim}-c --label course.lab=04.5 {image}",
                "docker export {slim}-c | docker import -c 'CMD [\"cat\", \"/report\"]' - {slim}",
                "docker rm {slim}-c",
                DROP,
            ),
            says="nothing is shared",
        ),
        Wrong("kept the old one", (TAKE, *SMALL), says="{image} is removed"),
        Wrong("without the report", ("echo lost > report", *SMALL, DROP), says="prints the report"),
    ),
    minutes=10,
)  # fmt: skip
