"""08.1 Pull by hand."""

import hashlib
import json
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.exercises.author import *
from labsupport.oci import tree
from labsupport.oci.reading import Joined

from ...shared import MARK, made, packed, python


def _engines_tree(lab: Lab, layers: list[bytes]) -> tree.Tree:
    """What the engine makes of these layers: given to it as an image of the check's own."""
    names = [f"{place}.tar" for place in range(len(layers))]
    roots = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]}
    config = {"architecture": lab.client.version()["Arch"], "os": "linux", "config": {"Cmd": ["/x"]}, "rootfs": roots}
    tag = traces.image_tag()
    listed = json.dumps([{"Config": "config.json", "RepoTags": [tag], "Layers": names}]).encode()
    files = {**dict(zip(names, layers, strict=True)), "config.json": json.dumps(config).encode()}
    api: Any = lab.client.api  # which has no types here
    list(api.load_image(packed({**files, "manifest.json": listed})))
    try:
        key, value = traces.PROBE_LABEL.split("=")
        container: Any = lab.client.containers.create(tag, name=traces.container_name(), labels={key: value})
        try:
            return tree.of_archive(Joined(container.export()))
        finally:
            with traces.gone_or_in_use():
                container.remove(force=True)
    finally:
        with traces.gone_or_in_use():
            lab.client.api.remove_image(tag, force=True)


@look("find rootfs | sort")
def from_the_engines(lab: Lab) -> list[str]:
    """How $LAB/rootfs differs from what the engine makes of the layers that the scene put into the registry."""
    folder = lab.folder / "rootfs"
    if not folder.is_dir():
        raise Missing("there is no folder rootfs")
    try:
        theirs = _engines_tree(lab, made()["menu_layers"](lab.values["token"]))
        return tree.differences(tree.of_folder(folder), theirs, ("yours", "the engine's"))
    except ImageDataError as error:
        raise Missing(error.message) from None


PROGRAMS = Path(__file__).with_name("files")
PULL = (PROGRAMS / "pull.py").read_text(encoding="utf-8")

CURL = """
from=$COURSE_REGISTRY/v2/{repo}; mkdir -p rootfs; cd rootfs
listed=$(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' $from/manifests/1 |
    python3 -c 'import json, sys; print(*[layer["digest"] for layer in json.load(sys.stdin)["layers"]])')
set -- $listed
curl -s $from/blobs/$1 | tar -xzp
rm -rf menu/monday cellar board today; curl -s $from/blobs/$2 | tar -xzp --exclude '.wh.*'
rm -rf drinks/*; curl -s $from/blobs/$3 | tar -xzp --exclude '.wh.*'
"""
OTHER_MENU = (PROGRAMS / "other_menu.py").read_text(encoding="utf-8")

EXERCISE = Exercise(
    id="08.1",
    title="Pull by hand",
    goal="The registry has an image `{repo}` with the tag `1`. Ask for it with HTTP requests alone, and apply its "
    "layers in their order in the folder `rootfs` of $LAB (exercises/08.1). In the end it must be the file tree "
    "that the engine would give a container of these layers. One layer holds a `.wh..wh..opq`. (The image's config is "
    "empty, so no engine takes it: nobody pulls it for you.)",
    seeds={"repo": Name("menu"), "token": Token()},
    scene=Scene(files="../../files/scene", commands=("python3 make.py menu {repo} {token} && rm make.py report", MARK)),
    steps=(
        Step(
            "tree",
            Probe(
                "rootfs is the tree that the engine makes of these layers",
                from_the_engines,
                expect.absent(),
                mistakes=(
                    Mistake(
                        "nothing in it",
                        "no engine takes this image, and none has put anything there: ask the registry for it.",
                        lambda lab, value: (
                            "is only in yours" not in str(value) and not any((lab.folder / "rootfs").iterdir())
                        ),
                    ),
                    Mistake(
                        "whiteouts were unpacked",
                        "an entry `.wh.NAME` says what to remove; it is no file of the image.",
                        expect.contains(".wh."),
                    ),
                    Mistake(
                        "removed files are there",
                        "`.wh.NAME` in a layer takes NAME of the layers below away, a whole folder if it is one.",
                        lambda lab, value: "menu/monday is only in yours" in value,
                    ),
                    Mistake(
                        "the opaque folder",
                        "`.wh..wh..opq` takes everything away that the layers below have in its folder.",
                        lambda lab, value: "drinks/tea is only in yours" in value,
                    ),
                    Mistake(
                        "the opaque folder's own files",
                        "`.wh..wh..opq` is about the layers below. What its own layer has in the folder stays, also "
                        "what stands before it in the archive.",
                        lambda lab, value: (
                            "drinks/water is only in the engine's" in value
                            and "drinks/syrup is only in the engine's" not in value
                        ),
                    ),
                    Mistake(
                        "a link was followed",
                        "what stands in an entry's way is removed first, unless both are folders; else the file goes "
                        "through the link into another one.",
                        expect.contains("menu/friday differs"),
                    ),
                ),
            ),
            points=3,
        ),
    ),
    solution=(python(PULL, "well"),),
    right=(
        Right("with curl and tar", (CURL,)),
        Right("into another folder, then moved", (python(PULL, "well"), "mv rootfs made && cp -a made rootfs")),
        Right(
            "backwards, then well, and the engine asked in between",
            (
                python(PULL, "backwards"),
                "docker pull -q 127.0.0.1:5000/{repo}:1",
                "rm -r rootfs; docker run -d --label course.lab=08.1 busybox sleep 60",
                python(PULL, "well"),
            ),
        ),
        Right("the tag has moved meanwhile", (python(PULL, "well"), "python3 - <<'END'\n" + OTHER_MENU + "END")),
    ),
    wrong=(
        Wrong("whiteouts unpacked", (python(PULL, "unpacked"),), says="whiteouts were unpacked"),
        Wrong("whiteouts skipped", (python(PULL, "skipped"),), says="removed files are there"),
        Wrong("opaque forgotten", (python(PULL, "opaque"),), says="the opaque folder:"),
        Wrong("all that is there so far", (python(PULL, "'so far'"),), says="the opaque folder's own files"),
        Wrong("links followed", (python(PULL, "followed"),), says="a link was followed"),
        Wrong("the first layer alone", (python(PULL, "first"),), says="menu/sunday is only in the engine's"),
        Wrong("backwards", (python(PULL, "backwards"),), says="removed files are there"),
        Wrong(
            "docker pull and export",
            (
                "docker pull -q 127.0.0.1:5000/{repo}:1",
                "mkdir rootfs; docker create --name {repo} --label course.lab=08.1 127.0.0.1:5000/{repo}:1",
                "docker export {repo} | tar -x -C rootfs",
            ),
            says="nothing in it",
        ),
        Wrong(
            "another image under the tag",
            (
                "python3 - <<'END'\n" + OTHER_MENU + "END",
                python(PULL, "well"),
            ),
            says="menu/sunday is only in the engine's",
        ),
    ),
    minutes=10,
)
