"""04.4 The key that was deleted."""

from labsupport.exercises.author import *

PARTS = (
    "mkdir 2 3 4 5; for n in 2 3 4 5; do echo part $n > $n/part-$n; done; "
    "echo {token} > {at}/key.txt; echo {decoy} > 3/key.example"
)
RECIPE = (
    "{ echo FROM busybox; for n in 2 3 4 5; do echo ENV STEP=$n; echo COPY $n/ /srv/; done; "
    'echo RUN rm /srv/key.txt; echo \'CMD ["ls", "/srv"]\'; } > Dockerfile'
)

EXERCISE = Exercise(
    id="04.4",
    title="The key that was deleted",
    goal="Somebody packed the file /srv/key.txt into the image `{image}`, noticed it, and deleted it again: no "
    "container of it shows the file. Which layer brought it (the lowest is number 1), and what is written in it? "
    'Answer {"layer": ..., "key": ...}.',
    seeds={"image": Name("vault"), "at": Pick((2, 3, 4, 5)), "token": Token(10), "decoy": Token(10)},
    scene=Scene(
        prepare=(PARTS, RECIPE, "docker build -q --label course.lab={id} -t {image}:made ."),
        commands=("docker tag {image}:made {image}", "rm -rf 2 3 4 5 Dockerfile"),
    ),
    owns=("image:{image}",),
    steps=(
        Step(
            "layer",
            Answer(
                "the layer that brought /srv/key.txt",
                Look(lambda lab: int(lab.values["at"]), "docker history {image}"),
                key="layer",
                mistakes=(
                    mistakes.answered("6", "the layer that deleted it", "there it is a whiteout: look further down."),
                    Mistake(
                        "a row of the history",
                        "the image has six layers: rows that only change the configuration do not count.",
                        lambda lab, value: int(value) > 6,
                    ),
                ),
            ),
        ),
        Step(
            "key",
            Answer(
                "what is written in it",
                "{token}",
                key="key",
                mistakes=(mistakes.answered("{decoy}", "the example", "that is key.example, which is no secret."),),
            ),
            points=2,
        ),
    ),
    answers={"layer": "{at}", "key": "{token}"},
    right=(
        Right("out of the saved image", (
            "docker save {image} | tar x; python3 -c 'import json; print(*json.load(open(\"manifest.json\"))[0]"
            "[\"Layers\"], sep=chr(10))' > layers",
            "n=0; while read l; do n=$((n+1)); tar tf $l | grep -qx srv/key.txt && echo $n > at && tar xOf $l "
            "srv/key.txt > key; done < layers",
        ), {"layer": Output("cat at"), "key": Output("cat key")}),
        Right("numbers and blanks, the image gone", ("docker rmi {image}",),
              {"layer": " {at} ", "key": " {token}\n"}),
        Right("in capitals, one part after the other", (), {"key": Output("printf %s {token} | tr a-z A-Z"),
                                                         "layer": Output("printf %s.0 {at}")}),
    ),
    wrong=(
        Wrong("all layers", answers={"layer": "2 3 4 5", "key": "{token}"}, says="a number such as 3"),
        Wrong("both keys", answers={"layer": "{at}", "key": "{token} {decoy}"}, says="another answer"),
        Wrong("where it was deleted", answers={"layer": 6, "key": "{token}"}, says="the layer that deleted it"),
        Wrong("a row of the history", answers={"layer": 9, "key": "{token}"}, says="a row of the history"),
        Wrong("the example", answers={"layer": "{at}", "key": "{decoy}"}, says="the example"),
        Wrong("half an answer", answers={"layer": "{at}"}, says="no answer yet"),
    ),
    minutes=10,
)  # fmt: skip
