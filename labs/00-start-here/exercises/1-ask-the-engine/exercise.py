"""00.1 Ask the engine about itself."""

import re
from typing import Any

from labsupport.exercises.author import *


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


ASK = "docker version --format '{{.Server.APIVersion}}'"
DRIVER = "docker info --format '{{.Driver}}'"

EXERCISE = Exercise(
    id="00.1",
    title="Ask the engine about itself",
    goal="Find two values that only the engine can know: the newest API version it speaks, and its storage driver.",
    steps=(
        Step(
            "the API version",
            Answer(
                "the engine's API version",
                api_version,
                key="api",
                read=read_version,
                mistakes=(
                    Mistake(
                        "that is the engine's version",
                        "the engine has a version (such as 28.5.2) and speaks a version of its API (such as 1.51); "
                        "`docker version` prints both, on two lines.",
                        lambda lab, value: str(value).strip() == str(lab.client.version()["Version"]),
                    ),
                    Mistake(
                        "that is the oldest API version",
                        "it stands in brackets: the engine speaks that one and all up to its newest.",
                        lambda lab, value: str(value).strip() == str(lab.client.version().get("MinAPIVersion")),
                    ),
                ),
            ),
        ),
        Step(
            "the storage driver",
            Answer(
                "the engine's storage driver",
                storage_driver,
                key="driver",
                read=read_driver,
                mistakes=(
                    Mistake(
                        "that is the logging driver",
                        "`docker info` has several drivers; the storage driver keeps images and containers on disk.",
                        lambda lab, value: str(value).strip() == str(lab.client.info()["LoggingDriver"]),
                    ),
                ),
            ),
        ),
    ),
    answers={"api": Output(ASK), "driver": Output(DRIVER)},
    right=(
        Right(
            "asked through the SDK",
            answers={
                "api": Output(SDK % 'print(engine.version()["ApiVersion"])'),
                "driver": Output(SDK % 'print(engine.info()["Driver"])'),
            },
        ),
        Right(
            "rows as they are printed",
            answers={
                "api": Output("docker version | grep minimum"),
                "driver": Output("docker info | grep 'Storage Driver'"),
            },
        ),
        Right(
            "blanks and capitals",
            answers={
                "api": Output("docker version | sed -n 's/.*API version: *\\([0-9.]*\\) (.*/ v\\1 /p'"),
                "driver": Output(DRIVER + " | tr a-z A-Z"),
            },
        ),
    ),
    wrong=(
        Wrong(
            "the engine's version",
            answers={"api": Output("docker version --format '{{.Server.Version}}'"), "driver": Output(DRIVER)},
            says="that is the engine's version",
        ),
        Wrong(
            "the oldest API",
            answers={"api": Output("docker version --format '{{.Server.MinAPIVersion}}'"), "driver": Output(DRIVER)},
            says="the oldest API version",
        ),
        Wrong(
            "the logging driver",
            answers={"api": Output(ASK), "driver": Output("docker info --format '{{.LoggingDriver}}'")},
            says="that is the logging driver",
        ),
        Wrong("only one of two", answers={"api": Output(ASK)}, says="no answer yet"),
        Wrong("the other way round", answers={"api": Output(DRIVER), "driver": Output(ASK)}, says="your answer"),
        Wrong("a part of each", answers={"api": "1", "driver": "o"}, says="your answer"),
        Wrong(
            "both in one",
            answers={"api": Output(ASK + "; " + DRIVER), "driver": Output(ASK + "; " + DRIVER)},
            says="your answer",
        ),
    ),
    untouched_says="no answer yet",
    minutes=4,
)
