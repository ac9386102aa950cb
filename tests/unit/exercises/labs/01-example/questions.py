"""What the example lesson asks."""

from labsupport.exercises.author import Choice, Prediction, Quiz, looks

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
