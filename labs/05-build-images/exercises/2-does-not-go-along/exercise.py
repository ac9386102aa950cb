"""05.2 What does not go along."""

import secrets

from labsupport.exercises.author import *
from labsupport.exercises.untouched import digests

from ...shared import whole_file

SITE = "./index.html ./pages/one.html ./pages/two.html"
OURS = ("Dockerfile", ".dockerignore", "Dockerfile.dockerignore")

JUPYTERS = "/.ipynb_checkpoints/"  # beside each file that is opened in JupyterLab


def site(lab: Lab, image: str) -> str:
    """The files in /site of an image, without those of the build and of JupyterLab."""
    shown = probes.run(image, [".", "-type", "f"], entrypoint=["find"], working_dir="/site").fetch(lab)
    files = shown.partition(": ")[2].split()
    return " ".join(sorted(name for name in files if name.removeprefix("./") not in OURS and JUPYTERS not in name))


@look("docker run --rm {image}")
def listed(lab: Lab) -> str:
    """The files in /site of the image; when those are right, what a build of the folder has instead."""
    shown = site(lab, "{image}")
    if shown != lab.fill(f"./drafts/{{keep}}.txt {SITE}"):
        return shown
    mark = secrets.token_hex(4)
    with builds.rebuilt(lab, "{image}", {"index.html": f"{mark}\n"}) as tag:
        again = site(lab, tag)
        page = probes.run(tag, ["/site/index.html"], entrypoint=["cat"]).fetch(lab)
    if again != shown:
        return f"a build of this folder has {again}"
    return shown if page == f"exit 0: {mark}" else "a build of this folder has another index.html"


@look("find . -type f")
def in_folder(lab: Lab) -> int:
    """How many of the scene's files (not folders) are there as they were, those of the build left out."""
    now = digests(lab.folder)
    before = now if lab.left is None else lab.left.files
    files = {name: digest for name, digest in before.items() if digest and name not in OURS}
    return sum(now.get(name) == digest for name, digest in files.items())


IGNORE_BUILD = "docker build -q -t {image} --label course.lab=05.2 ."
RIGHT = whole_file(".dockerignore", "**/*.log\n.env\nrecording.raw\ndrafts\n!drafts/{keep}.txt")

EXERCISE = Exercise(
    id="05.2",
    title="What does not go along",
    goal="The folder exercises/05.2 is copied into an image whole: a recording of 8 MB, logs, a password, drafts. "
    "Build the image `{image}` from it, with the Dockerfile as it is and every file left in the folder, so that "
    "/site has only index.html, the two pages of `pages`, and of the drafts only drafts/{keep}.txt. "
    "(Dockerfile and .dockerignore may be in it or not.)",
    seeds={"image": Name("site"), "keep": Pick(("plan", "menu", "prices"))},
    scene=Scene(files="files", commands=("head -c 8000000 /dev/zero > recording.raw",)),
    owns=("image:{image}",),
    steps=(
        Step(
            "files",
            Probe(
                "{image} has the pages and one draft",
                listed,
                expect.equals(f"./drafts/{{keep}}.txt {SITE}"),
                mistakes=(
                    Mistake(
                        "a pattern of one folder",
                        "`*.log` means the logs at the top only; `**/*.log` means those of all folders.",
                        lambda lab, value: "pages/debug.log" in value and "./debug.log" not in value,
                    ),
                    Mistake(
                        "nothing was left out",
                        "the builder reads `.dockerignore`, at the top of the folder, when it builds: write it, "
                        "then build.",
                        lambda lab, value: "recording.raw" in value,
                    ),
                    Mistake(
                        "an exception that comes too early",
                        "of the lines that match a file the last one decides: `!drafts/{keep}.txt` goes below "
                        "`drafts`.",
                        lambda lab, value: "drafts" not in value,
                    ),
                ),
            ),
            points=2,
        ),
        Step(
            "untouched",
            State(
                "the Dockerfile is as it was",
                looks.file("Dockerfile"),
                expect.equals('FROM busybox\nWORKDIR /site\nCOPY . ./\nCMD ["find", ".", "-type", "f"]\n'),
            ),
            State("the folder has all its 10 files", in_folder, expect.equals(10)),
            after="files",
        ),
    ),
    solution=(RIGHT, IGNORE_BUILD),
    right=(
        Right(
            "opened in JupyterLab, after a wrong attempt, :latest",
            (
                IGNORE_BUILD,
                "mkdir -p .ipynb_checkpoints pages/.ipynb_checkpoints && touch notes.md",
                "cp Dockerfile .ipynb_checkpoints/Dockerfile-checkpoint; cp pages/one.html pages/.ipynb_checkpoints/",
                RIGHT,
                "echo notes.md >> .dockerignore",
                IGNORE_BUILD.replace("{image}", "{image}:latest"),
            ),
        ),
        Right(
            "all left out, four brought back",
            (
                whole_file(".dockerignore", "*\n!index.html\n!pages\npages/*.log\n!drafts/{keep}.txt"),
                IGNORE_BUILD,
            ),
        ),
        Right(
            "Dockerfile.dockerignore",
            (RIGHT.replace(".dockerignore", "Dockerfile.dockerignore"), "DOCKER_BUILDKIT=1 " + IGNORE_BUILD),
        ),
    ),
    wrong=(
        Wrong(
            "logs at the top only",
            (RIGHT.replace("**/", ""), IGNORE_BUILD),
            says="a pattern of one folder",
        ),
        Wrong(
            "built from another folder",
            (
                "mkdir /tmp/$$ && cp -r . /tmp/$$ && cd /tmp/$$ && mv drafts/{keep}.txt . && rm -r drafts .env "
                "*.raw *.log "
                "pages/*.log && mkdir drafts && mv {keep}.txt drafts && " + IGNORE_BUILD + "; rm -r /tmp/$$",
            ),
            says="a build of this folder has",
        ),
        Wrong("built first", (IGNORE_BUILD, RIGHT), says="nothing was left out"),
        Wrong("no exception", (RIGHT.replace("!drafts/{keep}.txt", ""), IGNORE_BUILD), says="too early"),
        Wrong(
            "deleted in the folder",
            (
                "cp drafts/{keep}.txt kept && rm -r drafts .env recording.raw debug.log pages/debug.log",
                "mkdir drafts && mv kept drafts/{keep}.txt",
                IGNORE_BUILD,
            ),
            says="all its 10 files",
        ),
        Wrong(
            "another Dockerfile",
            (
                whole_file(
                    "Dockerfile",
                    "FROM busybox\nWORKDIR /site\nCOPY index.html ./\nCOPY pages/*.html pages/\n"
                    'COPY drafts/{keep}.txt drafts/\nCMD ["find", ".", "-type", "f"]',
                ),
                IGNORE_BUILD,
            ),
            says="the Dockerfile is as it was",
        ),
    ),
    minutes=7,
)
