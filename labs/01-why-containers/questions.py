"""Lesson 01: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "01.p1",
        "The same file, the same command, on the server. What happens?",
        ("It prints the same line", "Lua reports an error", "It prints another sum"),
        "b",
        "The server has a Lua, and it is another one.",
    ),
    Prediction(
        "01.p2",
        "In a shell with the false wc and the other time zone, `docker run --rm report` prints:",
        ("5 words, UTC", "42 words, UTC", "5 words, JST", "42 words, JST"),
        "a",
        "The container's files come from the image, its variables from the image and from `docker run -e`.",
    ),
    Prediction(
        "01.p3",
        "Inside, `sleep` has process number 1. Which number has it for the machine on which the engine runs?",
        ("None: the machine cannot see it", "1 as well", "Another number"),
        "c",
        "A container's process is a process of the machine. Each side counts in a list of its own.",
    ),
    Prediction(
        "01.p4",
        "Dora was stopped. Her note has a new line. When is that line lost?",
        ("It is lost already", "With `docker start`", "With `docker rm`", "Never, it is in the image now"),
        "c",
        "The files a container changed are the container's: they stay while it is stopped, and go when it is removed.",
    ),
    Prediction(
        "01.p5",
        "The image is there. How much longer does the page take than from a web server without a container?",
        ("Less than 2 seconds longer", "About 10 seconds longer", "A minute or more, as a computer that boots"),
        "a",
        "Nothing is installed and nothing boots: a process is started.",
    ),
)

QUIZZES = (
    Quiz(
        "01.q1",
        "What is in the image `bill`?",
        (
            Choice("The program and Lua, but no libraries", "Lua needs the C library; it is in the image as well."),
            Choice("The program, Lua, and the libraries Lua needs", "All that it needs but the kernel.", right=True),
            Choice("A small operating system with its own kernel", "No kernel: containers use the machine's."),
        ),
    ),
    Quiz(
        "01.q2",
        "Which of these will change what a container of `report` prints?",
        (
            Choice("Another version of wc on your computer", "The container sees the wc of its image."),
            Choice("docker run -e TZ=JST-9 report", "Variables given to docker run reach the container.", right=True),
            Choice("Building the image again from a changed text.txt", "The text is in the image.", right=True),
            Choice("export TZ=JST-9 before docker run", "That reaches the client, not the container."),
        ),
    ),
    Quiz(
        "01.q3",
        "A container was stopped. What is there of it?",
        (
            Choice("Its processes, paused", "Stopping ends them. `docker pause` would pause them."),
            Choice("Its files and its settings", "They stay until `docker rm`.", right=True),
            Choice("Nothing", "`docker ps -a` shows it, and `docker start` starts it with the files it had."),
        ),
    ),
)
