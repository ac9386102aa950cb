"""Lesson 08: an image pulled, written, pushed and chosen by hand, a bundle made, a broken one mended."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import runpy
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.exercises import (
    Answer,
    Choice,
    Exercise,
    Lab,
    Missing,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    bundles,
    expect,
    look,
    mistakes,
    oci,
    probes,
    traces,
)
from labsupport.exercises.looks import follow
from labsupport.oci import tree, verify
from labsupport.oci.reading import Joined

# something of the scene in the engine, by which a later begin() knows that it is set up
MARK = "docker volume create --label course.lab={id} scene-{id}"
BUSYBOX = "docker create --name busybox-{id} --label course.lab={id} busybox && docker cp busybox-{id}:/bin/busybox ."


def python(program: str, *words: str) -> str:
    """A shell command that runs a program given as text."""
    return f"python3 - {' '.join(words)} <<'END'\n{program}END"


# ---------------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _made() -> dict[str, Any]:
    """What the scene's program can make: what it made once, it makes again."""
    return runpy.run_path(str(Path(__file__).with_name("files") / "scene" / "make.py"))


def _archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(contents), 0o755
            archive.addfile(entry, io.BytesIO(contents))
    return out.getvalue()


def _engines_tree(lab: Lab, layers: list[bytes]) -> tree.Tree:
    """What the engine makes of these layers: given to it as an image of the check's own."""
    names = [f"{place}.tar" for place in range(len(layers))]
    roots = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]}
    config = {"architecture": lab.client.version()["Arch"], "os": "linux", "config": {"Cmd": ["/x"]}, "rootfs": roots}
    tag = traces.image_tag()
    listed = json.dumps([{"Config": "config.json", "RepoTags": [tag], "Layers": names}]).encode()
    files = {**dict(zip(names, layers, strict=True)), "config.json": json.dumps(config).encode()}
    list(lab.client.api.load_image(_archive({**files, "manifest.json": listed})))
    try:
        key, value = traces.PROBE_LABEL.split("=")
        container = lab.client.containers.create(tag, name=traces.container_name(), labels={key: value})
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
        theirs = _engines_tree(lab, _made()["menu_layers"](lab.values["token"]))
        return tree.differences(tree.of_folder(folder), theirs, ("yours", "the engine's"))
    except ImageDataError as error:
        raise Missing(error.message) from None


PULL = """
import gzip, io, json, os, shutil, sys, tarfile, urllib.request
how = sys.argv[1]
def get(path):
    head = dict(Accept="application/vnd.oci.image.manifest.v1+json")
    return urllib.request.urlopen(urllib.request.Request(os.environ["COURSE_REGISTRY"] + path, headers=head)).read()
def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
def place(name):
    folder, last = os.path.split(os.path.normpath("/./" + name))
    if folder == "/":
        return os.path.join("rootfs", last)
    above = place(folder)
    if os.path.islink(above):
        return place(os.path.join("/", os.path.relpath(os.path.dirname(above), "rootfs"), os.readlink(above), last))
    return os.path.join(above, last)
def put(tar, entry):
    path = place(entry.name)
    if how == "followed" and entry.isfile():
        return open(path, "wb").write(tar.extractfile(entry).read())
    if not (entry.isdir() and os.path.isdir(path) and not os.path.islink(path)):
        remove(path)
    if entry.islnk():
        os.link(place(entry.linkname), path, follow_symlinks=False)
    elif not entry.isdev():
        entry.name = path
        tar.extract(entry, "", numeric_owner=True)
listed = json.loads(get("/v2/{repo}/manifests/1"))["layers"]
if how == "first": listed = listed[:1]
if how == "backwards": listed = listed[::-1]
for each in listed:
    with tarfile.open(fileobj=io.BytesIO(get("/v2/{repo}/blobs/" + each["digest"]))) as tar:
        tar.extraction_filter = lambda entry, path: entry
        takes = lambda entry: os.path.basename(entry.name).startswith(".wh.")
        for entry in tar if how == "so far" else sorted(tar, key=takes, reverse=True):
            path = place(entry.name)
            folder, name = os.path.split(path)
            if os.path.normpath(path) == "rootfs":
                continue
            if not name.startswith(".wh.") or how == "unpacked":
                put(tar, entry)
            elif how == "skipped":
                pass
            elif name == ".wh..wh..opq":
                for old in os.listdir(folder) if how != "opaque" and os.path.isdir(folder) else ():
                    remove(os.path.join(folder, old))
            else:
                remove(place(os.path.join(entry.name, "..", name[4:])))
"""

CURL = """
from=$COURSE_REGISTRY/v2/{repo}; mkdir -p rootfs; cd rootfs
listed=$(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' $from/manifests/1 |
    python3 -c 'import json, sys; print(*[layer["digest"] for layer in json.load(sys.stdin)["layers"]])')
set -- $listed
curl -s $from/blobs/$1 | tar -xzp
rm -rf menu/monday cellar board today; curl -s $from/blobs/$2 | tar -xzp --exclude '.wh.*'
rm -rf drinks/*; curl -s $from/blobs/$3 | tar -xzp --exclude '.wh.*'
"""
OTHER_MENU = """
import gzip, hashlib, io, json, os, tarfile, urllib.request
def send(method, path, data=b"", kind="application/octet-stream"):
    place = path if path.startswith("http") else os.environ["COURSE_REGISTRY"] + path
    return urllib.request.urlopen(urllib.request.Request(place, data, dict([("Content-Type", kind)]), method=method))
def store(data):
    place = send("POST", "/v2/{repo}/blobs/uploads/").headers["Location"]
    told = "sha256:" + hashlib.sha256(data).hexdigest()
    send("PUT", place + ("&" if "?" in place else "?") + "digest=" + told, data)
    return dict(mediaType="application/octet-stream", digest=told, size=len(data))
out = io.BytesIO()
tarfile.open(fileobj=out, mode="w").close()
kind = "application/vnd.oci.image.manifest.v1+json"
whole = dict(schemaVersion=2, mediaType=kind, config=store(b"[]"), layers=[store(gzip.compress(out.getvalue()))])
send("PUT", "/v2/{repo}/manifests/1", json.dumps(whole).encode(), kind)
os.makedirs("rootfs", exist_ok=True)
"""

PULLED = Exercise(
    id="08.1",
    title="Pull by hand",
    goal="The registry has an image `{repo}` with the tag `1`. Ask for it with HTTP requests alone, and apply its "
    "layers in their order in the folder `rootfs` of $LAB (exercises/08.1). In the end it must be the file tree "
    "that the engine would give a container of these layers. One layer holds a `.wh..wh..opq`. (The image's config is "
    "empty, so no engine takes it: nobody pulls it for you.)",
    seeds={"repo": Name("menu"), "token": Token()},
    scene=Scene(files="files/scene", commands=("python3 make.py menu {repo} {token} && rm make.py report", MARK)),
    steps=(
        Step(
            "tree",
            Probe(
                "rootfs is the tree that the engine makes of these layers",
                from_the_engines,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "nothing in it",
                        "no engine takes this image, and none has put anything there: ask the registry for it.",
                        lambda lab, value: (
                            "is only in yours" not in str(value) and not any((lab.folder / "rootfs").iterdir())
                        ),
                    ),
                    mistakes.seen_when(
                        "whiteouts were unpacked",
                        "an entry `.wh.NAME` says what to remove; it is no file of the image.",
                        lambda lab, value: ".wh." in str(value),
                    ),
                    mistakes.seen_when(
                        "removed files are there",
                        "`.wh.NAME` in a layer takes NAME of the layers below away, a whole folder if it is one.",
                        lambda lab, value: "menu/monday is only in yours" in value,
                    ),
                    mistakes.seen_when(
                        "the opaque folder",
                        "`.wh..wh..opq` takes everything away that the layers below have in its folder.",
                        lambda lab, value: "drinks/tea is only in yours" in value,
                    ),
                    mistakes.seen_when(
                        "the opaque folder's own files",
                        "`.wh..wh..opq` is about the layers below. What its own layer has in the folder stays, also "
                        "what stands before it in the archive.",
                        lambda lab, value: (
                            "drinks/water is only in the engine's" in value
                            and "drinks/syrup is only in the engine's" not in value
                        ),
                    ),
                    mistakes.seen_when(
                        "a link was followed",
                        "what stands in an entry's way is removed first, unless both are folders; else the file goes "
                        "through the link into another one.",
                        lambda lab, value: "menu/friday differs" in str(value),
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

# ---------------------------------------------------------------------------------------------------------------------


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
        container.put_archive("/", _archive({"message": f"{word}\n".encode()}))
        container.start()
        container.wait(timeout=probes.LONGEST)
        other = bytes(container.logs()).decode(errors="replace")
    return said if word in other else f"the same, whatever /message says: {said.removeprefix('exit 0: ')}"


def nameless(lab: Lab) -> bool:
    """Whether the engine has the layout's image, and has it under no name."""
    written = [verify.diff_ids(image["config"]) for image in verify.images(lab.folder / "image")]
    found = lab.client.images.list(filters={"dangling": True})
    return any(each.attrs["RootFS"].get("Layers") in written for each in found)


WRITE = """
import gzip, hashlib, io, json, os, sys, tarfile
text, how = sys.argv[1:]
kind = "application/vnd.oci.image."
def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
def blob(described):
    return "blobs/" + described["digest"].replace(":", "/")
def store(data, name):
    described = dict(mediaType=kind + name, digest=digest(data), size=len(data))
    os.makedirs("image/blobs/sha256", exist_ok=True)
    open("image/" + blob(described), "wb").write(data)
    return described
files = [("bin/busybox", open("busybox", "rb").read()), ("message", text.encode() + b"\\n")]
def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()
tars = [archive([each]) for each in files] if how == "two" else [archive(files)]
blobs = [each if how == "plain" else gzip.compress(each, mtime=0) for each in tars]
machine = dict(aarch64="arm64").get(os.uname().machine, "amd64")
run = dict(Cmd=["/bin/busybox", "echo" if how == "echo" else "cat", "/message"])
if how == "told":
    run = dict(Cmd=["/bin/busybox", "echo", text])
if how == "plain":
    run = dict(Entrypoint=["/bin/busybox"], Cmd=["sh", "-c", "read -r text < /message; echo $text"])
roots = dict(type="layers", diff_ids=[digest(each) for each in (blobs if how == "packed" else tars)])
config = store(json.dumps(dict(architecture=machine, os="linux", config=run, rootfs=roots)).encode(), "config.v1+json")
layers = [store(each, "layer.v1.tar" if how == "plain" else "layer.v1.tar+gzip") for each in blobs]
if how == "size":
    layers[0]["size"] += 1
whole = dict(schemaVersion=2, mediaType=kind + "manifest.v1+json", config=config, layers=layers)
manifest = store(json.dumps(whole).encode(), "manifest.v1+json")
if how != "pure":
    manifest["annotations"] = dict([("io.containerd.image.name", "docker.io/library/{image}:latest")])
json.dump(dict(schemaVersion=2, manifests=[manifest]), open("image/index.json", "w"))
json.dump(dict(imageLayoutVersion="1.0.0"), open("image/oci-layout", "w"))
if how != "pure":
    listed = [dict(Config=blob(config), RepoTags=["{image}:latest"], Layers=[blob(each) for each in layers])]
    json.dump(listed, open("image/manifest.json", "w"))
"""
LOAD = "tar -C image -cf - . | docker load"

# an image that the engine makes, and a layout around what it saves: the ids are the engine's
SAVED = """
import hashlib, io, json, os, subprocess, tarfile
kind = "application/vnd.oci.image."
def store(data, name):
    told = hashlib.sha256(data).hexdigest()
    os.makedirs("image/blobs/sha256", exist_ok=True)
    open("image/blobs/sha256/" + told, "wb").write(data)
    return dict(mediaType=kind + name, digest="sha256:" + told, size=len(data))
os.makedirs("tree/bin")
os.rename("busybox", "tree/bin/busybox")
open("tree/message", "w").write("{token}\\n")
subprocess.run("tar -C tree -cf tree.tar bin message", shell=True, check=True)
command = 'CMD ["/bin/busybox", "cat", "/message"]'
subprocess.run(["docker", "import", "-c", command, "tree.tar", "{image}"], check=True)
subprocess.run(["docker", "save", "{image}", "-o", "s.tar"], check=True)
saved = tarfile.open("s.tar")
entry = json.load(saved.extractfile("manifest.json"))[0]
config = store(saved.extractfile(entry["Config"]).read(), "config.v1+json")
layers = [store(saved.extractfile(name).read(), "layer.v1.tar") for name in entry["Layers"]]
whole = dict(schemaVersion=2, mediaType=kind + "manifest.v1+json", config=config, layers=layers)
top = store(json.dumps(whole).encode(), "manifest.v1+json")
json.dump(dict(schemaVersion=2, manifests=[top]), open("image/index.json", "w"))
json.dump(dict(imageLayoutVersion="1.0.0"), open("image/oci-layout", "w"))
"""

WRITTEN = Exercise(
    id="08.2",
    title="An image of your own bytes",
    goal="Write an image layout into the folder `image` of $LAB: one layer with /bin/busybox (the file `busybox` is "
    "there) and /message, which says `{token}`; a config whose command prints the message; manifest, index and "
    "`oci-layout`. Add what tells `docker load` its name (`manifest.json` and an annotation, as in the lesson), and "
    "load it as `{image}`.",
    seeds={"image": Name("mine"), "token": Token()},
    scene=Scene(files="files/scene", commands=("rm make.py report", BUSYBOX)),
    owns=("image:{image}", "image:{image}:too"),
    steps=(
        Step(
            "names",
            State(
                "every digest and every size in the layout is that of its bytes",
                wrong_names,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "two digests of one layer",
                        "diff_ids name the archive before it is compressed, the manifest names the blob as it is "
                        "stored.",
                        lambda lab, value: "digest of the compressed blob" in str(value),
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
                    mistakes.seen_when(
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
                    mistakes.seen_when(
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
                    mistakes.seen_when(
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

# ---------------------------------------------------------------------------------------------------------------------


def _layout_manifest(lab: Lab) -> dict[str, Any]:
    """The image in the layout. Raises Missing when it is another than the scene's."""
    found = verify.images(lab.folder / "image")
    if not found:
        raise Missing('the folder image holds no image: undo("08.3") brings it back')
    try:
        known = (lab.inspect("volume", KEPT)["Labels"] or {}).get("image") if lab.is_original("volume", KEPT) else None
    except Missing:
        known = None
    if known and found[0]["descriptor"].get("digest") != known:
        raise Missing('the folder image holds another image than at the start: undo("08.3") brings it back')
    return found[0]


def _pushed_by_engine(lab: Lab, digest: str) -> bool:
    """Only an engine with the containerd image store can: its images have the digests of their manifests."""
    events = [event for event in lab.events(lab.since) if event.get("Type") == "image"]
    named = [(str(event.get("Action")), event.get("Actor") or {}) for event in events]
    pushed = any(action == "push" and lab.fill("/{repo}:") in str(actor) for action, actor in named)
    return pushed and any(actor.get("ID") == digest and action in ("load", "tag") for action, actor in named)


@look("curl -sI $COURSE_REGISTRY/v2/{repo}/manifests/{tag}")
def pushed(lab: Lab) -> str | None:
    """What the registry has under the tag."""
    wanted = _layout_manifest(lab)
    answer = oci.fetch(lab, "/v2/{repo}/manifests/{tag}")
    if answer is None:
        return None
    digest = wanted["descriptor"]["digest"]
    if answer[0].get("docker-content-digest") == digest:
        return "pushed by the engine" if _pushed_by_engine(lab, digest) else "the manifest in the layout"
    same = oci.json_object(answer[1]) == wanted["manifest"]
    return "the same JSON in other bytes" if same else "another manifest"


SEND = """
import json, os, sys, urllib.request
how, tag = sys.argv[1:]
def send(method, path, data=b"", kind="application/octet-stream"):
    place = path if path.startswith("http") else os.environ["COURSE_REGISTRY"] + path
    asked = urllib.request.Request(place, data, dict([("Content-Type", kind), ("Accept", kind)]), method=method)
    return urllib.request.urlopen(asked).headers
def blob(described):
    return open("image/blobs/" + described["digest"].replace(":", "/"), "rb").read()
top = json.load(open("image/index.json"))["manifests"][0]
data = blob(top)
manifest = json.loads(data)
for each in [manifest["config"], *manifest["layers"]]:
    place = send("POST", "/v2/{repo}/blobs/uploads/")["Location"]
    send("PUT", place + ("&" if "?" in place else "?") + "digest=" + each["digest"], blob(each))
if how == "anew":
    data = json.dumps(manifest, indent=2).encode()
if how != "blobs":
    send("PUT", "/v2/{repo}/manifests/" + tag, data, top["mediaType"])
"""
KEPT = "scene-{id}"  # a volume whose label says which image the scene laid out
HEAD = 'python3 -c \'import json; print(json.load(open("image/index.json"))["manifests"][0]["digest"])\''

CURL_PUSH = """
to=$COURSE_REGISTRY/v2/{repo}; top=$(HEAD)
put() {
    place=$(curl -s -i -X POST $to/blobs/uploads/ | tr -d '\\r' | sed -n 's/^Location: //Ip')
    case $place in http*) ;; *) place=$COURSE_REGISTRY$place ;; esac
    curl -s -X PUT -H 'Content-Type: application/octet-stream' --data-binary @image/blobs/sha256/$1 \\
        "$place$(case $place in *\\?*) echo '&' ;; *) echo '?' ;; esac)digest=sha256:$1"
}
for each in image/blobs/sha256/*; do put ${each##*/}; done
curl -s -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \\
    --data-binary @image/blobs/sha256/${top#sha256:} $to/manifests/{tag}
""".replace("HEAD", HEAD)
ASK = (
    "curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' $COURSE_REGISTRY/v2/{repo}/manifests/{tag} | "
    "tr -d '\\r' | sed -n 's/^Docker-Content-Digest: //Ip'"
)
OTHER_LAYOUT = """
import hashlib, json
index = json.load(open("image/index.json"))
place = "image/blobs/sha256/"
manifest = json.load(open(place + index["manifests"][0]["digest"][7:]))
manifest["annotations"] = dict(other="yes")
data = json.dumps(manifest).encode()
told = hashlib.sha256(data).hexdigest()
open(place + told, "wb").write(data)
index["manifests"][0].update(digest="sha256:" + told, size=len(data))
json.dump(index, open("image/index.json", "w"))
"""

PUSHED = Exercise(
    id="08.3",
    title="Push by hand",
    goal="The folder `image` of $LAB is a layout with one image. Push it to the registry as `{repo}` with the tag "
    "`{tag}`, with HTTP requests alone. Then ask for the tag with HEAD, and answer with the digest that the registry "
    "gives for it.",
    seeds={"repo": Name("parcel"), "tag": Pick(("first", "blue", "spring", "north")), "token": Token()},
    scene=Scene(
        files="files/scene",
        commands=(
            BUSYBOX,
            "python3 make.py layout image '{token}'",
            "python3 make.py forget {repo} {tag}; rm make.py report busybox",
            f"docker volume create --label course.lab={{id}} --label image=$({HEAD}) {KEPT}",
        ),
    ),
    owns=("image:127.0.0.1:5000/{repo}:{tag}",),
    steps=(
        Step(
            "pushed",
            Probe(
                "{repo}:{tag} in the registry is the image of the layout",
                pushed,
                expect.equals("the manifest in the layout"),
                mistakes=(
                    mistakes.seen_when(
                        "written anew",
                        "a digest is that of bytes: send the file as it is, not its JSON written a second time.",
                        lambda lab, value: value == "the same JSON in other bytes",
                    ),
                    mistakes.seen_when(
                        "no manifest under this tag",
                        "blobs have no tags: the tag is in the address that the manifest is PUT to.",
                        lambda lab, value: value is None,
                    ),
                    mistakes.seen_when(
                        "docker push",
                        'that works, too; here you are to do what it does. undo("08.3") begins anew.',
                        lambda lab, value: value == "pushed by the engine",
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "answer",
            Answer(
                "the digest that HEAD gives for {repo}:{tag}",
                oci.digest_in_registry("{repo}", "{tag}"),
                mistakes=(
                    mistakes.seen_when(
                        "the config's digest",
                        "that one is what engines without the containerd store call the image's id; a tag leads to a "
                        "manifest.",
                        lambda lab, value: value == _layout_manifest(lab)["manifest"]["config"]["digest"],
                    ),
                ),
            ),
            after="pushed",
        ),
    ),
    solution=(python(SEND, "well", "{tag}"),),
    answers=Output(HEAD),
    right=(
        Right("with curl", (CURL_PUSH,), answers=Output(ASK)),
        Right(
            "written anew first", (python(SEND, "anew", "{tag}"), python(SEND, "well", "{tag}")), answers=Output(ASK)
        ),
        Right(
            "by digest first, another tag too",
            (python(SEND, "well", "latest"), python(SEND, "well", "{tag}"), "docker pull 127.0.0.1:5000/{repo}:{tag}"),
            answers=Output(f"{ASK} | cut -d : -f 2"),
        ),
    ),
    wrong=(
        Wrong(
            "another image in the layout",
            (
                "python3 - <<'END'\n" + OTHER_LAYOUT + "END",
                python(SEND, "well", "{tag}"),
            ),
            says="another image than at the start",
            answers=Output(HEAD),
        ),
        Wrong(
            "blobs alone", (python(SEND, "blobs", "{tag}"),), says="no manifest under this tag", answers=Output(HEAD)
        ),
        Wrong(
            "another tag", (python(SEND, "well", "latest"),), says="no manifest under this tag", answers=Output(HEAD)
        ),
        Wrong("JSON written anew", (python(SEND, "anew", "{tag}"),), says="written anew", answers=Output(HEAD)),
        Wrong(
            "the config's digest",
            (python(SEND, "well", "{tag}"),),
            says="the config's digest",
            answers=Output(
                'python3 -c \'import glob; print(["sha256:" + name[-64:] for name in glob.glob("image/blobs/sha256/*")'
                ' if b"diff_ids" in open(name, "rb").read()][0])\''
            ),
        ),
    ),
    minutes=10,
)

# ---------------------------------------------------------------------------------------------------------------------

CHOOSE = """
import json, os, sys, urllib.request
what, platform = sys.argv[1:]
kinds = ["application/vnd.oci.image." + name + ".v1+json" for name in ("index", "manifest")]
def get(path):
    place = os.environ["COURSE_REGISTRY"] + "/v2/{repo}/" + path
    return urllib.request.urlopen(urllib.request.Request(place, headers=dict(Accept=", ".join(kinds))))
answer = get("manifests/latest")
if what == "index":
    sys.exit(print(answer.headers["Docker-Content-Digest"]))
for each in json.load(answer)["manifests"]:
    if "/".join(each["platform"].get(key, "") for key in ("os", "architecture", "variant")).strip("/") == platform:
        break
if what == "manifest":
    sys.exit(print(each["digest"]))
manifest = json.load(get("manifests/" + each["digest"]))
if what == "layer":
    sys.exit(print(manifest["layers"][0]["digest"]))
print(json.load(get("blobs/" + manifest["config"]["digest"]))["config"]["Labels"]["word"])
"""


def pick(what: str, platform: str = "{machine}", cut: str = "") -> Output:
    """The answer as the registry gives it; cut: only these of its characters, as a slice of Python's."""
    program = CHOOSE.replace('print(each["digest"])', f'print(each["digest"][{cut}])') if cut else CHOOSE
    return Output(python(program, what, platform))


# the tag now leads to a list of one: the image for amd64, said to be for the machine
OWN_INDEX = """
import json, os, urllib.request
kind = "application/vnd.oci.image.index.v1+json"
def send(method, path, data=None):
    place, head = os.environ["COURSE_REGISTRY"] + "/v2/{repo}/" + path, dict([("Content-Type", kind), ("Accept", kind)])
    return urllib.request.urlopen(urllib.request.Request(place, data, head, method=method)).read()
index = json.loads(send("GET", "manifests/latest"))
first = index["manifests"][0]
named = dict(zip(("os", "architecture", "variant"), "{machine}".split("/")))
index["manifests"] = [dict(first, platform=named), first]
send("PUT", "manifests/latest", json.dumps(index).encode())
open("told", "w").write(first["digest"])
"""


def _platforms(lab: Lab) -> dict[str, tuple[str, str]]:
    """Of the scene's index, whatever the tag leads to now: platform -> the manifest's digest and the word."""
    found = {}
    for _, descriptor, label in _made()["platforms"](lab.values["token"], lambda contents: None):
        named = (descriptor["platform"].get(key) for key in ("os", "architecture", "variant"))
        found["/".join(filter(None, named))] = (descriptor["digest"], label)
    return found


@look("curl -s $COURSE_REGISTRY/v2/{repo}/manifests/latest")
def manifest(lab: Lab) -> str:
    return _platforms(lab)[lab.values["machine"]][0]


@look("curl -s $COURSE_REGISTRY/v2/{repo}/blobs/CONFIG")
def word(lab: Lab) -> str:
    return _platforms(lab)[lab.values["machine"]][1]


def _other_manifest(lab: Lab, value: Any) -> bool:
    return str(value).strip().lower() in {digest for digest, _ in _platforms(lab).values()}


def _other_word(lab: Lab, value: Any) -> bool:
    return str(value).strip() in {label for _, label in _platforms(lab).values()}


CHOSEN = Exercise(
    id="08.4",
    title="One name, six machines",
    goal="The tag `latest` of `{repo}` leads to an index of six images. A machine with the platform `{machine}` pulls "
    "it. Which manifest does it take (`manifest`, its digest), and what is the label `word` in that image's config "
    '(`word`)? Answer with check("08.4", {"manifest": ..., "word": ...}).',
    seeds={
        "repo": Name("many"),
        "machine": Pick(("linux/arm/v6", "linux/arm/v7", "linux/arm64")),
        "token": Token(),
    },
    scene=Scene(files="files/scene", commands=("python3 make.py index {repo} {token} && rm make.py report", MARK)),
    steps=(
        Step(
            "manifest",
            Answer(
                "the manifest for {machine}",
                manifest,
                key="manifest",
                mistakes=(
                    mistakes.seen_when(
                        "the index itself",
                        "an index has a digest, too; it lists the manifests and is none.",
                        lambda lab, value: value == oci.digest_in_registry("{repo}", "latest").fetch(lab),
                    ),
                    mistakes.seen_when(
                        "the manifest of another platform",
                        "os, architecture and variant must all be those of the machine.",
                        _other_manifest,
                    ),
                ),
            ),
        ),
        Step(
            "word",
            Answer(
                "the label word in its config",
                word,
                key="word",
                mistakes=(
                    mistakes.seen_when("the word of another platform", "each image has its own config.", _other_word),
                ),
            ),
        ),
    ),
    answers={"manifest": pick("manifest"), "word": pick("word")},
    right=(
        Right("the digest cut short", answers={"manifest": pick("manifest", cut=":19"), "word": pick("word")}),
        Right("without its algorithm", answers={"manifest": pick("manifest", cut="7:"), "word": pick("word")}),
        Right(
            "pulled by its digest, with a container around",
            (
                "docker pull -q 127.0.0.1:5000/{repo}:latest; docker rmi 127.0.0.1:5000/{repo}:latest",
                "docker run -d --label course.lab=08.4 busybox sleep 60",
            ),
            answers={"manifest": pick("manifest"), "word": pick("word")},
        ),
    ),
    wrong=(
        Wrong("a letter", answers={"manifest": "e", "word": pick("word")}, says="your answer e"),
        Wrong(
            "an index of one's own",
            (python(OWN_INDEX),),
            answers={"manifest": Output("cat told"), "word": pick("word", "linux/amd64")},
            says="the manifest for",
        ),
        Wrong(
            "this machine's image",
            answers={"manifest": pick("manifest", "linux/amd64"), "word": pick("word", "linux/amd64")},
            says="the manifest of another platform",
        ),
        Wrong("the index", answers={"manifest": pick("index"), "word": pick("word")}, says="the index itself"),
        Wrong(
            "the layer",
            answers={"manifest": pick("layer"), "word": pick("word")},
            says="your answer sha256:",
        ),
        Wrong(
            "another word",
            answers={"manifest": pick("manifest"), "word": pick("word", "linux/s390x")},
            says="the word of another platform",
        ),
    ),
    minutes=7,
)

# ---------------------------------------------------------------------------------------------------------------------


REPORT = 'echo "host $(hostname), user $(id -u), group $(id -g), told: $*"'
TRIAL = bundles.told("bundle", "bin/report", REPORT)
FILES = bundles.differences(
    "bundle", {"bin/report": Path(__file__).with_name("files").joinpath("scene/report").read_bytes()}
)


def _configuration(lab: Lab) -> dict[str, Any]:
    return bundles.configuration(lab, "bundle")


MAKE = (
    "mkdir -p bundle/rootfs && docker export busybox-08.5 | tar -x -C bundle/rootfs",
    "cp report bundle/rootfs/bin/report",
    "cd bundle && engine-host runc spec",
)
EDIT = """
import json
config = json.load(open("bundle/config.json"))
process = config["process"]
process.update(terminal=False, args=["/bin/report", "{token}"])
process["user"] = dict(uid={number}, gid={number})
config["hostname"] = "{box}"
CHANGE
json.dump(config, open("bundle/config.json", "w"), indent=1)
"""


OTHER_ID = "cd bundle/rootfs/usr/bin && rm id && printf '#!/bin/sh\\necho {number}\\n' > id && chmod +x id"
ROOTLESS = "cp report bundle/rootfs/bin/report; cd bundle && engine-host runc spec --rootless"
# whose uidMappings know one user only
NO_USERS = """
linux = config["linux"]
linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] != "user"]
del linux["uidMappings"], linux["gidMappings"]
""".strip()


def edited(change: str = "pass") -> str:
    return python(EDIT.replace("CHANGE", change))


MADE = Exercise(
    id="08.5",
    title="A bundle",
    goal="Make a bundle in the folder `bundle` of $LAB: its root filesystem is that of the image `busybox` (there is a "
    "container `busybox-08.5` to export), with the program `report` added as /bin/report; its config.json has "
    "`/bin/report {token}` run as user {number} and group {number}, with the host name `{box}` and without a "
    "terminal.",
    seeds={"box": Name("box"), "number": Pick((1001, 1234, 2001, 4711)), "token": Token()},
    scene=Scene(
        files="files/scene",
        commands=("rm make.py; docker create --name busybox-{id} --label course.lab={id} busybox",),
    ),
    steps=(
        Step("host name", Probe("its host name is {box}", TRIAL, expect.contains("host {box},"))),
        Step(
            "user",
            Probe(
                "it runs as user and group {number}",
                TRIAL,
                expect.contains("user {number}, group {number},"),
                mistakes=(
                    mistakes.seen_when(
                        "still root",
                        "user and group are numbers under `process.user`: nobody looks names up for a runtime.",
                        lambda lab, value: "user 0," in value,
                    ),
                    mistakes.seen_when(
                        "the group is still root's",
                        "the user is another now; `process.user` has a number for the group, too.",
                        lambda lab, value: "group 0," in value and "user 0," not in value,
                    ),
                ),
            ),
        ),
        Step(
            "argument",
            Probe(
                "it is /bin/report that runs, and it is told {token}",
                TRIAL,
                expect.matches(r"^exit 0: .*told: {token}$", '"told: {token}" at its end'),
                mistakes=(
                    mistakes.seen_when(
                        "a terminal is asked for",
                        "`runc spec` writes `terminal: true`, and there is none here.",
                        lambda lab, value: _configuration(lab)["process"].get("terminal") is True,
                    ),
                ),
            ),
        ),
        Step(
            "files",
            State(
                "its root filesystem is busybox's, with the program report",
                FILES,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "another program",
                        "/bin/report is to be the file `report` as it is, and one that may be executed.",
                        lambda lab, value: any(line.startswith("bin/report") for line in value),
                    ),
                ),
            ),
        ),
    ),
    solution=(*MAKE, edited()),
    right=(
        Right("runc spec --rootless, without its users", (*MAKE[:2], ROOTLESS, edited(NO_USERS))),
        Right(
            "another folder, through env, in another order",
            (
                "mkdir bundle && cd bundle && engine-host runc spec",
                edited('config["root"]["path"] = "files"; process["args"].insert(0, "/bin/env")'),
                "mkdir bundle/files && docker cp busybox-08.5:/ - | tar -x -C bundle/files",
                "install -m 755 report bundle/files/bin/report",
            ),
        ),
        Right(
            "run before, with a terminal first",
            (
                *MAKE,
                edited('process["terminal"] = True'),
                edited(),
                "cd bundle && engine-host runc run tried; touch rootfs/mine",
            ),
        ),
    ),
    wrong=(
        Wrong("no host name", (*MAKE, edited('config["hostname"] = "runc"')), says="its host name is"),
        Wrong("only the user", (*MAKE, edited('process["user"]["gid"] = 0')), says="the group is still root's"),
        Wrong("only the group", (*MAKE, edited('process["user"]["uid"] = 0')), says="still root"),
        Wrong("terminal left", (*MAKE, edited('process["terminal"] = True')), says="a terminal is asked for"),
        Wrong("report not added", (*MAKE, edited(), "rm bundle/rootfs/bin/report"), says="bin/report is not there"),
        Wrong(
            "not executable",
            (*MAKE, edited(), "chmod 644 bundle/rootfs/bin/report"),
            says="bin/report may not be executed",
        ),
        Wrong(
            "says so, is not",
            (*MAKE, edited('process["args"] = ["echo", "host {box}, user {number}, group {number}, told: {token}"]')),
            says="not /bin/report that said so",
        ),
        Wrong(
            "a script that says so",
            (
                *MAKE,
                "printf '#!/bin/sh\necho host {box}, user {number}, group {number}, told: {token}\n' "
                "> bundle/rootfs/bin/report",
            ),
            says="its host name is",
        ),
        Wrong("another id", (*MAKE, edited(), OTHER_ID), says="usr/bin/id is another"),
        Wrong("without argument", (*MAKE, edited('process["args"] = ["/bin/report"]')), says="told:"),
    ),
    minutes=10,
)

# ---------------------------------------------------------------------------------------------------------------------


@look("cat bundle/config.json")
def changed(lab: Lab) -> list[str]:
    """Where config.json differs from yesterday's."""
    return sorted(_rows(_plain(_configuration(lab), lab)) ^ _rows(_plain(_yesterdays(lab), lab)))


def _yesterdays(lab: Lab) -> dict[str, Any]:
    """The scene's config.json without a fault, made anew beside it."""
    with tempfile.TemporaryDirectory(dir=lab.folder, prefix=".check-") as folder:
        subprocess.run(lab.sandbox().on_engine_host(["runc", "spec"]), cwd=folder, check=True, capture_output=True)
        words = (lab.values[key] for key in ("token", "box", "number"))
        _made()["bundle"](folder, "none", *words)
        return bundles.configuration(lab, Path(folder).name)


def _plain(config: dict[str, Any], lab: Lab) -> dict[str, Any]:
    """The configuration in one way of writing it: what differs now makes a difference."""
    root, linux = follow(config, ".root") or {}, follow(config, ".linux") or {}
    if os.path.normpath(lab.folder / "bundle" / str(follow(root, ".path"))) == str(lab.folder / "bundle" / "rootfs"):
        root = {**root, "path": "rootfs"}
    mounts = {}
    for each in config.get("mounts") or ():
        options = set(follow(each, ".options") or ())
        if follow(each, ".type") == "proc" and options <= {"nosuid", "noexec", "nodev"}:
            each = {"type": "proc"}  # Docker's has these options, and runc's has none
        mounts[str(follow(each, ".destination") or "/proc")] = each
    walls = {str(follow(each, ".type")): True for each in linux.get("namespaces") or ()}
    return {**config, "root": root, "mounts": mounts, "linux": {**linux, "namespaces": walls}}


def _rows(found: Any, path: str = "") -> set[str]:
    """`path value` of all there is in a document; what is empty is not there."""
    if isinstance(found, dict):
        return {row for key, each in found.items() for row in _rows(each, f"{path}.{key}" if path else str(key))}
    return {f"{path} {json.dumps(found)}"} if found or (found == 0 and found is not False) else set()


MEND = """
import json, os
config = json.load(open("bundle/config.json"))
config["root"]["path"] = "rootfs"
config["process"]["user"]["uid"] = {number}
have = [each["type"] for each in config["linux"]["namespaces"]]
config["linux"]["namespaces"] += [dict(type="uts")] * ("uts" not in have)
if not any(each["destination"] == "/proc" for each in config["mounts"]):
    config["mounts"].insert(0, dict(destination="/proc", type="proc", source="proc"))
CHANGE
json.dump(config, open("bundle/config.json", "w"), indent=1)
"""


def mended(change: str = "pass") -> str:
    return python(MEND.replace("CHANGE", change))


HUNT = Exercise(
    id="08.6",
    title="The bundle that ran yesterday",
    goal="Yesterday the bundle in the folder `bundle` of $LAB ran as user {number} with the host name `{box}`, and "
    "told `{token}`. Then somebody edited its config.json. Find the fault and mend it; all else stays as it is.",
    seeds={
        "fault": Pick(("root", "user", "uts", "proc")),
        "box": Name("box"),
        "number": Pick((1001, 1234, 2001, 4711)),
        "token": Token(),
    },
    scene=Scene(
        files="files/scene",
        commands=(
            "docker create --name busybox-{id} --label course.lab={id} busybox",
            "mkdir -p bundle/rootfs && docker export busybox-{id} | tar -x -C bundle/rootfs",
            "mv report bundle/rootfs/bin/report && cd bundle && engine-host runc spec",
            "python3 make.py bundle bundle {fault} {token} {box} {number} && rm make.py",
        ),
    ),
    steps=(
        Step(
            "runs",
            Probe(
                "it runs as it did yesterday",
                oci.run("bundle"),
                expect.contains("exit 0: host {box}, user {number}, group {number}, told: {token}"),
                mistakes=(
                    mistakes.seen_when(
                        "another configuration",
                        "`runc spec` writes a new one, which knows nothing of this program; undo brings the old one.",
                        lambda lab, value: lab.values["token"] not in json.dumps(_configuration(lab)),
                    ),
                ),
            ),
            State(
                "all else is as it was yesterday",
                changed,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "a wall was taken down",
                        "what is not listed, the container shares with the machine.",
                        lambda lab, value: any(line.startswith("linux.namespaces") for line in value),
                    ),
                    mistakes.seen_when(
                        "more than the fault was changed",
                        "the lines above differ between your config.json and yesterday's. "
                        'undo("08.6") brings back the one with the fault alone.',
                        lambda lab, value: True,
                    ),
                ),
            ),
            State("its files are those of yesterday", FILES, expect.absent()),
            points=3,
        ),
    ),
    solution=(mended(),),
    right=(
        Right(
            "proc as Docker mounts it, the path in full",
            (
                mended(
                    '[each.update(options=["nosuid", "noexec", "nodev"]) for each in config["mounts"] '
                    'if each["type"] == "proc"]; config["root"]["path"] = os.getcwd() + "/bundle/rootfs"'
                ),
            ),
        ),
        Right(
            "with sed, run in between",
            (
                "cd bundle && engine-host runc run tried",
                mended('config["linux"]["namespaces"].reverse()'),
                "cd bundle && engine-host runc run tried; touch rootfs/mine",
            ),
        ),
        Right(
            "written anew from runc spec",
            (
                "cd bundle && rm config.json && engine-host runc spec",
                edited(),
            ),
        ),
    ),
    wrong=(
        Wrong(
            "a script that says so",
            (
                mended('config["process"]["user"] = dict(uid=0, gid=0)'),
                "printf '#!/bin/sh\necho host {box}, user {number}, group {number}, told: {token}\n' "
                "> bundle/rootfs/bin/report",
            ),
            says="more than the fault was changed",
        ),
        Wrong("another id", (mended(), OTHER_ID), says="usr/bin/id is another"),
        Wrong(
            "a file in the place of proc",
            (mended(), "rmdir bundle/rootfs/proc; echo > bundle/rootfs/proc"),
            says="exit 1",
        ),
        Wrong(
            "more rights",
            (mended('config["process"]["capabilities"]["bounding"].append("CAP_CHOWN")'),),
            says="more than the fault was changed",
        ),
        Wrong(
            "a new configuration",
            ("cd bundle && rm config.json && engine-host runc spec",),
            says="another configuration",
        ),
        Wrong(
            "without a network of its own",
            (mended('walls = config["linux"]["namespaces"]; walls.remove(dict(type="network"))'),),
            says="a wall was taken down",
        ),
        Wrong("as root", (mended('config["process"]["user"] = dict(uid=0, gid=0)'),), says="user 0, group 0"),
        Wrong("another name", (mended('config["hostname"] = "yesterday"'),), says="host yesterday"),
    ),
    minutes=10,
)

EXERCISES = (PULLED, WRITTEN, PUSHED, CHOSEN, MADE, HUNT)

PREDICTIONS = (
    Prediction(
        "08.p1",
        "An image is `busybox` plus one layer, made by `RUN rm /bin/vi`. How does that layer say that vi is gone?",
        (
            "It holds all files of the image except vi",
            "It holds an empty file with a special name",
            "The manifest has a list of removed files",
        ),
        "b",
        "A layer can only add entries, so removal is an entry, too: `.wh.vi`, a whiteout.",
    ),
    Prediction(
        "08.p6",
        "Both layers are applied in the folder `trial`, one after the other. "
        "What does the file `letter` beside it say?",
        (
            "`mine, and in no image`: it is outside of the folder",
            "`of the image`: the second layer was written through the link",
            "Nothing: an error ends the unpacking",
        ),
        "b",
        "Opened for writing, a symbolic link is the file it leads to.",
    ),
    Prediction(
        "08.p2",
        "The layer is stored in the engine, under its right name. Now the archive with the wrong bytes is loaded. "
        "What does the engine say, and what does a container print?",
        ("Refused", "Loaded; a container prints Jello", "Loaded; a container prints Hello"),
        "c",
        "Layers are found by their digest. One it has already, the engine does not take again.",
    ),
    Prediction(
        "08.p3",
        "The manifest is sent to the registry before its layer and its config. What does the registry answer?",
        ("201, created", "202, accepted: the rest may come later", "400, an error"),
        "c",
        "A registry refuses a manifest that names blobs it does not have: what it hands out can be pulled whole.",
    ),
    Prediction(
        "08.p4",
        "`runc create` has ended without an error. Has the program in the container run?",
        ("Yes, and it ended", "Yes, it still runs", "No"),
        "c",
        "After `create` all walls stand, and in them waits runc's own process. `start` lets it become your program.",
    ),
    Prediction(
        "08.p5",
        "A container is created. Then somebody edits its program in rootfs. Then it is started. Which text comes?",
        ("The old one: create has read it", "The new one", "Neither: runc notices and refuses"),
        "b",
        "The program is opened when it is started. A digest protects an image on its way, and no longer the files of a "
        "bundle.",
    ),
)

QUIZZES = (
    Quiz(
        "08.q1",
        "A layer is compressed again, a little better than before. What changes?",
        (
            Choice("Its digest in the manifest", "It names the blob as it is stored.", right=True),
            Choice("Its diff_id in the config", "It names the archive before compression, which is the same."),
            Choice("The digest of the manifest", "The manifest has other bytes now.", right=True),
            Choice("The files in a container", "They come from the same archive."),
        ),
    ),
    Quiz(
        "08.q2",
        "Which of these has the Open Container Initiative specified?",
        (
            Choice("How an image is laid out", "The image specification.", right=True),
            Choice("How an image is fetched over HTTP", "The distribution specification.", right=True),
            Choice("The Dockerfile", "It is Docker's; builders other than Docker's read it, too."),
            Choice("How Kubernetes talks to a node's engine", "That is CRI, and it is Kubernetes' own."),
            Choice("How a container is started from a bundle", "The runtime specification.", right=True),
        ),
    ),
    Quiz(
        "08.q3",
        "Where in this lesson was a changed byte noticed?",
        (
            Choice("By the JSON schema", "It knows what a digest looks like, and not which one is right."),
            Choice("By the registry, at the upload", "It computes the digest of what comes.", right=True),
            Choice("By `docker load` of a layer it did not have", "It computes the digest.", right=True),
            Choice("By `docker load` of a layer it had", "It did not look at the bytes."),
            Choice("By runc, in the bundle", "A runtime knows no digests."),
        ),
    ),
    Quiz(
        "08.q4",
        "A tag such as `latest` is moved to another image in the registry. What can somebody do who must have the same "
        "image tomorrow?",
        (
            Choice("Pull by digest, name@sha256:...", "A digest can only ever mean those bytes.", right=True),
            Choice("Ask for the tag again with HEAD", "It gives the new digest."),
            Choice("Nothing", "The old manifest is there as long as the registry keeps it, under its digest."),
        ),
    ),
)
