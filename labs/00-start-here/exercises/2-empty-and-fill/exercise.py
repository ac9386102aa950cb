"""00.2 Empty the engine, then fill it."""

from typing import Any

from labsupport.exercises.author import *


@look("docker ps -a --no-trunc")
def hello_containers(lab: Lab) -> list[str]:
    """Names of the containers made from hello-world, whatever the image is called, and whether it is still there."""
    rows = [row for row in lab.client.api.containers(all=True) if _is_hello(lab, row)]
    return sorted(name.lstrip("/") for row in rows for name in row["Names"][:1])


def _is_hello(lab: Lab, row: dict[str, Any]) -> bool:
    try:
        found = lab.inspect("container", str(row["Id"]))
    except Missing:  # removed in this moment
        return False
    if str(found["Config"].get("Image")).partition(":")[0] == "hello-world":
        return True
    try:
        return identity.is_it(lab, str(found["Image"]), "hello-world")
    except Missing:  # removed by force under its containers
        return "greeting.txt" in str(found["Config"].get("Cmd"))


REMOVE = "docker rm $(docker ps -aq --filter ancestor=hello-world)"

EXERCISE = Exercise(
    id="00.2",
    title="Empty the engine, then fill it",
    goal="The engine has the image `hello-world` and containers made from it. Leave it without either, "
    "and with the image `busybox`, freshly pulled.",
    steps=(
        Step(
            "gone",
            State(
                "no container made from hello-world",
                hello_containers,
                expect.satisfies("none", lambda found: not found, lambda found: "several" if found[1:] else "one"),
                mistakes=(
                    Mistake(
                        "the container outlives its program",
                        "hello-world has printed its text and ended, its container is still there: "
                        "`docker ps -a` shows it and `docker rm NAME` removes it.",
                        expect.present(),
                    ),
                ),
            ),
            State(
                "no image hello-world",
                identity.copies("hello-world"),
                expect.absent(),
                mistakes=(
                    Mistake(
                        "another name for it",
                        "`docker tag` gives one image two names; it goes with the last of them.",
                        lambda lab, value: "hello-world" not in value,
                    ),
                ),
            ),
        ),
        Step(
            "there",
            Did(
                "busybox was pulled",
                looks.events("image", "pull", "busybox"),
                expect.present("a pull"),
                mistakes=(
                    Mistake(
                        "there, but not pulled",
                        "an image called busybox is there, and was not pulled for this exercise: "
                        "remove it, then `docker pull busybox`.",
                        lambda lab, value: looks.exists("image", "busybox").fetch(lab),
                    ),
                ),
            ),
            State("the image busybox", identity.is_image("busybox", "busybox"), expect.equals("busybox")),
        ),
    ),
    scene=Scene(commands=("docker run --label course.lab=00.2 hello-world",)),
    owns=("image:hello-world", "image:hi", "image:busybox"),
    solution=(
        REMOVE,
        "docker rmi hello-world",
        "docker pull busybox",
    ),
    right=(
        Right(
            "busybox first, and by force",
            (
                "docker pull busybox:latest",
                "docker rm -f $(docker ps -aq -f ancestor=hello-world)",
                "docker rmi -f $(docker images -q hello-world)",
            ),
        ),
        Right(
            "through the SDK",
            (
                SDK % "[box.remove(force=True) for box in engine.containers.list(all=True, "
                'filters=dict(ancestor="hello-world"))]; engine.images.remove("hello-world"); '
                'engine.images.pull("busybox", "latest")',
            ),
        ),
        Right(
            "run twice more, pulled by a run, pulled again",
            (
                "docker run hello-world; docker run hello-world",
                REMOVE,
                "docker image rm hello-world",
                "docker run --rm busybox true; docker pull -q busybox",
            ),
        ),
        Right(
            "another's program of that word",
            (
                REMOVE,
                "docker rmi hello-world; docker pull busybox",
                "docker run --label course.lab=00.2 busybox cat greeting.txt",
            ),
        ),
    ),
    wrong=(
        Wrong(
            "left the container",
            ("docker rmi -f hello-world", "docker pull busybox"),
            says="the container outlives its program",
        ),
        Wrong("left the image", (REMOVE, "docker pull busybox"), says="no image hello-world"),
        Wrong(
            "removed everything",
            (REMOVE, "docker rmi hello-world", "docker pull busybox", "docker rmi -f busybox"),
            says="the image busybox",
        ),
        Wrong(
            "tagged another image",
            (REMOVE, "docker rmi hello-world", "docker pull web", "docker tag web busybox", "docker rmi web"),
            says="there, but not pulled",
        ),
        Wrong(
            "built, not pulled",
            (REMOVE, "docker rmi hello-world", "echo FROM busybox | DOCKER_BUILDKIT=1 docker build -q -t busybox -"),
            says="there, but not pulled",
        ),
        Wrong(
            "only renamed the image",
            (REMOVE, "docker tag hello-world hi; docker rmi hello-world", "docker pull busybox"),
            says="another name for it",
        ),
        Wrong(
            "a container of it under another name",
            (
                REMOVE,
                "docker tag hello-world hi; docker run --label course.lab=00.2 hi",
                "docker rmi -f hi hello-world",
                "docker pull busybox",
            ),
            says="the container outlives its program",
        ),
        Wrong(
            "another image in its place",
            (
                REMOVE,
                "docker rmi hello-world",
                "docker pull busybox",
                "docker rmi busybox; docker pull web",
                "docker tag web busybox",
                "docker rmi web",
            ),
            says="the image busybox",
        ),
        Wrong(
            "only a container more",
            ("docker run --label course.lab=00.2 hello-world", "docker pull busybox"),
            says="several",
        ),
    ),
    minutes=5,
)
