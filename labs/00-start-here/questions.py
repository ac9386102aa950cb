"""Lesson 00: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "00.p1",
        "You have no image called hello-world. What does `docker run hello-world` do?",
        ("It fails: there is no such image", "It fetches the image, then runs it", "It asks whether to fetch it"),
        "b",
        "`run` is short for: pull the image if it is missing, create a container from it, start that.",
    ),
    Prediction(
        "00.p2",
        "The address of the engine now leads nowhere. Which of `docker --version` and `docker version` still works?",
        ("Both", "Neither", "Only `docker --version`", "Only `docker version`"),
        "c",
        "`docker --version` is the client speaking about itself. `docker version` also asks the engine.",
    ),
    Prediction(
        "00.p3",
        "A container in which you are root gets your whole computer as /host. Can it make a file in /host/etc?",
        ("Yes, root may do anything", "No, the file system is read-only there", "Only if you are root outside, too"),
        "b",
        "This engine sees your computer's disk read-only. On an ordinary engine the answer is a).",
    ),
    Prediction(
        "00.p4",
        "`docker rmi -f $(docker images -q)` removes every image the engine has. What happens to the images of an "
        "engine of your own on this computer, if it has one?",
        ("They are removed as well", "Nothing: it is another engine", "Only those of the same name are removed"),
        "b",
        "Images belong to an engine. The client asked the engine at $DOCKER_HOST, and that is the sandbox's.",
    ),
)

QUIZZES = (
    Quiz(
        "00.q1",
        "`docker ps` says: Cannot connect to the Docker daemon. What is certain?",
        (
            Choice("The `docker` command is installed and works", "It is what printed the message.", right=True),
            Choice("All containers have stopped", "Nobody could ask. They may run on an engine out of reach."),
            Choice("No engine answers at the address the client uses", "That is what the message says.", right=True),
            Choice("The images are gone", "Images are the engine's; a client that reaches none knows nothing of them."),
        ),
    ),
    Quiz(
        "00.q2",
        "You ran `docker run hello-world` three times. What is there now?",
        (
            Choice("Three images and three containers", "The image is fetched once; a second run finds it there."),
            Choice("One image and no container", "A container stays after its program has ended, until it is removed."),
            Choice("One image and three containers", "Each run makes a new container from the one image.", right=True),
        ),
    ),
)
