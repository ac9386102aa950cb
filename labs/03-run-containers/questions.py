"""Lesson 03: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "03.p1",
        "The clock gets signal 9 from inside its container. What is the container's state a moment later?",
        ("exited, exit code 137", "running", "exited, exit code 0"),
        "b",
        "Inside its own container, process 1 gets only signals it has a handler for. For signal 9 nobody can have one.",
    ),
    Prediction(
        "03.p2",
        "Somebody types `exit` in a shell that `docker exec -it` opened. What becomes of the container?",
        ("It ends", "It is paused", "It runs on"),
        "c",
        "`exec` starts a second process. The container's life is that of process 1.",
    ),
    Prediction(
        "03.p3",
        "Four texts were written: to standard output, to standard error, to a file, and by `docker exec`. "
        "How many of them will `docker logs` show?",
        ("1", "2", "3", "4"),
        "b",
        "The log is what process 1 and those who inherit its streams write to standard output and standard error.",
    ),
    Prediction(
        "03.p4",
        "`docker stop` asks with SIGTERM. Both images start one worker, which has a handler. Which ends when asked?",
        ('exec form: CMD ["worker"]', 'shell form: CMD worker && echo "..."', "Both", "Neither"),
        "a",
        "In the shell form a shell is process 1: it gets the signal, has no handler, and passes nothing on.",
    ),
    Prediction(
        "03.p5",
        "A container is stopped, then removed. When does its log go?",
        ("At `docker stop`", "At `docker rm`", "Never"),
        "b",
        "Log and files belong to the container: they stay as long as it is there, running or not.",
    ),
)

QUIZZES = (
    Quiz(
        "03.q1",
        "A container ended with exit code 137. What do you know?",
        (
            Choice(
                "It was out of memory",
                "Perhaps. The number does not say so; `.State.OOMKilled` and the events say more.",
            ),
            Choice("Signal 9 ended it, or its program chose that number", "128 + 9, or `exit 137`.", right=True),
            Choice("Somebody typed `docker kill`", "`docker stop` ends so too, after its grace period."),
        ),
    ),
    Quiz(
        "03.q2",
        "Which of these bring a text into `docker logs`?",
        (
            Choice("Process 1 writes it to standard error", "Both streams are kept.", right=True),
            Choice("docker exec CONTAINER echo text", "That goes to the one who called exec."),
            Choice("Process 1 writes it to /var/log/app.log", "A file in the container. The engine does not read it."),
            Choice(
                "docker exec CONTAINER sh -c 'echo text > /proc/1/fd/1'",
                "That is process 1's standard output.",
                right=True,
            ),
        ),
    ),
    Quiz(
        "03.q3",
        "`docker stop` takes ten seconds each time. What is the likely reason?",
        (
            Choice("The engine is slow to remove the files", "`stop` removes no file."),
            Choice("Process 1 does not react to SIGTERM", "So the engine waits, and kills.", right=True),
            Choice(
                "The container has too much to write", "A process with a handler ends when it is done, often at once."
            ),
        ),
    ),
    Quiz(
        "03.q4",
        "You want to look around in a running container, and leave without ending it. Which ways work?",
        (
            Choice("docker exec -it CONTAINER sh, then exit", "It ends the second process only.", right=True),
            Choice("docker attach CONTAINER to its shell, then exit", "That shell is process 1: the container ends."),
            Choice(
                "docker attach CONTAINER, then Ctrl-P Ctrl-Q",
                "Detached: process 1 runs on. (Started with -it.)",
                right=True,
            ),
            Choice("docker run -it IMAGE sh", "That is another container."),
        ),
    ),
)
