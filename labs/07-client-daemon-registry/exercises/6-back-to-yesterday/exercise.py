"""07.6 Back to yesterday."""

import shlex

from labsupport.exercises.author import *

from ...shared import LOGIN, MIRROR, VAULT, in_python, in_store, program

STABLE = f"{MIRROR}/{{team}}/{{dish}}:stable"


def release(label: str) -> str:
    return f"printf 'FROM busybox\\n' | docker build -q -t {STABLE} --label course.lab={{id}} --label release={label} -"


@look("docker image inspect $(docker inspect --format '{{.Image}}' {name})")
def made_from(lab: Lab) -> str:
    """The release that the container's image is: it says so, and is what the registry has by the digest kept."""
    image = lab.inspect("container", "{name}")["Image"]
    release = str((lab.inspect("image", image)["Config"].get("Labels") or {}).get("release", "no release at all"))
    if release == lab.values["token"]:
        try:
            kept = lab.inside("deployed.txt").read_text("utf-8", errors="replace").strip()
            ids, configs = in_store(lab, f"{{team}}/{{dish}}@{kept}")
        except (Missing, OSError, Unreachable):
            return release  # the note is another by now: its label has to do
        if any((each["config"].get("Labels") or {}).get("release") == release for each in configs) and image not in ids:
            return "an image that says so and is none of the registry's"
    return release


@look("docker container inspect {name} --format '{{json .Path}} {{json .Args}}'")
def service(lab: Lab) -> str:
    """The container's program; through a shell is as good."""
    words = shlex.split(program.fetch(lab))
    if words[:2] == ["sh", "-c"] and len(words) == 3:
        words = words[2].removeprefix("exec ").split()
    return " ".join(words)


OLD = f'docker run -d --name {{name}} "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)" sleep 3600'

EXERCISE = Exercise(
    id="07.6",
    title="Back to yesterday",
    goal=f"Yesterday `{STABLE}` was put into service, and worked. Somebody kept its digest, in `deployed.txt` in your "
    "working folder. Since then the tag has been moved to another image, which does not work. Leave a container "
    "`{name}` running `sleep 3600` from yesterday's image.",
    seeds={"name": Name("service"), "dish": Name("dish"), "team": Name("team"), "token": Token(), "fresh": Token()},
    scene=Scene(
        commands=(
            release("{token}") + f" && docker push -q {STABLE}",
            f"docker image inspect --format '{{{{index .RepoDigests 0}}}}' {STABLE} | cut -d@ -f2 > deployed.txt",
            f"docker rmi {STABLE}",
            release("{fresh}") + f" && docker push -q {STABLE}",
        ),
    ),
    owns=("container:{name}", f"image:{STABLE}"),
    steps=(
        Step(
            "image",
            State(
                "{name} is made from yesterday's image",
                made_from,
                expect.equals("{token}"),
                mistakes=(
                    mistakes.answered(
                        "{fresh}",
                        "today's image",
                        "a tag is a name that can be moved. A digest belongs to one content: NAME@sha256:...",
                    ),
                ),
            ),
        ),
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            State("its program is sleep 3600", service, expect.equals("sleep 3600")),
            after="image",
        ),
    ),
    solution=(OLD,),
    right=(
        Right(
            "pulled by the other door, made by id, then started",
            (
                LOGIN,
                f'docker pull -q "{VAULT}/{{team}}/{{dish}}@$(cat deployed.txt)"',
                f"docker create --name {{name}} --entrypoint sleep $(docker image inspect --format '{{{{.Id}}}}' "
                f'"{VAULT}/{{team}}/{{dish}}@$(cat deployed.txt)") 3600',
                "docker start {name}",
            ),
        ),
        Right(
            "after the wrong image; the tag moved back",
            (
                f"docker run -d --name {{name}} {STABLE} sleep 3600; docker rm -f {{name}}",
                f'docker pull -q "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)"',
                f'docker tag "{MIRROR}/{{team}}/{{dish}}@$(cat deployed.txt)" {STABLE} && docker push -q {STABLE}',
                f"docker run -d --name {{name}} {STABLE} sh -c 'exec sleep 3600'",
                "rm deployed.txt",
            ),
        ),
        Right(
            "by the SDK",
            (
                in_python(
                    f"image = '{MIRROR}/{{team}}/{{dish}}@' + open('deployed.txt').read().strip()",
                    "engine.containers.run(image, ['/bin/sleep', '3600'], name='{name}', detach=True, init=True)",
                ),
            ),
        ),
    ),
    wrong=(
        Wrong("by the tag", (f"docker run -d --name {{name}} {STABLE} sleep 3600",), says="today's image"),
        Wrong(
            "pulled the tag again",
            (f"docker pull -q {STABLE}", f"docker run -d --name {{name}} {STABLE} sleep 3600"),
            says="today's image",
        ),
        Wrong("not running", (OLD, "docker kill {name}"), says="the main process ended"),
        Wrong("only made", (OLD.replace("run -d", "create"),), says="created, not started"),
        Wrong("another program", (OLD.replace("3600", "9"),), says="its program is sleep 3600"),
        Wrong(
            "another program that names it",
            (OLD.replace("sleep 3600", "sh -c 'sleep 60; sleep 3600'"),),
            says="its program is sleep 3600",
        ),
        Wrong(
            "an image of the learner's own that says so",
            (
                "printf 'FROM busybox\\n' | docker build -q -t {dish}-own --label course.lab={id} "
                "--label release={token} --label own= -",
                "docker run -d --name {name} {dish}-own sleep 3600",
                "docker rmi -f {dish}-own",
            ),
            says="none of the registry's",
        ),
        Wrong(
            "a label on the container",
            ("docker run -d --name {name} --label release={token} busybox sleep 3600",),
            says="no release at all",
        ),
    ),
    minutes=6,
)
