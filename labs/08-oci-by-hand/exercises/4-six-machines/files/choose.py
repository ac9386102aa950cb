"""Find a platform's manifest, layer or word behind {repo}:latest, or the digest of the list itself."""

import json
import os
import sys
import urllib.request
from typing import Any

what, platform = sys.argv[1:]
kinds = ["application/vnd.oci.image." + name + ".v1+json" for name in ("index", "manifest")]


def get(path: str) -> Any:
    place = os.environ["COURSE_REGISTRY"] + "/v2/{repo}/" + path
    return urllib.request.urlopen(urllib.request.Request(place, headers=dict(Accept=", ".join(kinds))))


answer = get("manifests/latest")
if what == "index":
    print(answer.headers["Docker-Content-Digest"])
    sys.exit()
for each in json.load(answer)["manifests"]:
    if "/".join(each["platform"].get(key, "") for key in ("os", "architecture", "variant")).strip("/") == platform:
        break
if what == "manifest":
    print(each["digest"])
    sys.exit()
manifest = json.load(get("manifests/" + each["digest"]))
if what == "layer":
    print(manifest["layers"][0]["digest"])
    sys.exit()
print(json.load(get("blobs/" + manifest["config"]["digest"]))["config"]["Labels"]["word"])
