"""Lesson 08: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "08.p1",
        "An image is `busybox` plus one layer, made by `RUN rm /bin/vi`. How does that layer say that vi is gone?",
        (
            "It holds all files of the image except vi",
            "It holds an empty file with a special name",
            "The manifest has a list of removed files",
        ),
        "b",
        "A layer can only add entries, so removal is an entry, too: `.wh.vi`, a whiteout.",
    ),
    Prediction(
        "08.p6",
        "Both layers are applied in the folder `trial`, one after the other. "
        "What does the file `letter` beside it say?",
        (
            "`mine, and in no image`: it is outside of the folder",
            "`of the image`: the second layer was written through the link",
            "Nothing: an error ends the unpacking",
        ),
        "b",
        "Opened for writing, a symbolic link is the file it leads to.",
    ),
    Prediction(
        "08.p2",
        "The layer is stored in the engine, under its right name. Now the archive with the wrong bytes is loaded. "
        "What does the engine say, and what does a container print?",
        ("Refused", "Loaded; a container prints Jello", "Loaded; a container prints Hello"),
        "c",
        "Layers are found by their digest. One it has already, the engine does not take again.",
    ),
    Prediction(
        "08.p3",
        "The manifest is sent to the registry before its layer and its config. What does the registry answer?",
        ("201, created", "202, accepted: the rest may come later", "400, an error"),
        "c",
        "This registry, like most, refuses a manifest that names blobs it does not have (the specification permits "
        "it): what it hands out can be pulled whole.",
    ),
    Prediction(
        "08.p4",
        "`runc create` has ended without an error. Has the program in the container run?",
        ("Yes, and it ended", "Yes, it still runs", "No"),
        "c",
        "After `create` all walls stand, and in them waits runc's own process. `start` lets it become your program.",
    ),
    Prediction(
        "08.p5",
        "A container is created. Then somebody edits its program in rootfs. Then it is started. Which text comes?",
        ("The old one: create has read it", "The new one", "Neither: runc notices and refuses"),
        "b",
        "The program is opened when it is started. A digest protects an image on its way, and no longer the files of a "
        "bundle.",
    ),
)

QUIZZES = (
    Quiz(
        "08.q1",
        "A layer is compressed again, a little better than before. What changes?",
        (
            Choice("Its digest in the manifest", "It names the blob as it is stored.", right=True),
            Choice("Its diff_id in the config", "It names the archive before compression, which is the same."),
            Choice("The digest of the manifest", "The manifest has other bytes now.", right=True),
            Choice("The files in a container", "They come from the same archive."),
        ),
    ),
    Quiz(
        "08.q2",
        "Which of these has the Open Container Initiative specified?",
        (
            Choice("How an image is laid out", "The image specification.", right=True),
            Choice("How an image is fetched over HTTP", "The distribution specification.", right=True),
            Choice("The Dockerfile", "It is Docker's; builders other than Docker's read it, too."),
            Choice("How Kubernetes talks to a node's engine", "That is CRI, and it is Kubernetes' own."),
            Choice("How a container is started from a bundle", "The runtime specification.", right=True),
        ),
    ),
    Quiz(
        "08.q3",
        "Where in this lesson was a changed byte noticed?",
        (
            Choice("By the JSON schema", "It knows what a digest looks like, and not which one is right."),
            Choice("By the registry, at the upload", "It computes the digest of what comes.", right=True),
            Choice("By `docker load` of a layer it did not have", "It computes the digest.", right=True),
            Choice("By `docker load` of a layer it had", "It did not look at the bytes."),
            Choice("By runc, in the bundle", "A runtime knows no digests."),
        ),
    ),
    Quiz(
        "08.q4",
        "A tag such as `latest` is moved to another image in the registry. What can somebody do who must have the same "
        "image tomorrow?",
        (
            Choice("Pull by digest, name@sha256:...", "A digest can only ever mean those bytes.", right=True),
            Choice("Ask for the tag again with HEAD", "It gives the new digest."),
            Choice("Nothing", "The old manifest is there as long as the registry keeps it, under its digest."),
        ),
    ),
)
