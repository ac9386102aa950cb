"""04.6 There and back in a file."""

import json
import tarfile
from typing import Any

from labsupport.exercises.author import *


def _document(archive: tarfile.TarFile, name: str) -> Any:
    """A JSON file of an archive, {} when there is none."""
    try:
        source = archive.extractfile(name)
    except KeyError:
        return {}
    return json.load(source) if source else {}


def original(lab: Lab) -> str:
    """The id of the image that the exercise made."""
    return lab.identity("image", "{image}:1")


@look("tar -xOf {file}.tar manifest.json")
def held(lab: Lab) -> str:
    """What the archive in the working folder holds: "{image}:1", or what else.

    Known by the digest of the image's configuration, or of its manifest, which is the id with the containerd image
    store.
    """
    path = lab.inside("{file}.tar")
    if not path.is_file():
        raise Missing(lab.fill("there is no {file}.tar in the folder"))
    try:
        with tarfile.open(path) as archive:
            entries, index = _document(archive, "manifest.json"), _document(archive, "index.json")
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return "no archive that can be read"
    if not isinstance(entries, list) or not entries:
        return "no image: there is no manifest.json in it"
    ids = {f"sha256:{entry['Config'].removesuffix('.json').rsplit('/', 1)[-1]}" for entry in entries}
    ids |= {str(each.get("digest")) for each in index.get("manifests") or ()}
    return lab.fill("{image}:1") if original(lab) in ids else "another image"


@look("docker events --since 1h --until 0s --filter type=image --filter event=delete")
def deleted(lab: Lab) -> str:
    """Whether the image that the exercise made was removed. When it is there again, it came out of a file."""
    known = original(lab)
    gone = any(
        known in (str(actor.get("ID")), str((actor.get("Attributes") or {}).get("name")))
        for event in lab.events(lab.since)
        if event.get("Type") == "image" and event.get("Action") == "delete"
        for actor in [event.get("Actor") or {}]
    )
    return "removed" if gone else "not removed"


EXERCISE = Exercise(
    id="04.6",
    title="There and back in a file",
    goal="The image `{image}:1` has a second name, `{image}:stable`. Save it as the file {file}.tar in your folder, "
    "remove the image from the engine, and bring it back out of the file: under the name `{image}:1`, with the "
    "command it runs.",
    seeds={"image": Name("parcel"), "file": Name("box"), "token": Token()},
    scene=Scene(
        commands=(
            "docker create --name {image}-c --label course.lab={id} busybox echo {token}",
            "docker commit {image}-c {image}:1",
            "docker rm {image}-c",
            "docker tag {image}:1 {image}:stable",
        ),
    ),
    owns=("image:{image}:1", "image:{image}:stable", "container:{image}-c"),
    steps=(
        Step(
            "file",
            State(
                "{file}.tar holds {image}:1",
                held,
                expect.equals("{image}:1"),
                mistakes=(
                    Mistake(
                        "an export",
                        "`docker export` writes the files of a container; `docker save` writes an image.",
                        expect.contains("no image"),
                    ),
                ),
            ),
        ),
        Step(
            "away",
            Did(
                "{image}:1 was removed",
                deleted,
                expect.equals("removed"),
                mistakes=(
                    Mistake(
                        "untagged, not removed",
                        "an image is removed with the last of its names.",
                        lambda lab, value: bool(looks.events("image", "untag").fetch(lab)),
                    ),
                ),
            ),
        ),
        Step(
            "back",
            State(
                "{image}:1 is that image",
                looks.image("{image}:1", ".Id").of_scene("image", "{image}:1"),
                expect.present("its id"),
                mistakes=(
                    Mistake(
                        "saved by its id",
                        "then the file holds no name, and `docker load` gives it none: `docker tag ID {image}:1` does.",
                        lambda lab, value: value is None and bool(lab.inspect("image", original(lab))),
                    ),
                ),
            ),
            after=("file", "away"),
        ),
    ),
    solution=(
        "docker save -o {file}.tar {image}:1",
        "docker rmi {image}:1 {image}:stable",
        "docker load -i {file}.tar",
    ),
    right=(
        Right(
            "saved by its id, loaded, tagged",
            (
                "docker save $(docker images -q {image}:1) > {file}.tar",
                "docker rmi -f $(docker images -q {image}:1)",
                "docker tag $(docker load -q < {file}.tar | grep -o 'sha256:.*') {image}:1",
            ),
        ),
        Right(
            "packed, both names, with others around",
            (
                "docker pull -q busybox",
                "docker save {image}:1 {image}:stable busybox | gzip > {file}.tar",
                "docker image rm {image}:stable; docker image rm {image}:1",
                "docker load -i {file}.tar",
            ),
        ),
        Right(
            "one name removed first, to no avail",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1; docker load -i {file}.tar",
                "docker rmi {image}:stable {image}:1; docker image load --input {file}.tar",
            ),
        ),
        Right(
            "by the SDK",
            (
                SDK
                % (
                    'i = engine.images.get("{image}:1"); '
                    'open("{file}.tar", "wb").writelines(i.save(named="{image}:1")); '
                    'engine.images.remove(i.id, force=True); engine.images.load(open("{file}.tar", "rb"))'
                ),
            ),
        ),
    ),
    wrong=(
        Wrong(
            "another image removed and loaded",
            (
                "docker save -o {file}.tar {image}:1",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo",
                "docker commit {image}-c {image}:other",
                "docker rm {image}-c; docker save -o other.tar {image}:other; docker rmi {image}:other",
                "docker load -i other.tar; docker rmi {image}:other",
            ),
            says="{image}:1 was removed",
        ),
        Wrong(
            "another image in the file",
            (
                "docker pull -q busybox; docker tag busybox {image}:other; docker save -o {file}.tar {image}:other",
                "docker rmi {image}:other; docker save -o mine.tar {image}:1; docker rmi {image}:1 {image}:stable",
                "docker load -i mine.tar",
            ),
            says="another image",
        ),
        Wrong(
            "loaded, and the name given to another one",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
                "docker tag {image}:1 {image}:stable",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo {token}",
                "docker commit {image}-c {image}:1; docker rm {image}-c",
            ),
            says="{image}:1 is that image",
        ),
        Wrong(
            "one name removed",
            ("docker save -o {file}.tar {image}:1", "docker rmi {image}:1", "docker load -i {file}.tar"),
            says="untagged, not removed",
        ),
        Wrong(
            "saved by its id",
            (
                "docker save -o {file}.tar $(docker images -q {image}:1)",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
            ),
            says="saved by its id",
        ),
        Wrong(
            "exported and imported",
            (
                "docker create --name {image}-c --label course.lab=04.6 {image}:1",
                "docker export -o {file}.tar {image}-c",
                "docker rm {image}-c",
                "docker rmi {image}:1 {image}:stable",
                "docker import {file}.tar {image}:1",
            ),
            says="an export",
        ),
        Wrong(
            "not brought back",
            ("docker save -o {file}.tar {image}:1", "docker rmi {image}:1 {image}:stable"),
            says="there is no image called",
        ),
        Wrong(
            "removed in the end",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker load -i {file}.tar",
                "docker rmi {image}:1",
            ),
            says="there is no image called",
        ),
        Wrong(
            "made anew",
            (
                "docker save -o {file}.tar {image}:1",
                "docker rmi {image}:1 {image}:stable",
                "docker create --name {image}-c --label course.lab=04.6 busybox echo {token}",
                "docker commit {image}-c {image}:1",
                "docker rm {image}-c",
            ),
            says="is another image than the one",
        ),
    ),
    minutes=6,
)
