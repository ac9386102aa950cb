"""Lesson 00: what the engine says about itself, and an engine emptied and filled again."""

import re
from typing import Any

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Output,
    Prediction,
    Quiz,
    Right,
    Scene,
    State,
    Step,
    Wrong,
    expect,
    identity,
    looks,
    mistakes,
)
from labsupport.exercises.lab import Lab, Missing
from labsupport.exercises.looks import look


@look("docker version")
def api_version(lab: Lab) -> str:
    return str(lab.client.version()["ApiVersion"])


def read_version(lab: Lab, given: Any) -> Any:
    """The number of a version that was written as `docker version` prints it, or as a number: 1.5 is 1.50."""
    if isinstance(given, float):
        wanted = str(lab.client.version()["ApiVersion"])
        return wanted if float(wanted) == given else given
    found = re.fullmatch(r"\s*(?:API version:\s*|v)?(\d+\.\d+)(?:\s*\(minimum version \d+\.\d+\))?\s*", str(given))
    return found[1] if found else given


def read_driver(lab: Lab, given: Any) -> Any:
    """The value of a row that was copied from `docker info`."""
    return re.sub(r"^\s*Storage Driver:\s*", "", given) if isinstance(given, str) else given


@look("docker info")
def storage_driver(lab: Lab) -> str:
    return str(lab.client.info()["Driver"])


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


ASK = "docker version --format '{{.Server.APIVersion}}'"
DRIVER = "docker info --format '{{.Driver}}'"
SDK = "python3 -c 'import docker; engine = docker.from_env(); %s'"
REMOVE = "docker rm $(docker ps -aq --filter ancestor=hello-world)"

EXERCISES = (
    Exercise(
        id="00.1",
        title="Ask the engine about itself",
        goal="Find two values that only the engine can know: the newest API version it speaks, and its storage driver.",
        steps=(
            Step("the API version", Answer("the engine's API version", api_version, key="api", read=read_version,
                                           mistakes=(
                mistakes.seen_when(
                    "that is the engine's version",
                    "the engine has a version (such as 28.5.2) and speaks a version of its API (such as 1.51); "
                    "`docker version` prints both, on two lines.",
                    lambda lab, value: str(value).strip() == str(lab.client.version()["Version"])),
                mistakes.seen_when(
                    "that is the oldest API version",
                    "it stands in brackets: the engine speaks that one and all up to its newest.",
                    lambda lab, value: str(value).strip() == str(lab.client.version().get("MinAPIVersion"))),
            ))),
            Step("the storage driver", Answer("the engine's storage driver", storage_driver, key="driver",
                                              read=read_driver, mistakes=(
                mistakes.seen_when(
                    "that is the logging driver",
                    "`docker info` has several drivers; the storage driver keeps images and containers on disk.",
                    lambda lab, value: str(value).strip() == str(lab.client.info()["LoggingDriver"])),
            ))),
        ),
        answers={"api": Output(ASK), "driver": Output(DRIVER)},
        right=(
            Right("asked through the SDK", answers={
                "api": Output(SDK % "print(engine.version()[\"ApiVersion\"])"),
                "driver": Output(SDK % "print(engine.info()[\"Driver\"])")}),
            Right("rows as they are printed", answers={
                "api": Output("docker version | grep minimum"),
                "driver": Output("docker info | grep 'Storage Driver'")}),
            Right("blanks and capitals", answers={
                "api": Output("docker version | sed -n 's/.*API version: *\\([0-9.]*\\) (.*/ v\\1 /p'"),
                "driver": Output(DRIVER + " | tr a-z A-Z")}),
        ),
        wrong=(
            Wrong("the engine's version", answers={"api": Output("docker version --format '{{.Server.Version}}'"),
                                                   "driver": Output(DRIVER)}, says="that is the engine's version"),
            Wrong("the oldest API", answers={"api": Output("docker version --format '{{.Server.MinAPIVersion}}'"),
                                             "driver": Output(DRIVER)}, says="the oldest API version"),
            Wrong("the logging driver", answers={"api": Output(ASK),
                                                 "driver": Output("docker info --format '{{.LoggingDriver}}'")},
                  says="that is the logging driver"),
            Wrong("only one of two", answers={"api": Output(ASK)}, says="no answer yet"),
            Wrong("the other way round", answers={"api": Output(DRIVER), "driver": Output(ASK)}, says="your answer"),
            Wrong("a part of each", answers={"api": "1", "driver": "o"}, says="your answer"),
            Wrong("both in one", answers={"api": Output(ASK + "; " + DRIVER), "driver": Output(ASK + "; " + DRIVER)},
                  says="your answer"),
        ),
        untouched_says="no answer yet",
        minutes=4,
    ),
    Exercise(
        id="00.2",
        title="Empty the engine, then fill it",
        goal="The engine has the image `hello-world` and containers made from it. Leave it without either, "
             "and with the image `busybox`, freshly pulled.",
        steps=(
            Step("gone",
                 State("no container made from hello-world", hello_containers,
                   expect.satisfies("none", lambda found: not found, lambda found: f"{len(found)} of them"), mistakes=(
                     mistakes.seen_when(
                         "the container outlives its program",
                         "hello-world has printed its text and ended, its container is still there: "
                         "`docker ps -a` shows it and `docker rm NAME` removes it.",
                         lambda lab, value: bool(value)),)),
                 State("no image hello-world", identity.copies("hello-world"), expect.absent(), mistakes=(
                     mistakes.seen_when(
                         "another name for it",
                         "`docker tag` gives one image two names; it goes with the last of them.",
                         lambda lab, value: "hello-world" not in value),))),
            Step("there",
                 Did("busybox was pulled", looks.events("image", "pull", "busybox"), expect.present("a pull"),
                     mistakes=(mistakes.seen_when(
                         "there, but not pulled",
                         "an image called busybox is there, and was not pulled for this exercise: "
                         "remove it, then `docker pull busybox`.",
                         lambda lab, value: looks.exists("image", "busybox").fetch(lab)),)),
                 State("the image busybox", identity.is_image("busybox", "busybox"), expect.equals("busybox"))),
        ),
        scene=Scene(files="files/none", commands=("docker run --label course.lab=00.2 hello-world",)),
        owns=("image:hello-world", "image:hi", "image:busybox"),
        solution=(
            REMOVE,
            "docker rmi hello-world",
            "docker pull busybox",
        ),
        right=(
            Right("busybox first, and by force", ("docker pull busybox:latest", "docker rm -f $(docker ps -aq -f "
                  "ancestor=hello-world)", "docker rmi -f $(docker images -q hello-world)")),
            Right("through the SDK", (SDK % "[box.remove(force=True) for box in engine.containers.list(all=True, "
                  "filters=dict(ancestor=\"hello-world\"))]; engine.images.remove(\"hello-world\"); "
                  "engine.images.pull(\"busybox\", \"latest\")",)),
            Right("run twice more, pulled by a run, pulled again", (
                "docker run hello-world; docker run hello-world", REMOVE, "docker image rm hello-world",
                "docker run --rm busybox true; docker pull -q busybox")),
            Right("another's program of that word", (
                REMOVE, "docker rmi hello-world; docker pull busybox",
                "docker run --label course.lab=00.2 busybox cat greeting.txt")),
        ),
        wrong=(
            Wrong("left the container", ("docker rmi -f hello-world", "docker pull busybox"),
                  says="the container outlives its program"),
            Wrong("left the image", (REMOVE, "docker pull busybox"), says="no image hello-world"),
            Wrong("removed everything", (REMOVE, "docker rmi hello-world", "docker pull busybox",
                                         "docker rmi -f busybox"), says="the image busybox"),
            Wrong("tagged another image", (REMOVE, "docker rmi hello-world", "docker pull web",
                                            "docker tag web busybox", "docker rmi web"),
                  says="there, but not pulled"),
            Wrong("built, not pulled", (REMOVE, "docker rmi hello-world",
                                        "echo FROM busybox | DOCKER_BUILDKIT=1 docker build -q -t busybox -"),
                  says="there, but not pulled"),
            Wrong("only renamed the image", (REMOVE, "docker tag hello-world hi; docker rmi hello-world",
                                             "docker pull busybox"), says="another name for it"),
            Wrong("a container of it under another name", (
                REMOVE, "docker tag hello-world hi; docker run --label course.lab=00.2 hi",
                "docker rmi -f hi hello-world",
                "docker pull busybox"), says="the container outlives its program"),
            Wrong("another image in its place", (REMOVE, "docker rmi hello-world", "docker pull busybox",
                                                 "docker rmi busybox; docker pull web", "docker tag web busybox",
                                                 "docker rmi web"), says="the image busybox"),
            Wrong("only a container more", ("docker run --label course.lab=00.2 hello-world", "docker pull busybox"),
                  says="2 of them"),
        ),
        minutes=5,
    ),
)  # fmt: skip

PREDICTIONS = (
    Prediction(
        "00.p1",
        "You have no image called hello-world. What does `docker run hello-world` do?",
        ("It fails: there is no such image", "It fetches the image, then runs it", "It asks whether to fetch it"),
        "b",
        "`run` is short for: pull the image if it is missing, create a container from it, start that.",
    ),
    Prediction(
        "00.p2",
        "The address of the engine now leads nowhere. Which of `docker --version` and `docker version` still works?",
        ("Both", "Neither", "Only `docker --version`", "Only `docker version`"),
        "c",
        "`docker --version` is the client speaking about itself. `docker version` also asks the engine.",
    ),
    Prediction(
        "00.p3",
        "A container in which you are root gets your whole computer as /host. Can it make a file in /host/etc?",
        ("Yes, root may do anything", "No, the file system is read-only there", "Only if you are root outside, too"),
        "b",
        "This engine sees your computer's disk read-only. On an ordinary engine the answer is a).",
    ),
    Prediction(
        "00.p4",
        "`docker rmi -f $(docker images -q)` removes every image the engine has. What happens to the images of an "
        "engine of your own on this computer, if it has one?",
        ("They are removed as well", "Nothing: it is another engine", "Only those of the same name are removed"),
        "b",
        "Images belong to an engine. The client asked the engine at $DOCKER_HOST, and that is the sandbox's.",
    ),
)

QUIZZES = (
    Quiz(
        "00.q1",
        "`docker ps` says: Cannot connect to the Docker daemon. What is certain?",
        (
            Choice("The `docker` command is installed and works", "It is what printed the message.", right=True),
            Choice("All containers have stopped", "Nobody could ask. They may run on an engine out of reach."),
            Choice("No engine answers at the address the client uses", "That is what the message says.", right=True),
            Choice("The images are gone", "Images are the engine's; a client that reaches none knows nothing of them."),
        ),
    ),
    Quiz(
        "00.q2",
        "You ran `docker run hello-world` three times. What is there now?",
        (
            Choice("Three images and three containers", "The image is fetched once; a second run finds it there."),
            Choice("One image and no container", "A container stays after its program has ended, until it is removed."),
            Choice("One image and three containers", "Each run makes a new container from the one image.", right=True),
        ),
    ),
)
