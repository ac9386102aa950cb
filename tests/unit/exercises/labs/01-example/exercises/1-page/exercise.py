"""The worked example of labsupport.exercises."""

from labsupport.exercises.author import Exercise, Name, Port, Probe, State, Step, Wrong, expect, looks, mistakes, probes

EXERCISE = Exercise(
    id="01.1",
    title="A page on your port",
    goal="A container called `{name}` made from the image `web` answers on http://127.0.0.1:{port}/.",
    seeds={"name": Name("shop"), "port": Port()},
    owns=("container:{name}",),
    steps=(
        Step(
            "runs",
            State(
                "{name} runs",
                looks.container("{name}", ".State.Status"),
                expect.equals("running"),
                mistakes=(mistakes.not_started("{name}"), mistakes.exited("{name}")),
            ),
            State(
                "{name} is made from web",
                looks.container("{name}", ".Config.Image"),
                expect.equals("web"),
            ),
        ),
        Step(
            "answers",
            Probe(
                "http://127.0.0.1:{port}/ answers",
                probes.page("{port}"),
                expect.contains("It works"),
                mistakes=(mistakes.swapped_ports("{name}", "{port}"), mistakes.expose_without_publish("{name}")),
            ),
            points=2,
            after="runs",
        ),
    ),
    solution=("docker run -d --name {name} -p {port}:80 web",),
    wrong=(
        Wrong("forgot -p", ("docker run -d --name {name} web",), says="EXPOSE without -p"),
        Wrong("only created", ("docker create --name {name} -p {port}:80 web",), says="created, not started"),
        Wrong(
            "another image",
            (
                "docker run -d --name {name} -p {port}:80 busybox "
                "sh -c 'mkdir /w; echo It works > /w/index.html; httpd -f -h /w'",
            ),
            says="made from web",
        ),
    ),
)
