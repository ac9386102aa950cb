"""Lead {repo}:latest to a list that tells an image of another platform for the machine's own."""

import json
import os
import urllib.request
from typing import Any

kind = "application/vnd.oci.image.index.v1+json"


def send(method: str, path: str, data: bytes | None = None) -> Any:
    place, head = os.environ["COURSE_REGISTRY"] + "/v2/{repo}/" + path, dict([("Content-Type", kind), ("Accept", kind)])
    return urllib.request.urlopen(urllib.request.Request(place, data, head, method=method)).read()


index = json.loads(send("GET", "manifests/latest"))
first = index["manifests"][0]
machine = "{machine}"
named = dict(zip(("os", "architecture", "variant"), machine.split("/"), strict=False))
index["manifests"] = [dict(first, platform=named), first]
send("PUT", "manifests/latest", json.dumps(index).encode())
open("told", "w").write(first["digest"])
