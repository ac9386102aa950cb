"""Lesson 07: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "07.p1",
        "Nobody listens at the address in DOCKER_HOST. Which of `docker --version`, `docker help`, `docker context ls` "
        "and `docker ps` still work?",
        ("None of them", "Only `docker --version`", "All but `docker ps`", "All four"),
        "c",
        "Only a command that needs something the engine has must reach it. The rest is in the client's own files.",
    ),
    Prediction(
        "07.p2",
        "The container runs. You send the same start request again. What does the engine answer?",
        ("204 as before", "304, not modified", "409, conflict", "201, and a second container runs"),
        "b",
        "Started is what it should be, and what it is. HTTP has a number for that: nothing was changed.",
    ),
    Prediction(
        "07.p3",
        "The image is there. How many requests will `docker run --rm busybox echo hello` send?",
        ("1", "2", "5", "More than 20"),
        "c",
        "A ping, then create, attach, wait and start. Each step of the command is a request of its own.",
    ),
    Prediction(
        "07.p4",
        "`docker run -d busybox sleep 3600` has returned. Which process is the parent of the `sleep`?",
        ("docker", "dockerd", "containerd", "containerd-shim", "runc"),
        "d",
        "docker and runc have ended. The shim stays with its container, and neither daemon is above it.",
    ),
    Prediction(
        "07.p5",
        "After `docker login`, how is your password kept in the client's config.json?",
        ("Not at all", "As a hash", "Encrypted", "Readable by anyone who can read the file"),
        "d",
        "base64 is a way to write bytes in letters. It hides nothing. A credential helper is the remedy.",
    ),
    Prediction(
        "07.p6",
        "The tag `today` now names the new image. What does the registry give for the old image's digest?",
        ("404, it was replaced", "The old image", "The new image"),
        "b",
        "A push of a tag writes a new manifest and moves the name. The old manifest stays, until somebody deletes it.",
    ),
)

QUIZZES = (
    Quiz(
        "07.q1",
        "`docker pull` fails: the registry's name cannot be resolved. On which machine do you look for the fault?",
        (
            Choice("Where the docker command runs", "The client only passes the name on."),
            Choice("Where dockerd runs", "The daemon fetches: its network, its name service, its proxy.", right=True),
            Choice("Where the container will run", "There is no container in a pull."),
        ),
    ),
    Quiz(
        "07.q2",
        "Which of these does `docker context use` change?",
        (
            Choice("The engine's settings", "The engine is never asked."),
            Choice("A file of the client", "`currentContext` in config.json.", right=True),
            Choice("The address, even if DOCKER_HOST is set", "DOCKER_HOST wins, and the client warns."),
        ),
    ),
    Quiz(
        "07.q3",
        "What are true statements about digests and tags?",
        (
            Choice("A manifest's digest is the SHA-256 of its bytes", "You computed it.", right=True),
            Choice("A registry refuses to move a tag", "Some can be told to. By default a push moves it."),
            Choice("Who pulls by digest can check what was sent", "Hash the answer, compare.", right=True),
            Choice("Two tags can have the same digest", "Two names for one manifest.", right=True),
        ),
    ),
    Quiz(
        "07.q4",
        "A container of yours runs. Which of these processes could you look for in vain?",
        (
            Choice("runc", "It ended when it had started the container.", right=True),
            Choice("containerd-shim", "One stays per container, as its parent."),
            Choice("dockerd", "It serves the next request, and keeps the log."),
            Choice("docker", "With -d the client ended at once.", right=True),
        ),
    ),
)
