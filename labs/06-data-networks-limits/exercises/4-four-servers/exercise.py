"""06.4 Four servers, one answer."""

import re
from dataclasses import replace
from typing import Any

from labsupport.exercises.author import *
from labsupport.exercises.checks import Said
from labsupport.exercises.outcome import Outcome

SERVE = (
    "docker run -d --label course.lab={{id}} --name {0} {1} busybox sh -c 'mkdir /www; echo here > /www/index.html; "
    "exec httpd -f -p {2} -h /www'"
)
FOUR = ("{open}", "{bare}", "{shy}", "{lost}")
FOUND = dict(zip(("answers", "unpublished", "loopback", "nobody"), FOUR, strict=True))


class Which(Answer):
    """The name of a container, also given as /name or by its id."""

    def run(self, lab: Lab) -> Outcome:
        given = lab.answers.get(self.key)
        return super().run(replace(lab, answers={**lab.answers, self.key: _called(lab, given)}))


def _called(lab: Lab, given: Any) -> Any:
    if not isinstance(given, str):
        return given
    plain = given.strip().strip("\"'").lstrip("/")
    if re.fullmatch("[0-9a-f]{12,64}", plain):
        for row in lab.client.api.containers(all=True, filters={"id": plain}):
            return str(row["Names"][0]).lstrip("/")
    return plain


def unchanged(name: str) -> Look:
    """The name, while all four containers are the scene's and run."""

    def fetch(lab: Lab) -> str:
        for each in FOUR:
            state = looks.container(each, ".State.Status").of_scene("container", each).fetch(lab)
            if state != "running":
                raise Missing(lab.fill(f"{each} is not to be changed, and is {state}: docker start {each}"))
        return lab.fill(name)

    return Look(fetch, "docker ps --filter label=course.lab={id}")


def one_of_them(name: str, key: str, told: str) -> Mistake:
    """The answer names this container: what to look at, without telling which it is."""

    def sees(lab: Lab, value: Any) -> bool | Said:
        given = str(value).strip()
        return Said(f"{key}: " + told.replace("NAME", given)) if given == lab.fill(name) else False

    return Mistake(key, told, sees)


ENDS = (
    "look at both ends",
    "`docker exec NAME netstat -ltn` shows where it listens, `docker port NAME` where the port leads.",
)

EXERCISE = Exercise(
    id="06.4",
    title="Four servers, one answer",
    goal="Four containers (`docker ps --filter label=course.lab=06.4`) run a web server each, and are meant to be "
    "reached on port 80 inside. One answers from this computer. Of the others, one is not published, one listens on "
    "its own loopback only, one is published to a port on which nobody listens. Which is which? "
    "Answer with their names: {'answers': ..., 'unpublished': ..., 'loopback': ..., 'nobody': ...}. "
    "Don't change them.",
    seeds={
        "open": Name("tree"),
        "bare": Name("tree"),
        "shy": Name("tree"),
        "lost": Name("tree"),
        "p1": Port(),
        "p2": Port(),
        "p3": Port(),
    },
    scene=Scene(
        commands=(
            (
                SERVE.format("{open}", "-p {p3}:80", "80"),
                SERVE.format("{bare}", "--expose 80", "80"),
                SERVE.format("{shy}", "-p {p1}:80", "127.0.0.1:80"),
                SERVE.format("{lost}", "-p {p2}:8080 --expose 80", "80"),
            ),
        ),
    ),
    owns=tuple(f"container:{name}" for name in FOUR),
    steps=(
        Step("answers", Which("the one that answers", unchanged("{open}"), key="answers")),
        Step(
            "unpublished",
            Which(
                "the one that is not published",
                unchanged("{bare}"),
                key="unpublished",
                mistakes=(
                    one_of_them(
                        "{lost}", "published, elsewhere", "`docker port NAME` shows a port, only another one inside."
                    ),
                ),
            ),
        ),
        Step(
            "loopback",
            Which(
                "the one that listens on its own loopback",
                unchanged("{shy}"),
                key="loopback",
                mistakes=(one_of_them("{lost}", *ENDS), one_of_them("{bare}", *ENDS)),
            ),
        ),
        Step(
            "nobody",
            Which(
                "the one whose port leads to nobody",
                unchanged("{lost}"),
                key="nobody",
                mistakes=(one_of_them("{shy}", *ENDS),),
            ),
        ),
    ),
    answers=FOUND,
    untouched_says="no answer yet",
    right=(
        Right("with slashes and blanks", answers={key: f" /{name}" for key, name in FOUND.items()}),
        Right("as JSON has them", answers={key: f'"/{name}"' for key, name in FOUND.items()}),
        Right(
            "ids, short and long",
            answers={
                key: Output(f"docker ps -q {'--no-trunc' * (key == 'nobody')} --filter name={name}")
                for key, name in FOUND.items()
            },
        ),
        Right(
            "one restarted, others around", ("docker restart -t 0 {shy}", "docker run -d --label course.lab={id} web")
        ),
    ),
    wrong=(
        Wrong(
            "loopback and nobody confused",
            answers={**FOUND, "loopback": "{lost}", "nobody": "{shy}"},
            says="look at both ends",
        ),
        Wrong(
            "took --expose for published",
            answers={**FOUND, "unpublished": "{lost}", "nobody": "{bare}"},
            says="published, elsewhere",
        ),
        Wrong("the wrong one answers", answers={**FOUND, "answers": "{shy}"}, says="the one that answers"),
        Wrong("one named twice", answers={**FOUND, "unpublished": "{open}"}, says="the one that is not published"),
        Wrong("a part of the name", answers={**FOUND, "loopback": "tree"}, says="listens on its own loopback"),
        Wrong("only three found", answers={**FOUND, "nobody": ""}, says="no answer yet"),
        Wrong("removed before", ("docker rm -f {lost}",), answers=FOUND, says="there is no container called {lost}"),
        Wrong(
            "the loopback one mended",
            ("docker rm -f {shy}", "docker run -d --name {shy} -p {p1}:80 busybox httpd -f -p 80"),
            answers=FOUND,
            says="is another container than the one",
        ),
    ),
    minutes=7,
)
