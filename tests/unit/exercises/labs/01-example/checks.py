"""A lesson as its author writes it: the worked example of labsupport.exercises."""

from labsupport.exercises import (
    Answer,
    Choice,
    Did,
    Exercise,
    Name,
    Output,
    Port,
    Prediction,
    Probe,
    Quiz,
    State,
    Step,
    Wrong,
    expect,
    looks,
    mistakes,
    probes,
)

EXERCISES = (
    Exercise(
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
    ),
    Exercise(
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
    ),
)

QUIZZES = (
    Quiz(
        "01.q1",
        "Where do the layers of an image live once a container runs?",
        (
            Choice("copied into the container", "Nothing is copied: the container adds one writable layer on top."),
            Choice("in the image, read-only and shared", "All containers of the image share them.", right=True),
        ),
    ),
)

PREDICTIONS = (
    Prediction(
        "01.p1",
        "How many layers has the image web?",
        happened=looks.layers("web").then(len),
        because="FROM busybox brings one; RUN adds one; EXPOSE and CMD only change the configuration.",
    ),
    Prediction("01.p2", "Does EXPOSE publish a port?", choices=("yes", "no"), happened="b"),
)
