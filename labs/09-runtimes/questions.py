"""Lesson 09: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "09.p1",
        "A second container is started from the same image. How many processes more does the engine have then, the "
        "container's own not counted?",
        ("None: what is there serves both", "One", "Two", "Four: each of its programs once more"),
        "b",
        "A shim, one for each container. dockerd and containerd serve them all, and runc has ended.",
    ),
    Prediction(
        "09.p2",
        "containerd runs a container from the same image, without dockerd. Which network devices does it have?",
        ("eth0 and lo, as with Docker", "lo alone", "Those of the machine"),
        "b",
        "It gets an empty network namespace. Bridge, address and names are dockerd's work.",
    ),
    Prediction(
        "09.p3",
        "`docker run --rm --runtime diary ...`: how often is the runtime called, and by whom?",
        ("Once, by dockerd", "Once, by the shim", "Several times, by the shim"),
        "c",
        "create, start, and delete when the program has ended: each is a program that runs for a moment.",
    ),
    Prediction(
        "09.p4",
        "dockerd gets SIGKILL, with live-restore off. What becomes of the container's process?",
        (
            "It ends at once, with dockerd",
            "It lives on, and dockerd takes it over when it comes back",
            "It lives on, and ends when dockerd comes back",
        ),
        "c",
        "Nobody was left to stop it; dockerd does so as soon as it is back.",
    ),
    Prediction(
        "09.p5",
        "A container writes line after line while dockerd is gone. What happens?",
        ("The lines are lost", "It writes on, and the lines are kept somewhere", "After a moment it stands still"),
        "c",
        "The pipe on the way to dockerd fills up, and the kernel lets the writer wait.",
    ),
)

QUIZZES = (
    Quiz(
        "09.q1",
        "Why is there a shim for each container?",
        (
            Choice("To make containers start faster", "It is one more process to start."),
            Choice(
                "So that dockerd and containerd can end and come back while the process has a parent",
                "It holds the streams and the exit code meanwhile.",
                right=True,
            ),
            Choice("To isolate the container from the machine", "Namespaces and control groups do; runc set them up."),
        ),
    ),
    Quiz(
        "09.q2",
        "Which of these does dockerd do itself?",
        (
            Choice("Give a container its address and publish its port", "Networks sit in dockerd.", right=True),
            Choice("Create the namespaces of the process", "The runtime does."),
            Choice("Wait for the process and keep its exit code", "The shim does, and passes it up."),
            Choice("Write the log", "It reads the pipe from the shim, and its logging driver writes.", right=True),
        ),
    ),
    Quiz(
        "09.q3",
        "An update restarts dockerd in the usual, orderly way. live-restore is off. What do your containers do?",
        (
            Choice("Run on: the shim is their parent", "The shim makes that possible; the setting decides."),
            Choice("Run on, if a restart policy is set", "They are started anew then: new processes."),
            Choice(
                "They are stopped; those with the restart policy `always` or `unless-stopped` are started anew",
                "Off is the default. (`on-failure` starts only those that did not end with 0.)",
                right=True,
            ),
        ),
    ),
    Quiz(
        "09.q4",
        "What must a program be able to do to take runc's place below the usual shim, as `diary` did?",
        (
            Choice("Answer on a socket when containerd asks", "That is what a shim does. Kata has one of its own."),
            Choice(
                "Understand the command lines create, start, kill, delete ...",
                "As crun and yours do: the shim calls it with runc's words.",
                right=True,
            ),
            Choice("Be written in Go", "crun is C, yours was shell."),
            Choice(
                "Have the command line that the OCI's specification prescribes",
                "It prescribes none: it says what the operations do, and runc's words for them are a habit.",
            ),
        ),
    ),
)
