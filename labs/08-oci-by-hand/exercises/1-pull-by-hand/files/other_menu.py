"""Move the tag 1 of {repo} to another image, in the registry."""

import gzip
import hashlib
import io
import json
import os
import tarfile
import urllib.request
from typing import Any


def send(method: str, path: str, data: bytes = b"", kind: str = "application/octet-stream") -> Any:
    place = path if path.startswith("http") else os.environ["COURSE_REGISTRY"] + path
    return urllib.request.urlopen(urllib.request.Request(place, data, dict([("Content-Type", kind)]), method=method))


def store(data: bytes) -> dict[str, Any]:
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
