"""Sets the scenes of this lesson's exercises up: layouts, images in the registry, a bundle.

make.py layout FOLDER TEXT      an image layout with one layer; needs ./busybox
make.py menu REPOSITORY TEXT    pushes an image of three layers with whiteouts, and with an empty config
make.py index REPOSITORY TEXT   pushes an index of six manifests; the text is in one config each, with its platform
make.py bundle FOLDER FAULT TEXT HOST USER     a config.json beside rootfs, with one fault

The checks call menu_layers, platforms and bundle: the same words make the same bytes again.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import secrets
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

TYPE = "application/vnd.oci.image."
MANIFEST, INDEX = TYPE + "manifest.v1+json", TYPE + "index.v1+json"
CONFIG, LAYER, EMPTY = TYPE + "config.v1+json", TYPE + "layer.v1.tar+gzip", "application/vnd.oci.empty.v1+json"


def describe(contents, kind):
    return {"mediaType": kind, "digest": digest(contents), "size": len(contents)}


def digest(contents):
    return "sha256:" + hashlib.sha256(contents).hexdigest()


def archive(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, contents, mode in entries:
            entry = tarfile.TarInfo(name)
            entry.mode = mode
            if contents is None:
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            elif contents.startswith(b"-> "):
                entry.type, entry.linkname = tarfile.SYMTYPE, contents[3:].decode()
                tar.addfile(entry)
            else:
                entry.size = len(contents)
                tar.addfile(entry, io.BytesIO(contents))
    return out.getvalue()


def image(tars, run, store, architecture="amd64", packed=True, **labels):
    """Store the blobs of an image; return its manifest's bytes. A label that is never twice the same makes it new."""
    layers = [gzip.compress(tar, mtime=0) if packed else tar for tar in tars]
    settings = {"Cmd": run, "Labels": labels or {"made": secrets.token_hex(8)}}
    roots = {"type": "layers", "diff_ids": [digest(tar) for tar in tars]}
    config = json.dumps({"architecture": architecture, "os": "linux", "config": settings, "rootfs": roots}).encode()
    for contents in (*layers, config):
        store(contents)
    return manifest_of(layers, describe(config, CONFIG), LAYER if packed else LAYER.removesuffix("+gzip"))


def manifest_of(layers, config, kind):
    listed = [describe(layer, kind) for layer in layers]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": listed}
    return json.dumps(manifest).encode()


def request(method, address, contents=None, kind="application/octet-stream"):
    if not address.startswith("http"):
        address = os.environ["COURSE_REGISTRY"] + address
    asked = urllib.request.Request(address, contents, {"Content-Type": kind, "Accept": kind}, method=method)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return answer.headers


def uploader(repository):
    def store(contents):
        place = request("POST", f"/v2/{repository}/blobs/uploads/", b"")["Location"]
        request("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest(contents)}", contents)

    return store


def layout(folder, text):
    def store(contents):
        path = Path(folder, "blobs", digest(contents).replace(":", "/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)

    busybox = Path("busybox").read_bytes()
    tar = archive([("bin/busybox", busybox, 0o755), ("message", text.encode() + b"\n", 0o644)])
    manifest = image([tar], ["/bin/busybox", "cat", "/message"], store)
    store(manifest)
    Path(folder, "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}\n')
    Path(folder, "index.json").write_text(
        json.dumps({"schemaVersion": 2, "manifests": [describe(manifest, MANIFEST)]}, indent=1) + "\n"
    )


def forget(repository, tag):
    with contextlib.suppress(urllib.error.HTTPError):  # 404: nothing to forget
        known = request("HEAD", f"/v2/{repository}/manifests/{tag}", None, MANIFEST)["Docker-Content-Digest"]
        request("DELETE", f"/v2/{repository}/manifests/{known}")


def menu_layers(text):
    first = [
        ("etc", None, 0o755),
        ("menu", None, 0o755),
        ("menu/monday", b"soup\n", 0o644),
        ("menu/friday", b"fish\n", 0o644),
    ]
    first += [("drinks", None, 0o755), ("drinks/tea", b"hot\n", 0o644), ("drinks/juice", b"cold\n", 0o644)]
    first += [("today", b"-> menu/monday", 0o777), ("cellar", None, 0o755), ("cellar/mouse", b"squeak\n", 0o600)]
    first += [("board", b"-> menu/friday", 0o777)]
    second = [("menu/.wh.monday", b"", 0o644), ("menu/sunday", text.encode() + b"\n", 0o644)]
    second += [("today", b"-> menu/sunday", 0o777), (".wh.cellar", b"", 0o644)]
    second += [("board", b"no fish today\n", 0o644)]  # a file takes a link's place
    # an opaque whiteout is about the layers below, wherever it stands in its own: once behind a file, once before one
    third = [("drinks", None, 0o755), ("drinks/water", b"still\n", 0o640), ("drinks/.wh..wh..opq", b"", 0o644)]
    third += [("drinks/syrup", b"sweet\n", 0o640)]
    return [archive(part) for part in (first, second, third)]


def menu(repository, text):
    # no engine takes an image with an empty config: nobody else can pull it
    store, empty = uploader(repository), b"{}"
    layers = [gzip.compress(tar, mtime=0) for tar in menu_layers(text)]
    for contents in (*layers, empty):
        store(contents)
    request("PUT", f"/v2/{repository}/manifests/1", manifest_of(layers, describe(empty, EMPTY), LAYER), MANIFEST)


def platforms(text, store):
    """For each platform the manifest, its descriptor, and the word in its config.

    Layers are not packed: how gzip packs differs from one Python to the next.
    """
    for place, name in enumerate(("amd64", "arm64", "arm/v6", "arm/v7", "s390x", "ppc64le")):
        architecture, _, variant = name.partition("/")
        word = f"{text}-{place}"
        tar = archive([("word", word.encode(), 0o644)])
        manifest = image([tar], ["/none"], store, architecture, packed=False, word=word)
        platform = {"os": "linux", "architecture": architecture, **({"variant": variant} if variant else {})}
        yield manifest, {**describe(manifest, MANIFEST), "platform": platform}, word


def index(repository, text):
    listed = []
    for manifest, descriptor, _ in platforms(text, uploader(repository)):
        request("PUT", f"/v2/{repository}/manifests/{descriptor['digest']}", manifest, MANIFEST)
        listed.append(descriptor)
    whole = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    request("PUT", f"/v2/{repository}/manifests/latest", whole, INDEX)


def bundle(folder, fault, text, host, user):
    path = Path(folder, "config.json")
    config = json.loads(path.read_text())
    process = config["process"]
    process.update(terminal=False, args=["/bin/report", text], user={"uid": int(user), "gid": int(user)})
    config["hostname"] = host
    if fault == "root":
        config["root"]["path"] = "root"
    elif fault == "user":
        process["user"]["uid"] = user
    elif fault == "uts":
        kept = [each for each in config["linux"]["namespaces"] if each["type"] != "uts"]
        config["linux"]["namespaces"] = kept
    elif fault == "proc":
        config["mounts"] = [each for each in config["mounts"] if each["destination"] != "/proc"]
    path.write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    {"layout": layout, "forget": forget, "menu": menu, "index": index, "bundle": bundle}[sys.argv[1]](*sys.argv[2:])
