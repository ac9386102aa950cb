"""Write a layout of one image into the folder image, of a text. The second word: well, or the mistake to make."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from typing import Any

text, how = sys.argv[1:]
kind = "application/vnd.oci.image."


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(described: dict[str, Any]) -> str:
    return "blobs/" + str(described["digest"]).replace(":", "/")


def store(data: bytes, name: str) -> dict[str, Any]:
    described: dict[str, Any] = dict(mediaType=kind + name, digest=digest(data), size=len(data))
    os.makedirs("image/blobs/sha256", exist_ok=True)
    open("image/" + blob(described), "wb").write(data)
    return described


files = [("bin/busybox", open("busybox", "rb").read()), ("message", text.encode() + b"\n")]


def archive(files: list[tuple[str, bytes]]) -> bytes:
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
