"""08.3 Push by hand."""

from pathlib import Path
from typing import Any

from labsupport.exercises.author import *
from labsupport.oci import verify

from ...shared import BUSYBOX, digest_in, python


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


PROGRAMS = Path(__file__).with_name("files")
SEND = (PROGRAMS / "send.py").read_text(encoding="utf-8")
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
OTHER_LAYOUT = (PROGRAMS / "other_layout.py").read_text(encoding="utf-8")

EXERCISE = Exercise(
    id="08.3",
    title="Push by hand",
    goal="The folder `image` of $LAB is a layout with one image. Push it to the registry as `{repo}` with the tag "
    "`{tag}`, with HTTP requests alone. Then ask for the tag with HEAD, and answer with the digest that the registry "
    "gives for it.",
    seeds={"repo": Name("parcel"), "tag": Pick(("first", "blue", "spring", "north")), "token": Token()},
    scene=Scene(
        files="../../files/scene",
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
                    Mistake(
                        "written anew",
                        "a digest is that of bytes: send the file as it is, not its JSON written a second time.",
                        expect.equals("the same JSON in other bytes"),
                    ),
                    Mistake(
                        "no manifest under this tag",
                        "blobs have no tags: the tag is in the address that the manifest is PUT to.",
                        lambda lab, value: value is None,
                    ),
                    Mistake(
                        "docker push",
                        'that works, too; here you are to do what it does. undo("08.3") begins anew.',
                        expect.equals("pushed by the engine"),
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
                read=digest_in,
                mistakes=(
                    Mistake(
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
        Right("the line of the header", (CURL_PUSH,), answers=Output(f"{ASK} | sed 's/^/Docker-Content-Digest: /'")),
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
            "the answer is the whole manifest",
            (python(SEND, "well", "{tag}"),),
            says="your answer",
            answers=Output("cat $(grep -l schemaVersion image/blobs/sha256/*)"),
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
