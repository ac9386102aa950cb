"""07.3 What happened to it?"""

from typing import Any

from labsupport.exercises.author import *

from ...shared import in_python

RUN = "docker run -d --label course.lab=07.3 --name"
SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "WINCH": 28}


def seeded(key: str) -> Look:
    """A planted number (an Answer compares numbers as such: 15, "15", 15.0)."""
    return Look(lambda lab: lab.values[key], "docker events")


class Signal(Answer):
    """A signal by its number; its name (`TERM`, `SIGTERM`) is as good."""

    def same(self, given: Any, want: Any) -> bool:
        name = str(given).strip().upper().removeprefix("SIG")
        return super().same(SIGNALS.get(name, given), want)


READY = "until docker logs {name} | grep -q ready; do sleep 0.05; done"
EVENTS = "docker events --since 2m --until $(($(date +%s) + 1)) --filter container={name} --filter event="

EXERCISE = Exercise(
    id="07.3",
    title="What happened to it?",
    goal="The container `{name}` ran a minute ago, and it is gone: `docker ps -a` does not list it, there is no log. "
    "Ask the flight recorder. Which signal was it sent (a number), and with which exit code did it end?",
    seeds={
        "name": Name("lost"), "other": Name("witness"), "signal": Pick((1, 10, 12, 15)), "noise": Pick((2, 3, 28)),
        "code": Pick((21, 33, 44, 52)),
    },
    scene=Scene(
        commands=(
            RUN + " {other} busybox sleep 3600",
            RUN + " {name} busybox sh -c 'trap \"exit {code}\" {signal}; echo ready; while true; do sleep 0.1; done'",
            READY,
            "docker kill --signal {noise} {other}",
            "docker kill --signal {signal} {name} && docker wait {name} && docker rm {name}",
        ),
    ),
    owns=("container:{name}", "container:{other}"),
    steps=(
        Step(
            "signal",
            Signal(
                "the signal it was sent",
                seeded("signal"),
                key="signal",
                mistakes=(
                    mistakes.answered("{noise}", "another container's", "{other} got that one, and runs on."),
                    mistakes.answered("9", "guessed", "not every kill is signal 9: the event kill says which."),
                ),
            ),
        ),
        Step(
            "code",
            Answer(
                "its exit code",
                seeded("code"),
                key="code",
                mistakes=(
                    Mistake(
                        "128 + the signal",
                        "that would be a process without a handler; this one ended with a code of its own. "
                        "The event die has it.",
                        lambda lab, value: int(value) == 128 + lab.values["signal"],
                    ),
                    mistakes.answered("137", "guessed", "the event die has its exit code."),
                ),
            ),
        ),
    ),
    answers={
        "signal": Output(EVENTS + "kill --format '{{.Actor.Attributes.signal}}' | tail -n 1"),
        "code": Output(EVENTS + "die --format '{{.Actor.Attributes.exitCode}}' | tail -n 1"),
    },
    right=(
        Right(
            "over HTTP, everything of the container",
            answers={
                key: Output(
                    in_python(
                        "import time; seen = engine.events(since=1, until=int(time.time()) + 1, decode=True)",
                        "found = [e['Actor']['Attributes'] for e in seen if e['Type'] == 'container']",
                        f"print([a['{name}'] for a in found if a['name'] == '{{name}}' and '{name}' in a][-1], '')",
                    )
                )
                for key, name in (("signal", "signal"), ("code", "exitCode"))
            },
        ),
        Right(
            "the name taken by another in the meantime",
            (
                "docker run -d --name {name} busybox sleep 60",
                "docker kill {name}; docker kill {other}",
                "docker rm {name}",
            ),
            answers={"signal": " {signal} ", "code": "{code}.0"},
        ),
        Right(
            "the signal's name",
            answers={
                "signal": Output("kill -l {signal}"),  # TERM
                "code": "{code}",
            },
        ),
    ),
    wrong=(
        Wrong("guessed", answers={"signal": 9, "code": 137}, says="not every kill is signal 9"),
        Wrong("both in each", answers={"signal": ["{signal}"], "code": "{signal} {code}"}, says="a number such as 3"),
        Wrong("the witness's signal", answers={"signal": "{noise}", "code": "{code}"}, says="another container's"),
        Wrong(
            "reckoned",
            answers={"signal": "{signal}", "code": Output("echo $((128 + {signal}))")},
            says="128 + the signal",
        ),
    ),
    minutes=6,
)  # fmt: skip
