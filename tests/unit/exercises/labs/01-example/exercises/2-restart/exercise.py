"""An answer, and what was done."""

from labsupport.exercises.author import Answer, Did, Exercise, Name, Output, Step, Wrong, expect, looks

EXERCISE = Exercise(
    id="01.2",
    title="Restart it, count its layers",
    goal="Restart a container called `{name}` and answer how many layers `web` has.",
    seeds={"name": Name("bar")},
    owns=("container:{name}",),
    steps=(
        Step(
            "restarted",
            Did("{name} was restarted", looks.events(action="restart", name="{name}"), expect.present()),
        ),
        Step("layers", Answer("how many layers web has", looks.layers("web").then(len))),
    ),
    solution=("docker run -d --name {name} web", "docker restart -t 0 {name}"),
    answers=Output("docker image inspect web --format '{{len .RootFS.Layers}}'"),
    wrong=(
        Wrong("never restarted", ("docker run -d --name {name} web",), says="nothing", answers=2),
        Wrong(
            "history rows counted",
            ("docker run -d --name {name} web", "docker restart -t 0 {name}"),
            says="what your engine says",
            answers=4,
        ),
        Wrong(
            "not a number",
            ("docker run -d --name {name} web", "docker restart -t 0 {name}"),
            says="a number such as 3",
            answers="many",
        ),
    ),
)
