"""08.2 An image of your own bytes."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.exercises.author import *
from labsupport.exercises.looks import follow
from labsupport.oci import tree, verify
from labsupport.oci.reading import Joined

from ...shared import BUSYBOX, packed, python


@look("cd image; sha256sum blobs/sha256/*")
def wrong_names(lab: Lab) -> list[str]:
    """What does not hold in $LAB/image: digests, sizes, diff ids."""
    if not (lab.folder / "image").is_dir():
        raise Missing("there is no folder image")
    return verify.problems(lab.folder / "image")


def _run_of(config: Any) -> list[Any]:
    """The command of an image's config, whether it came from the engine or from a layout."""
    return [follow(config, ".Entrypoint") or [], follow(config, ".Cmd") or []]


@look("docker image inspect {image} --format '{{json .RootFS.Layers}} {{json .Config.Cmd}}'")
def whose(lab: Lab) -> str:
    """Whether the image in the engine is one of the layout's: has its layers, and its command."""
    found = lab.inspect("image", "{image}")
    written = [image["config"] for image in verify.images(lab.folder / "image")]
    written = [config for config in written if verify.diff_ids(config) == found["RootFS"]["Layers"]]
    if not written:
        return "one with other layers"
    same = any(_run_of(follow(config, ".config")) == _run_of(found["Config"]) for config in written)
    return "the one in the folder image" if same else "one with another command"


@look("docker events --since 1h --until 0s --filter type=image")
def made_by(lab: Lab) -> str:
    """Whether the engine had the image from a layout, or the layout from the engine: what came first tells."""
    found = lab.inspect("image", "{image}")
    names = {found["Id"], follow(found, ".Descriptor.digest")}
    for image in verify.images(lab.folder / "image"):
        names |= {image["descriptor"].get("digest"), follow(image["manifest"], ".config.digest")}
        rows = image["config"].get("history")
        if any("buildkit" in str(row) for row in (rows if isinstance(rows, list) else ())):
            return "a builder"
    for event in lab.events(lab.since):
        about = event.get("Type") == "image" and (event.get("Actor") or {}).get("ID") in names
        if about and event.get("Action") in ("load", "save"):
            return "you" if event["Action"] == "load" else "the engine, which saved it before it was loaded"
    return "you"


@look("tar -tvzf THE-LAYER")
def in_it(lab: Lab) -> str:
    """What is in the image: of how many layers, and which of the two files it has."""
    number = len(lab.inspect("image", "{image}")["RootFS"]["Layers"])
    with _container(lab) as container:
        found = {path: _file(container, path) for path in ("/bin/busybox", "/message")}
    here = [path for path, text in found.items() if text is not None]
    message = (found["/message"] or b"").decode(errors="replace").strip()
    right = message if message != lab.values["token"] else "the token"
    return f"{number} layer{'' if number == 1 else 's'} with {' and '.join(here) or 'neither'}, /message says {right}"


@contextmanager
def _container(lab: Lab) -> Iterator[Any]:
    """A container of the learner's image, not started."""
    key, value = traces.PROBE_LABEL.split("=")
    image = lab.inspect("image", "{image}")["Id"]
    container = lab.client.containers.create(image, name=traces.container_name(), labels={key: value})
    try:
        yield container
    finally:
        with traces.gone_or_in_use():
            container.remove(force=True, v=True)


def _file(container: Any, path: str) -> bytes | None:
    from docker.errors import NotFound

    try:
        return tree.file_of(Joined(container.get_archive(path)[0]))
    except (NotFound, ImageDataError):
        return None


@look("docker run --rm {image}")
def prints(lab: Lab) -> str:
    """What a container prints; where it would print the same of another message, that."""
    said = str(probes.run("{image}").fetch(lab))
    if not said.startswith("exit 0"):
        return said
    word = secrets.token_hex(4)
    with _container(lab) as container:
        container.put_archive("/", packed({"message": f"{word}\n".encode()}))
        container.start()
        container.wait(timeout=probes.LONGEST)
        other = bytes(container.logs()).decode(errors="replace")
    return said if word in other else f"the same, whatever /message says: {said.removeprefix('exit 0: ')}"


def nameless(lab: Lab) -> bool:
    """Whether the engine has the layout's image, and has it under no name."""
    written = [verify.diff_ids(image["config"]) for image in verify.images(lab.folder / "image")]
    found = lab.client.images.list(filters={"dangling": True})
    return any(each.attrs["RootFS"].get("Layers") in written for each in found)


PROGRAMS = Path(__file__).with_name("files")
WRITE = (PROGRAMS / "write.py").read_text(encoding="utf-8")
LOAD = "tar -C image -cf - . | docker load"

# an image that the engine makes, and a layout around what it saves: the ids are the engine's
SAVED = (PROGRAMS / "saved.py").read_text(encoding="utf-8")

EXERCISE = Exercise(
    id="08.2",
    title="An image of your own bytes",
    goal="Write an image layout into the folder `image` of $LAB: one layer with /bin/busybox (the file `busybox` is "
    "there) and /message, which says `{token}`; a config whose command prints the message; manifest, index and "
    "`oci-layout`. Add what tells `docker load` its name (`manifest.json` and an annotation, as in the lesson), and "
    "load it as `{image}`.",
    seeds={"image": Name("mine"), "token": Token()},
    scene=Scene(files="../../files/scene", commands=("rm make.py report", BUSYBOX)),
    owns=("image:{image}", "image:{image}:too"),
    steps=(
        Step(
            "names",
            State(
                "every digest and every size in the layout is that of its bytes",
                wrong_names,
                expect.absent(),
                mistakes=(
                    Mistake(
                        "two digests of one layer",
                        "diff_ids name the archive before it is compressed, the manifest names the blob as it is "
                        "stored.",
                        expect.contains("digest of the compressed blob"),
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "loaded",
            State(
                "{image} is made of this layout's layers",
                whose,
                expect.equals("the one in the folder image"),
                mistakes=(
                    Mistake(
                        "loaded without its name",
                        "engines with a graph driver find it in manifest.json, those with the containerd image store "
                        "in the annotation io.containerd.image.name of index.json, as docker.io/library/NAME:latest.",
                        lambda lab, value: value is None and nameless(lab),
                    ),
                ),
            ),
            State(
                "it is yours: the engine had it from a layout, and had not made it itself",
                made_by,
                expect.equals("you"),
                mistakes=(
                    Mistake(
                        "made by the engine",
                        "what `docker save` or a builder wrote is a layout, too. Here you are to write every document "
                        "of it.",
                        lambda lab, value: value is not None,
                    ),
                ),
            ),
            State(
                "it has one layer, with both files",
                in_it,
                expect.equals("1 layer with /bin/busybox and /message, /message says the token"),
            ),
            Probe(
                "a container of {image} prints the message",
                prints,
                expect.contains("exit 0: {token}"),
                mistakes=(
                    Mistake(
                        "not the file",
                        "with another text in /message, the command must print that one.",
                        lambda lab, value: value is not None and value.startswith("the same"),
                    ),
                ),
            ),
        ),
    ),
    solution=(python(WRITE, "{token}", "well"), LOAD),
    right=(
        Right("not compressed, and an entrypoint", (python(WRITE, "{token}", "plain"), LOAD)),
        Right(
            "wrong first, saved to look at it, loaded by the SDK",
            (
                python(WRITE, "{token}", "echo"),
                LOAD,
                "docker save {image} >/dev/null; rm -r image",
                python(WRITE, "{token}", "well"),
                "tar -C image -cf image.tar . && python3 -c 'import docker; "
                'docker.from_env().images.load(open("image.tar", "rb"))\'; docker save {image} -o saved.tar',
            ),
        ),
        Right(
            "under more names, with a container of it",
            (
                python(WRITE, "{token}", "well"),
                LOAD,
                "docker tag {image} {image}:too; docker run -d --label course.lab=08.2 {image}",
            ),
        ),
    ),
    wrong=(
        Wrong("the text in the command", (python(WRITE, "{token}", "told"), LOAD), says="not the file"),
        Wrong("two layers", (python(WRITE, "{token}", "two"), LOAD), says="2 layers with"),
        Wrong("another message", (python(WRITE, "'another {token}'", "well"), LOAD), says="/message says another"),
        Wrong("made by docker import, and saved", (python(SAVED),), says="made by the engine"),
        Wrong(
            "busybox under that name",
            (python(WRITE, "{token}", "well"), "docker tag busybox {image}"),
            says="one with other layers",
        ),
        Wrong(
            "the command mended in the engine alone",
            (
                python(WRITE, "{token}", "echo"),
                "mv image kept",
                python(WRITE, "{token}", "well"),
                LOAD,
                "rm -r image; mv kept image",
            ),
            says="one with another command",
        ),
        Wrong(
            "diff id of the packed layer", (python(WRITE, "{token}", "packed"), LOAD), says="two digests of one layer"
        ),
        Wrong("one byte too many", (python(WRITE, "{token}", "size"), LOAD), says="descriptor says"),
        Wrong("without manifest.json", (python(WRITE, "{token}", "pure"), LOAD), says="there is no image called"),
        Wrong("echo for cat", (python(WRITE, "{token}", "echo"), LOAD), says="whatever /message says: /message"),
        Wrong(
            "built by docker",
            (
                python(WRITE, "{token}", "pure"),
                "printf 'FROM busybox\\nCMD echo {token}\\n' | docker build -q -t {image} -",
            ),
            says="one with other layers",
        ),
    ),
    minutes=10,
)
