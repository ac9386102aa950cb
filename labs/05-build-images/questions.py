"""Lesson 05: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "05.p1",
        "One character of factor.lua is changed. Which instructions of the first Dockerfile run again?",
        ("COPY factor.lua alone", "COPY factor.lua and those below it", "All but FROM"),
        "b",
        "From the first miss on, nothing is taken from the cache: each step stands on the one above it.",
    ),
    Prediction(
        "05.p2",
        "`touch factor.lua` gives the file a new date and the same content. What does the next build do again?",
        ("COPY factor.lua, and what is below it", "Nothing"),
        "b",
        "The key of a COPY is made from names, contents and permissions of the files. Their dates are left out.",
    ),
    Prediction(
        "05.p3",
        "How many layers does this image have above those of busybox?",
        ("4", "6", "11"),
        "a",
        "WORKDIR (it made a folder), COPY, ADD and RUN changed files. The other seven changed the configuration.",
    ),
    Prediction(
        "05.p4",
        'ENTRYPOINT ["echo", "we have"] and CMD ["tea"]. What does `docker run --rm say:both coffee` print?',
        ("we have tea coffee", "we have coffee", "an error: no program called coffee"),
        "b",
        "Arguments take the place of CMD; what is left of the two lists is put together.",
    ),
    Prediction(
        "05.p5",
        "A token was used in one RUN, as a build argument, and written to no file. Can the image's users read it?",
        ("No: no layer holds it", "Yes"),
        "b",
        "The history says which arguments a RUN was given, and the history is part of the image.",
    ),
)

QUIZZES = (
    Quiz(
        "05.q1",
        "A Dockerfile copies `needs.txt`, installs what it names, then copies the source. Which change makes "
        "the next "
        "build install again?",
        (
            Choice("A line of the source", "That COPY is below the installation."),
            Choice("A line of needs.txt", "Its COPY is above the installation, and its key changes.", right=True),
            Choice("A newer version of something that needs.txt names", "The key of a RUN is its text, not what it "
                   "would fetch: it stays cached until you say `--no-cache`."),
            Choice("A new date of needs.txt", "Dates are not part of the key."),
        ),
    ),
    Quiz(
        "05.q2",
        "Which of these leave a layer behind?",
        (
            Choice("RUN rm -rf /cache", "A layer that hides files; the image gets no smaller.", right=True),
            Choice("ENV MODE=test", "The configuration only."),
            Choice("COPY app.lua /app/", "Files changed.", right=True),
            Choice("EXPOSE 80", "A note in the configuration; it publishes nothing."),
        ),
    ),
    Quiz(
        "05.q3",
        "A container is `unhealthy`. What does the engine do about it, by itself?",
        (
            Choice("It restarts the container", "A restart policy looks at the end of process 1, not at its health."),
            Choice("It stops the container", "It runs on."),
            Choice("It says so, in `docker ps` and in an event", "What follows is up to whoever listens.", right=True),
        ),
    ),
    Quiz(
        "05.q4",
        "A build needs a password. Which ways keep it out of the image that is handed on?",
        (
            Choice("RUN --mount=type=secret", "It is there during that RUN, and in no layer.", right=True),
            Choice("ARG, and nothing written to a file", "The history holds the value."),
            Choice("COPY, and RUN rm in the next line", "The layer of the COPY holds it."),
            Choice("ARG in a stage of which only the result is copied", "The last stage has a history and layers of "
                   "its own. (Who can read your builder's cache still finds it.)", right=True),
        ),
    ),
)  # fmt: skip
