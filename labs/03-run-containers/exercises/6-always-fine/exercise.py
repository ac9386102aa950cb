"""03.6 The job that is always fine."""

import secrets
from pathlib import Path

from labsupport.exercises.author import *

BUILD_JOB = "docker build -q -t {image} --label course.lab=03.6 ."
RUN_JOB = "docker run --name {name} --label course.lab=03.6 {image} || true"
MEND = "printf '%s\\n' 'sh /job.sh > /job.log 2>&1' 'code=$?' 'cat /job.log' 'exit $code' > run.sh"

JOB_FILE = Path(__file__).parent / "files" / "job.sh"
JOBS = 'for f in $(find / -xdev -type f -name job.sh 2>/dev/null); do echo "== $f"; cat "$f"; done'


def jobs(lab: Lab) -> dict[str, str]:
    """The texts of all files called job.sh in {image}, by path."""
    said = probes.run("{image}", ["-c", JOBS], entrypoint=["sh"], user="0").fetch(lab)
    texts = said.partition("exit 0: ")[2].split("== ")[1:]
    return {path: text.strip() for path, _, text in (each.partition("\n") for each in texts)}


def run_with(lab: Lab, code: int) -> tuple[str, str]:
    """`exit CODE: OUTPUT` of {image} with another job in the place of job.sh, which ends with this code; a text that
    it writes to both streams, in two halves.
    """
    word = secrets.token_hex(8)
    text = f"printf {word[:8]}\necho {word[8:]}\nprintf {word[:8]} >&2\necho {word[8:]} >&2\nexit {code}\n"
    return probes.run("{image}", files=dict.fromkeys(jobs(lab), text)).fetch(lab), word


@look("docker run --rm {image}; echo $?")
def codes(lab: Lab) -> str:
    """What a container of {image} ends with: with its own job, then with others."""
    seen = str(probes.run("{image}").fetch(lab))
    if seen.startswith(lab.fill("exit {code}:")):
        for code in (0, secrets.choice(range(20, 120))):
            other, _ = run_with(lab, code)
            if not other.startswith(f"exit {code}:"):
                return f"with a job that ends with {code}: {other.split(':')[0]}"
    return seen


@look("docker run --rm {image}")
def words(lab: Lab) -> str:
    """What a container of {image} says: its own job's words, unless it leaves those of another job out."""
    other, word = run_with(lab, 0)
    return str(probes.run("{image}").fetch(lab)) if other.count(word) == 2 else f"of another job's two lines: {other}"


@look("docker run --rm {image} cat /job.sh")
def job(lab: Lab) -> str:
    scene = JOB_FILE.read_text(encoding="utf-8").replace("CODE", lab.fill("{code}")).strip()
    found = jobs(lab)
    if not found:
        raise Missing(lab.fill("there is no job.sh in {image}"))
    here = looks.file("job.sh").fetch(lab)
    changed = any(text != scene for text in found.values()) or (here is not None and here.strip() != scene)
    return "changed" if changed else "as it was"


@look("docker ps -a --filter name={name}")
def ended(lab: Lab) -> str:
    state = lab.inspect("container", "{name}")["State"]
    return f"{state['Status']}, exit code {state['ExitCode']}"


EXERCISE = Exercise(
    id="03.6",
    title="The job that is always fine",
    goal="Symptom: a broken order stopped the job in the container `{name}`, its log says so, and yet "
    "`docker wait {name}` says 0: nobody was told. Its image `{image}` was built from the folder exercises/03.6.\n"
    "Repair the image, so that a container of it ends with the exit code of job.sh, whatever that is, and what "
    "job.sh says is still in the log. Do not change job.sh. Then replace `{name}` by a container of the repaired "
    "image, and let it run to its end.",
    seeds={"name": Name("orders"), "image": Name("shop"), "code": Pick((3, 4, 5, 6, 8, 9))},
    scene=Scene(
        files="files",
        prepare=(
            "sed -i 's/CODE$/{code}/; 1s/CODE/{code}/' job.sh",
            "docker build -q --label course.lab={id} -t {image}:broken .",
        ),
        commands=("sed -i 's/CODE$/{code}/; 1s/CODE/{code}/' job.sh", "docker tag {image}:broken {image}", RUN_JOB),
    ),
    owns=("container:{name}", "image:{image}"),
    steps=(
        Step(
            "image",
            Probe(
                "with a broken order a container of {image} ends with {code}, with another job with that one's code",
                codes,
                expect.matches("^exit {code}:", "exit {code}"),
                mistakes=(
                    Mistake(
                        "the exit code of tee",
                        "a pipeline's exit code is that of its last command, and `tee` has done its work well.",
                        lambda lab, value: str(value).startswith("exit 0") and "giving up" in str(value),
                    ),
                    Mistake(
                        "the code is written down",
                        "it has to be the job's own, not always {code}.",
                        expect.begins_with("with a job"),
                    ),
                ),
            ),
            Probe("its log has what the job said", words, expect.matches("giving up", "what job.sh says")),
            Probe("job.sh is as it was", job, expect.equals("as it was")),
            points=2,
        ),
        Step(
            "container",
            State(
                "{name} ended with {code}",
                ended,
                expect.equals("exited, exit code {code}"),
                mistakes=(
                    Mistake(
                        "the container is of the old image",
                        "a rebuilt image changes no container: `docker rm {name}`, then run it again.",
                        lambda lab, value: lab.is_original("container", "{name}"),
                    ),
                    mistakes.not_started("{name}"),
                ),
            ),
            State("{name} is a container of {image}", identity.made_from("{name}", "{image}", rebuilt=True),
                  expect.equals("{image}")),
            State("{name} has the job's words in its log", looks.logs("{name}"), expect.contains("giving up")),
            after="image",
        ),
    ),
    solution=(MEND, BUILD_JOB, "docker rm -f {name}", RUN_JOB),
    right=(
        Right("the job alone, by the classic builder", (
            "printf '%s\\n' 'FROM busybox' 'COPY job.sh /' 'ENV ORDERS=\"anna ben broken cleo\"' "
            "'CMD [\"sh\", \"/job.sh\"]' > Dockerfile", "DOCKER_BUILDKIT=0 " + BUILD_JOB,
            "docker rename {name} before-{name}; docker create --name {name} --label course.lab=03.6 {image}:latest",
            "docker start -a {name}; true",
        )),
        Right("pipefail, in another folder of the image", (
            "printf 'set -o pipefail\\nsh ./job.sh 2>&1 | tee job.log\\n' > run.sh",
            "printf '%s\\n' 'FROM busybox' 'WORKDIR /app' 'COPY . .' 'ENV ORDERS=\"anna ben broken cleo\"' "
            "'ENTRYPOINT [\"sh\", \"run.sh\"]' > Dockerfile", BUILD_JOB, "docker rm {name}", RUN_JOB,
        )),
        Right("committed, with a first try in the way", (
            "docker rm {name}", RUN_JOB, "echo 'exec sh /job.sh' > new.sh", "docker cp new.sh {name}:/run.sh",
            "docker commit {name} {image}; docker rm {name}",
            SDK % 'engine.containers.run("{image}", name="{name}", labels=["course.lab=03.6"], detach=True).wait()',
        )),
    ),
    wrong=(
        Wrong("looks for the broken order itself", (
            "echo 'grep -q broken /job.log && exit {code}; exit 0' >> run.sh", BUILD_JOB, "docker rm {name}", RUN_JOB,
        ), says="the code is written down"),
        Wrong("changed the job", (
            "sed -i 's/giving up/giving up now/' job.sh", MEND, BUILD_JOB, "docker rm {name}", RUN_JOB,
        ), says="job.sh is as it was"),
        Wrong("a container of busybox", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 busybox sh -c 'echo giving up; exit {code}'; true",
        ), says="is a container of {image}"),
        Wrong("another program in it", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 {image} sh -c 'exit {code}'; true",
        ), says="{name} has the job's words in its log"),
        Wrong("lost it again", (
            MEND, BUILD_JOB, "docker rm {name}",
            "docker run --name {name} --label course.lab=03.6 {image} sh -c 'sh /job.sh; true'",
        ), says="ended with {code}"),
        Wrong(
            "wrote the code down",
            ("echo 'exit {code}' >> run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="the code is written down",
        ),
        Wrong(
            "silenced the job",
            ("echo 'sh /job.sh >/dev/null 2>&1' > run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="its log has what the job said",
        ),
        Wrong(
            "started it again",
            (MEND, BUILD_JOB, "docker start -a {name} || true"),
            says="the container is of the old image",
        ),
        Wrong(
            "another command for this container",
            ("docker rm -f {name}", "docker run --name {name} --label course.lab=03.6 {image} sh /job.sh || true"),
            says="the exit code of tee",
        ),
        Wrong(
            "exit after tee",
            ("echo 'exit $?' >> run.sh", BUILD_JOB, "docker rm -f {name}", RUN_JOB),
            says="the exit code of tee",
        ),
    ),
    minutes=8,
)  # fmt: skip
