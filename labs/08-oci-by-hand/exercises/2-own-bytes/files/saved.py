"""Let the engine make the image, and write the layout of what it saves."""

import hashlib
import json
import os
import subprocess
import tarfile
from typing import Any

kind = "application/vnd.oci.image."


def store(data: bytes, name: str) -> dict[str, Any]:
    told = hashlib.sha256(data).hexdigest()
    os.makedirs("image/blobs/sha256", exist_ok=True)
    open("image/blobs/sha256/" + told, "wb").write(data)
    return dict(mediaType=kind + name, digest="sha256:" + told, size=len(data))


os.makedirs("tree/bin")
os.rename("busybox", "tree/bin/busybox")
open("tree/message", "w").write("{token}\n")
subprocess.run("tar -C tree -cf tree.tar bin message", shell=True, check=True)
command = 'CMD ["/bin/busybox", "cat", "/message"]'
subprocess.run(["docker", "import", "-c", command, "tree.tar", "{image}"], check=True)
subprocess.run(["docker", "save", "{image}", "-o", "s.tar"], check=True)
saved = tarfile.open("s.tar")


def read(name: str) -> bytes:
    found = saved.extractfile(name)
    assert found
    return found.read()


entry = json.loads(read("manifest.json"))[0]
config = store(read(entry["Config"]), "config.v1+json")
layers = [store(read(name), "layer.v1.tar") for name in entry["Layers"]]
whole = dict(schemaVersion=2, mediaType=kind + "manifest.v1+json", config=config, layers=layers)
top = store(json.dumps(whole).encode(), "manifest.v1+json")
json.dump(dict(schemaVersion=2, manifests=[top]), open("image/index.json", "w"))
json.dump(dict(imageLayoutVersion="1.0.0"), open("image/oci-layout", "w"))
