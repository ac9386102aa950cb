"""07.4 A client that knows the way."""

from labsupport.exercises.author import *

from ...shared import ENDPOINT, current, engine_of


@look("docker --config client context inspect {name}")
def leads_to(lab: Lab) -> str:
    return engine_of(lab, lab.fill("{name}"))


MAKE = f'docker --config client context create "{{name}}" --docker {ENDPOINT}'
USE = 'docker --config client context use "{name}"'
NOWHERE = MAKE.replace(ENDPOINT, "host=unix:///nowhere.sock")

EXERCISE = Exercise(
    id="07.4",
    title="A client that knows the way",
    goal="`docker --config DIR` takes its settings from another folder. In your working folder, give a client with the "
    "settings `client` a way to this engine: a context called `{name}` that leads to the sandbox, and make it this "
    "client's current one. Then `docker --config client version` reaches the engine in a shell without DOCKER_HOST.",
    seeds={"name": Name("to")},
    steps=(
        Step(
            "context",
            Probe(
                "the context {name} leads to the sandbox",
                leads_to,
                expect.equals("this engine"),
                mistakes=(
                    Mistake(
                        "nobody listens there",
                        "a context is an address; making it asks nobody whether it is right. Compare $DOCKER_HOST.",
                        expect.begins_with("nowhere"),
                    ),
                ),
            ),
        ),
        Step(
            "current",
            State(
                "it is the client's current context",
                current,
                expect.equals("{name}"),
                mistakes=(
                    Mistake(
                        "made, not chosen",
                        "`docker context create` makes it, `docker context use` chooses it (with the same --config).",
                    ),
                ),
            ),
            after="context",
        ),
    ),
    solution=(MAKE, USE),
    right=(
        Right("to nowhere first, then updated", (NOWHERE, USE, MAKE.replace("create", "update"))),
        Right(
            "chosen first, in another variable, others around",
            (
                "export DOCKER_CONFIG=$PWD/client; " + MAKE.replace("--config client ", "").replace("{name}", "other"),
                MAKE.replace(ENDPOINT, "from=default").replace("--config client", "--config $PWD/client/"),
                "cd client && docker --config . context use {name}",
            ),
        ),
        Right(
            "carried over from a client that has it, config.json by hand",
            (
                MAKE.replace("--config client", "--config elsewhere"),
                "docker --config elsewhere context export {name} - >way.tar",
                "docker --config client context import {name} way.tar",
                """echo '{"auths": {}, "currentContext": "{name}"}' >client/config.json""",
            ),
        ),
    ),
    wrong=(
        Wrong("no context", ("docker --config client version",), says="has no context called {name}"),
        Wrong(
            "an address nobody listens at",
            (NOWHERE, USE),
            says="nobody listens there",
        ),
        Wrong("made, not chosen", (MAKE, "echo '{}' > client/config.json"), says="made, not chosen"),
        Wrong("another name", (MAKE.replace("{name}", "course"),), says="has no context called {name}"),
        Wrong(
            "a file that is no settings",
            (MAKE, "rm -rf client/contexts && mkdir -p client/contexts/meta", "echo '[]' >client/config.json"),
            says="has no context called {name}",
        ),
        Wrong(
            "the other one chosen",
            (MAKE, MAKE.replace("{name}", "other"), USE.replace("{name}", "other")),
            says="made, not chosen",
        ),
        Wrong(
            "by the learner's own client",
            (
                MAKE.replace("--config client ", ""),
                USE.replace("--config client ", ""),
                "docker context use default; docker context rm -f {name}",
            ),
            says="has no context called {name}",
        ),
    ),
    minutes=6,
)
