"""Lesson 08: an image pulled, written, pushed and chosen by hand, a bundle made, a broken one mended."""

from __future__ import annotations

import json
import uuid
from typing import Any

from labsupport.errors import ImageDataError
from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Lab,
    Missing,
    Name,
    Output,
    Pick,
    Prediction,
    Probe,
    Quiz,
    Scene,
    State,
    Step,
    Token,
    Wrong,
    expect,
    look,
    mistakes,
    oci,
    probes,
)
from labsupport.exercises.looks import follow
from labsupport.oci import tree, verify
from labsupport.oci.reading import Joined, document

# something of the scene in the engine, by which a later begin() knows that it is set up
MARK = "docker volume create --label course.lab={id} scene-{id}"
BUSYBOX = "docker create --name busybox-{id} --label course.lab={id} busybox && docker cp busybox-{id}:/bin/busybox ."


def python(program: str, *words: str) -> str:
    """A shell command that runs a program given as text."""
    return f"python3 - {' '.join(words)} <<'END'\n{program}END"


# ---------------------------------------------------------------------------------------------------------------------


@look("diff -r rootfs THE-ENGINE'S-OWN")
def from_the_engines(lab: Lab) -> list[str]:
    """How $LAB/rootfs differs from what the engine unpacks, which it pulls by digest for the purpose."""
    folder = lab.folder / "rootfs"
    if not folder.is_dir():
        raise Missing("there is no folder rootfs")
    digest = oci.digest_in_registry("{repo}", "1").fetch(lab)
    name = f"{lab.fill('127.0.0.1:5000/{repo}')}@{digest}"
    lab.client.images.pull(name)
    container = lab.client.containers.create(name, labels={"course.lab": "probe"}, name=f"probe-{uuid.uuid4().hex[:8]}")
    try:
        theirs = tree.of_archive(Joined(container.export()))
        return tree.differences(tree.of_folder(folder), theirs, ("yours", "the engine's"))
    except ImageDataError as error:
        raise Missing(error.message) from None
    finally:
        container.remove(force=True)
        lab.client.images.remove(name, force=True)


@look("docker events --since 1h --until 0s --filter type=image --filter event=pull")
def pulls(lab: Lab) -> list[str]:
    """Pulls of the tag; this lesson's check pulls by digest."""
    wanted = lab.fill("127.0.0.1:5000/{repo}:1")
    pulled = [event for event in lab.events(lab.since) if event.get("Action") == "pull"]
    return [wanted for event in pulled if (event.get("Actor") or {}).get("ID") == wanted]


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

PULLED = Exercise(
    id="08.1",
    title="Pull by hand",
    goal="The registry has an image `{repo}` with the tag `1`. Ask for it with HTTP requests alone, and apply its "
    "layers in their order in the folder `rootfs` of $LAB (exercises/08.1). In the end it must be the file tree "
    "that the engine would give a container of this image. One layer holds a `.wh..wh..opq`.",
    seeds={"repo": Name("menu"), "token": Token()},
    scene=Scene(files="files/scene", commands=("python3 make.py menu {repo} {token} && rm make.py report", MARK)),
    owns=("image:127.0.0.1:5000/{repo}:1", "container:{repo}"),
    steps=(
        Step(
            "tree",
            Probe(
                "rootfs is the tree that the engine makes of these layers",
                from_the_engines,
                expect.absent(),
                mistakes=(
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
            Did(
                "the engine has not pulled {repo}:1",
                pulls,
                expect.absent(),
                mistakes=(
                    mistakes.seen_when(
                        "done by the engine",
                        "that works; here you are to do what `docker pull` does.",
                        lambda lab, value: bool(value),
                    ),
                ),
            ),
            points=3,
        ),
    ),
    solution=(python(PULL, "well"),),
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
                "docker create --name {repo} --label course.lab=08.1 127.0.0.1:5000/{repo}:1",
                "mkdir rootfs; docker export {repo} | tar -x -C rootfs",
            ),
            says="done by the engine",
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


@look("docker image inspect {image} --format '{{json .RootFS.Layers}}'")
def whose(lab: Lab) -> str:
    """Whether the image in the engine has the layers that the layout's config names."""
    layers = lab.inspect("image", "{image}")["RootFS"]["Layers"]
    written = [verify.diff_ids(image["config"]) for image in verify.images(lab.folder / "image")]
    return "the one in the folder image" if layers in written else "one with other layers"


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
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w") as tar:
    for name, data in (("bin/busybox", open("busybox", "rb").read()), ("message", text.encode())):
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o755
        tar.addfile(entry, io.BytesIO(data))
packed = gzip.compress(out.getvalue(), mtime=0)
machine = dict(aarch64="arm64").get(os.uname().machine, "amd64")
run = dict(Cmd=["/bin/busybox", "echo" if how == "echo" else "cat", "/message"])
roots = dict(type="layers", diff_ids=[digest(packed if how == "packed" else out.getvalue())])
config = store(json.dumps(dict(architecture=machine, os="linux", config=run, rootfs=roots)).encode(), "config.v1+json")
layer = store(packed, "layer.v1.tar+gzip")
if how == "size":
    layer["size"] += 1
whole = dict(schemaVersion=2, mediaType=kind + "manifest.v1+json", config=config, layers=[layer])
manifest = store(json.dumps(whole).encode(), "manifest.v1+json")
if how != "pure":
    manifest["annotations"] = dict([("io.containerd.image.name", "docker.io/library/{image}:latest")])
json.dump(dict(schemaVersion=2, manifests=[manifest]), open("image/index.json", "w"))
json.dump(dict(imageLayoutVersion="1.0.0"), open("image/oci-layout", "w"))
if how != "pure":
    listed = [dict(Config=blob(config), RepoTags=["{image}:latest"], Layers=[blob(layer)])]
    json.dump(listed, open("image/manifest.json", "w"))
"""
LOAD = "tar -C image -cf - . | docker load"

WRITTEN = Exercise(
    id="08.2",
    title="An image of your own bytes",
    goal="Write an image layout into the folder `image` of $LAB: one layer with /bin/busybox (the file `busybox` is "
    "there) and /message, which says `{token}`; a config whose command prints the message; manifest, index and "
    "`oci-layout`. Add what tells `docker load` its name (`manifest.json` and an annotation, as in the lesson), and "
    "load it as `{image}`.",
    seeds={"image": Name("mine"), "token": Token()},
    scene=Scene(files="files/scene", commands=("rm make.py report", BUSYBOX)),
    owns=("image:{image}",),
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
            Probe("a container of {image} prints {token}", probes.run("{image}"), expect.contains("exit 0: {token}")),
        ),
    ),
    solution=(python(WRITE, "{token}", "well"), LOAD),
    wrong=(
        Wrong(
            "diff id of the packed layer", (python(WRITE, "{token}", "packed"), LOAD), says="two digests of one layer"
        ),
        Wrong("one byte too many", (python(WRITE, "{token}", "size"), LOAD), says="descriptor says"),
        Wrong("without manifest.json", (python(WRITE, "{token}", "pure"), LOAD), says="there is no image called"),
        Wrong("echo for cat", (python(WRITE, "{token}", "echo"), LOAD), says="exit 0: /message"),
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
    found = verify.images(lab.folder / "image")
    if not found:
        raise Missing("the folder image holds no image")
    return found[0]


@look("curl -sI $COURSE_REGISTRY/v2/{repo}/manifests/{tag}")
def pushed(lab: Lab) -> str | None:
    """What the registry has under the tag."""
    wanted = _layout_manifest(lab)
    answer = oci.fetch(lab, "/v2/{repo}/manifests/{tag}")
    if answer is None:
        return None
    if answer[0].get("docker-content-digest") == wanted["descriptor"]["digest"]:
        return "the manifest in the layout"
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
HEAD = 'python3 -c \'import json; print(json.load(open("image/index.json"))["manifests"][0]["digest"])\''

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
    wrong=(
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


def pick(what: str, platform: str = "{machine}") -> Output:
    return Output(python(CHOOSE, what, platform))


@look("curl -s $COURSE_REGISTRY/v2/{repo}/blobs/CONFIG")
def word(lab: Lab) -> str:
    digest = oci.chosen("{repo}", "{machine}").fetch(lab)["digest"]
    return str(follow(oci.config_of(lab, "{repo}", digest), ".config.Labels.word"))


def _other_word(lab: Lab, value: Any) -> bool:
    return str(value).rpartition("-")[0] == lab.values["token"]


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
                oci.chosen("{repo}", "{machine}").then(lambda descriptor: descriptor["digest"]),
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
                        lambda lab, value: value in str(oci.fetch(lab, "/v2/{repo}/manifests/latest")),
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
    wrong=(
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


@look("grep -A 4 '\"args\"' bundle/config.json")
def arguments(lab: Lab) -> Any:
    return follow(_configuration(lab), ".process.args")


def _configuration(lab: Lab) -> dict[str, Any]:
    folder = lab.folder / "bundle"
    if not (folder / "config.json").exists():
        raise Missing("there is no config.json in bundle")
    try:
        found = document(folder / "config.json", folder)
    except ImageDataError as error:
        raise Missing(error.message) from None
    if not isinstance(found, dict):
        raise Missing("bundle/config.json is no JSON object")
    return found


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
        Step("host name", Probe("its host name is {box}", oci.run("bundle"), expect.contains("host {box},"))),
        Step(
            "user",
            Probe(
                "it runs as user and group {number}",
                oci.run("bundle"),
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
            State("its arguments are /bin/report and {token}", arguments, expect.equals(["/bin/report", "{token}"])),
            Probe(
                "and it ran",
                oci.run("bundle"),
                expect.contains("told: {token}"),
                mistakes=(
                    mistakes.seen_when(
                        "a terminal is asked for",
                        "`runc spec` writes `terminal: true`, and there is none here.",
                        lambda lab, value: _configuration(lab)["process"].get("terminal") is True,
                    ),
                ),
            ),
        ),
    ),
    solution=(*MAKE, edited()),
    wrong=(
        Wrong("no host name", (*MAKE, edited('config["hostname"] = "runc"')), says="its host name is"),
        Wrong("only the user", (*MAKE, edited('process["user"]["gid"] = 0')), says="the group is still root's"),
        Wrong("only the group", (*MAKE, edited('process["user"]["uid"] = 0')), says="still root"),
        Wrong("terminal left", (*MAKE, edited('process["terminal"] = True')), says="a terminal is asked for"),
        Wrong("report not added", (*MAKE, edited(), "rm bundle/rootfs/bin/report"), says="/bin/report"),
        Wrong(
            "not executable",
            (*MAKE, edited(), "printf '#!/bin/sh\\necho told: nothing' > bundle/rootfs/bin/report"),
            says="and it ran",
        ),
        Wrong(
            "says so, is not",
            (*MAKE, edited('process["args"] = ["echo", "host {box}, user {number}, group {number}, told: {token}"]')),
            says="its arguments are",
        ),
        Wrong("without argument", (*MAKE, edited('process["args"] = ["/bin/report"]')), says="its arguments are"),
    ),
    minutes=10,
)

# ---------------------------------------------------------------------------------------------------------------------


@look("grep -A 20 '\"namespaces\"' bundle/config.json")
def namespaces(lab: Lab) -> list[str]:
    listed = follow(_configuration(lab), ".linux.namespaces")
    return sorted(str(follow(each, ".type")) for each in listed) if isinstance(listed, list) else []


MEND = """
import json
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
                "it still has its five namespaces",
                namespaces,
                expect.equals(["ipc", "mount", "network", "pid", "uts"]),
                mistakes=(
                    mistakes.seen_when(
                        "a wall was taken down",
                        "what is not listed, the container shares with the machine.",
                        lambda lab, value: len(value) < 5,
                    ),
                ),
            ),
            points=3,
        ),
    ),
    solution=(mended(),),
    wrong=(
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
