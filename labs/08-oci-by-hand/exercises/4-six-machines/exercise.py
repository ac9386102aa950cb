"""08.4 One name, six machines."""

from pathlib import Path
from typing import Any

from labsupport.exercises.author import *

from ...shared import MARK, digest_in, made, python

PROGRAMS = Path(__file__).with_name("files")
CHOOSE = (PROGRAMS / "choose.py").read_text(encoding="utf-8")


def pick(what: str, platform: str = "{machine}", cut: str = "") -> Output:
    """The answer as the registry gives it; cut: only these of its characters, as a slice of Python's."""
    program = CHOOSE.replace('print(each["digest"])', f'print(each["digest"][{cut}])') if cut else CHOOSE
    return Output(python(program, what, platform))


# the tag now leads to a list of one: the image for amd64, said to be for the machine
OWN_INDEX = (PROGRAMS / "own_index.py").read_text(encoding="utf-8")


def _platforms(lab: Lab) -> dict[str, tuple[str, str]]:
    """Of the scene's index, whatever the tag leads to now: platform -> the manifest's digest and the word."""
    found = {}
    for _, descriptor, label in made()["platforms"](lab.values["token"], lambda contents: None):
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


EXERCISE = Exercise(
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
    scene=Scene(
        files="../../files/scene", commands=("python3 make.py index {repo} {token} && rm make.py report", MARK)
    ),
    steps=(
        Step(
            "manifest",
            Answer(
                "the manifest for {machine}",
                manifest,
                key="manifest",
                read=digest_in,
                mistakes=(
                    Mistake(
                        "the index itself",
                        "an index has a digest, too; it lists the manifests and is none.",
                        lambda lab, value: value == oci.digest_in_registry("{repo}", "latest").fetch(lab),
                    ),
                    Mistake(
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
                mistakes=(Mistake("the word of another platform", "each image has its own config.", _other_word),),
            ),
        ),
    ),
    answers={"manifest": pick("manifest"), "word": pick("word")},
    right=(
        Right("the digest cut short", answers={"manifest": pick("manifest", cut=":19"), "word": pick("word")}),
        Right(
            "NAME@DIGEST, the word as JSON",
            (f"({pick('word').command}\n) > word", f"({pick('manifest').command}\n) > manifest"),
            answers={"manifest": Output('echo "{repo}@$(cat manifest)"'), "word": Output("sed 's/.*/\"&\"/' word")},
        ),
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
