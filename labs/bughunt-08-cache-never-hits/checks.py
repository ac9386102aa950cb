"""Bug hunt 8: every build installs everything again."""

import shutil
import tempfile
from pathlib import Path

from labsupport.exercises import (
    Exercise,
    Lab,
    Missing,
    Name,
    Pick,
    Probe,
    Scene,
    Step,
    Wrong,
    expect,
    look,
    mistakes,
    probes,
)

BUILD = "docker build -q -t {image} ."


def build_variants(lab: Lab, changes: dict[str, str]) -> list[str]:
    """The file /opt/installed of two images built one after the other from the learner's folder, with the files of
    changes written in between. Both are gone afterwards; the folder is only copied.
    """
    from docker.errors import BuildError

    if not (lab.folder / "Dockerfile").is_file():
        raise Missing("there is no Dockerfile in your working folder")
    made, installed = [], []
    with tempfile.TemporaryDirectory() as copy:
        # links stay links: followed, they would bring files of the whole computer
        shutil.copytree(lab.folder, copy, symlinks=True, dirs_exist_ok=True)
        try:
            for number, files in enumerate(({}, changes)):
                for name, text in files.items():
                    change(Lab(lab.client, folder=Path(copy)), name, text)
                tag = f"course-probe-{lab.values['image']}-{number}"
                lab.client.images.build(path=copy, tag=tag, rm=True, forcerm=True)
                made.append(tag)
                installed.append(probes.run(tag, ["cat", "/opt/installed"]).fetch(lab))
        except BuildError as error:
            raise Missing(f"the image does not build: {error.msg}") from error
        finally:
            for tag in made:
                lab.client.api.remove_image(tag, force=True)
    return installed


def change(copy: Lab, name: str, text: str) -> None:
    """Put another file in the place of one; a link in that place goes, and what it leads to stays as it is."""
    place = copy.inside(str(Path(name).parent)) / Path(name).name
    place.unlink(missing_ok=True)
    with place.open("x", encoding="utf-8") as file:
        file.write(text)


@look("docker build . twice, with another src/main.sh: is the install step `Using cache` / CACHED?")
def reuses_the_installation(lab: Lab) -> str:
    first, second = build_variants(lab, {"src/main.sh": "echo changed by the probe\n"})
    return "installed once" if first == second else "installed again"


@look("docker build . twice, with another needs.txt; cat /opt/installed")
def notices_new_needs(lab: Lab) -> str:
    _, second = build_variants(lab, {"needs.txt": "lua\nsockets\n"})
    return "the new need is installed" if "sockets" in second else "the new need is not installed"


EXERCISES = (
    Exercise(
        id="bug.8",
        title="The cache never hits",
        goal=(
            "Symptom: whatever you change in src/main.sh, the next `docker build` runs install.sh again.\n"
            "Repair it: a change of src/main.sh leaves the installation in the cache, a change of needs.txt "
            "installs anew, and `docker run --rm {image}` prints `version {version}`: change the number in "
            "src/main.sh and build. The files are in your working folder."
        ),
        seeds={"image": Name("app"), "version": Pick((2, 3, 4, 5))},
        owns=("image:{image}",),
        scene=Scene(
            prepare=("docker build -q --label course.lab={id} -t {image}:broken .",),
            commands=("docker tag {image}:broken {image}",),
        ),
        steps=(
            Step(
                "version",
                Probe(
                    "a container of {image} prints the new version",
                    probes.run("{image}"),
                    expect.contains("version {version}, with lua json"),
                    mistakes=(
                        mistakes.seen_when(
                            "changed but not built",
                            "an image never follows its files: build it again.",
                            lambda lab, value: "version 1," in value,
                        ),
                    ),
                ),
            ),
            Step(
                "cached",
                Probe(
                    "a change of src/main.sh leaves the installation in the cache",
                    reuses_the_installation,
                    expect.equals("installed once"),
                    mistakes=(
                        mistakes.seen_when(
                            "COPY . before the slow step",
                            "a changed file changes the COPY, and everything after it is done again: copy only what "
                            "the slow step needs, run it, and copy the rest afterwards.",
                            lambda lab, value: "again" in value,
                        ),
                    ),
                ),
                points=2,
            ),
            Step(
                "fresh",
                Probe(
                    "a change of needs.txt installs anew",
                    notices_new_needs,
                    expect.equals("the new need is installed"),
                ),
            ),
        ),
        solution=(
            "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src /app/src\\n"
            'CMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
            "sed -i 's/version 1/version {version}/' src/main.sh",
            BUILD,
        ),
        wrong=(
            Wrong(
                "two COPY, still before",
                (
                    "sed -i 's/^COPY .*/COPY src \\/app\\/src\\nCOPY . \\/app/' Dockerfile",
                    "sed -i 's/version 1/version {version}/' src/main.sh",
                    BUILD,
                ),
                says="COPY . before the slow step",
            ),
            Wrong(
                "needs written into the Dockerfile",
                (
                    'printf \'FROM busybox\\nRUN mkdir /opt && printf "lua 1\\\\njson 1\\\\n" > /opt/installed\\n'
                    'COPY . /app\\nCMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                    "sed -i 's/version 1/version {version}/' src/main.sh",
                    BUILD,
                ),
                says="the new need is not installed",
            ),
            Wrong(
                "not built",
                (
                    "printf 'FROM busybox\\nCOPY install.sh needs.txt /app/\\nRUN sh /app/install.sh\\nCOPY src "
                    '/app/src\\nCMD ["sh", "/app/src/main.sh"]\\n\' > Dockerfile',
                    "sed -i 's/version 1/version {version}/' src/main.sh",
                ),
                says="changed but not built",
            ),
        ),
    ),
)
