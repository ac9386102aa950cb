"""Pull {repo}:1 into rootfs. The word: well, or the mistake to make."""

import io
import json
import os
import shutil
import sys
import tarfile
import urllib.request

how = sys.argv[1]


def get(path: str) -> bytes:
    head = dict(Accept="application/vnd.oci.image.manifest.v1+json")
    asked = urllib.request.Request(os.environ["COURSE_REGISTRY"] + path, headers=head)
    return bytes(urllib.request.urlopen(asked).read())


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def place(name: str) -> str:
    folder, last = os.path.split(os.path.normpath("/./" + name))
    if folder == "/":
        return os.path.join("rootfs", last)
    above = place(folder)
    if os.path.islink(above):
        return place(os.path.join("/", os.path.relpath(os.path.dirname(above), "rootfs"), os.readlink(above), last))
    return os.path.join(above, last)


def put(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
    path = place(entry.name)
    if how == "followed" and entry.isfile():
        contents = tar.extractfile(entry)
        assert contents
        open(path, "wb").write(contents.read())
        return
    if not (entry.isdir() and os.path.isdir(path) and not os.path.islink(path)):
        remove(path)
    if entry.islnk():
        os.link(place(entry.linkname), path, follow_symlinks=False)
    elif not entry.isdev():
        entry.name = path
        tar.extract(entry, "", numeric_owner=True)


def takes(entry: tarfile.TarInfo) -> bool:
    return os.path.basename(entry.name).startswith(".wh.")


listed = json.loads(get("/v2/{repo}/manifests/1"))["layers"]
if how == "first":
    listed = listed[:1]
if how == "backwards":
    listed = listed[::-1]
for each in listed:
    with tarfile.open(fileobj=io.BytesIO(get("/v2/{repo}/blobs/" + each["digest"]))) as tar:
        tar.extraction_filter = lambda entry, path: entry
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
