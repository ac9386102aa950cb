"""Lesson 04: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "04.p1",
        "lua:5.1 is here. lua:5.4 has three layers and about 6 MB, too. How many of its layers will be fetched?",
        ("none", "1", "2", "3"),
        "b",
        "The two lowest are lua:5.1's as well. Only the layer with the other Lua is new.",
    ),
    Prediction(
        "04.p2",
        "calc:1 is a name of lua:5.4. Now somebody types `docker tag lua:5.1 calc:1`. What happens?",
        ("An error: the name is taken", "calc:1 now names lua:5.1, without a word", "calc:1 names both"),
        "b",
        "A tag is a note with an id on it. `docker tag` writes a new note and throws the old one away.",
    ),
    Prediction(
        "04.p3",
        "The image `rows` was built from busybox (one layer) by five instructions: ENV, RUN echo, RUN rm, EXPOSE, "
        "CMD. How many layers has it?",
        ("1", "2", "3", "6"),
        "c",
        "RUN and COPY make layers, ENV, EXPOSE and CMD do not. RUN rm does: a layer without a file, which says what "
        "is gone.",
    ),
    Prediction(
        "04.p4",
        "/bin/busybox has about 2 MB and belongs to the image. A container changes its mode with chmod, a few bits. "
        "How much does the container's own layer grow?",
        ("not at all", "by a few bytes", "by about 2 MB"),
        "c",
        "The image cannot be changed, so the whole file is copied into the container's layer, and the copy is changed.",
    ),
    Prediction(
        "04.p5",
        "heavy:1 has busybox's 2 MB and a file of 20 MB. A container deletes the file and is committed as heavy:2. "
        "How big is heavy:2?",
        ("as big as busybox", "between the two", "as big as heavy:1"),
        "c",
        "It has all layers of heavy:1, and one more that says the file is gone.",
    ),
)

QUIZZES = (
    Quiz(
        "04.q1",
        "`docker images` lists one image with 500 MB and one with 510 MB. How much disk space do the two take?",
        (
            Choice("1010 MB", "Only if they share no layer."),
            Choice("510 MB", "Only if all layers of the smaller one are in the larger one."),
            Choice(
                "That depends on the layers they share",
                "Each layer is stored once; `docker system df -v` tells what is shared.",
                right=True,
            ),
        ),
    ),
    Quiz(
        "04.q2",
        "Which of these always lead to the same image, today and in a year?",
        (
            Choice("lua:5.4", "A tag is moved whenever its owner likes, to a version with a mended bug, for instance."),
            Choice("lua@sha256:...", "A digest is computed from the content.", right=True),
            Choice("the image id", "A checksum, too, for as long as the engine has the image.", right=True),
            Choice("lua:latest", "`latest` is the tag you get when you name none. It need not be the newest."),
        ),
    ),
    Quiz(
        "04.q3",
        "In an engine with a graph driver, a row of `docker history` says 0B. Is it a layer?",
        (
            Choice("Yes, every row is one", "ENV, LABEL, CMD and the like make none."),
            Choice("No, a layer has bytes", "`RUN rm` and `RUN mkdir` make layers without a byte of content."),
            Choice("The size does not tell", "`empty_layer` in the image's configuration does.", right=True),
        ),
    ),
    Quiz(
        "04.q4",
        "A password was copied into an image, and a later layer deletes it. Who can read it?",
        (
            Choice("Nobody: the file is gone", "It is hidden from containers, and still in its layer."),
            Choice("Whoever has the image", "`docker save` and `tar` are enough.", right=True),
            Choice("Only root in a container", "In a container the file is hidden from root as well."),
        ),
    ),
)
