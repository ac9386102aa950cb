"""Lesson 06: its predictions and quizzes."""

from labsupport.exercises.author import *

PREDICTIONS = (
    Prediction(
        "06.p1",
        "A brand-new volume is mounted over a folder in which the image has a file. What does the container see there?",
        ("Nothing: the volume is empty", "The image's file", "An error: the folder is not empty"),
        "b",
        "An empty volume is filled from the image when a container that mounts it is made.",
    ),
    Prediction(
        "06.p2",
        "Now a folder of this computer, with one file of its own, is mounted over the same place. What is there?",
        ("Only the computer's file", "Both files", "Only the image's file"),
        "a",
        "A bind mount is never filled. It lies on top of what the image has there, and hides it.",
    ),
    Prediction(
        "06.p3",
        "`guest` is on the default bridge, `shop` in a network of its own. `guest` can't find the name `shop`. Will it "
        "get the page if it is told the address?",
        ("Yes: only the name was missing", "No"),
        "b",
        "The packet filter drops what goes from one bridge network to another, also by address. (A published port can "
        "be reached, at the gateway's address.)",
    ),
    Prediction(
        "06.p4",
        "Three containers of one server: `plain` with nothing, `shy` published but listening on 127.0.0.1 in the "
        "container, `open` published and listening everywhere. Which of them can a browser on this computer reach?",
        ("All three", "shy and open", "open only", "plain and open"),
        "c",
        "127.0.0.1 in a container is the container itself; and no port of this computer leads to what is not "
        "published.",
    ),
    Prediction(
        "06.p5",
        "`sleep` is process 1 of a container that may use 16 MiB. `docker exec` starts a program in it that wants "
        "28 MB. What happens?",
        ("The container ends with 137", "The program is killed, the container runs on", "The program waits"),
        "b",
        "The kernel kills one process of the cgroup, usually the biggest. The container ends only with process 1.",
    ),
    Prediction(
        "06.p6",
        "A container as a user without rights, with a read-only root, no capability, no way to gain one. It only has "
        "the engine's socket mounted, and may talk to it. Can it read a file that on the engine's machine only the "
        "engine's own user may read?",
        ("No, nothing is left to do that with", "Yes"),
        "b",
        "It asks the engine, and the engine runs another container for it, with whatever mounts it asks for.",
    ),
)

QUIZZES = (
    Quiz(
        "06.q1",
        "Which of these are still there after `docker rm -f` of the only container that used them?",
        (
            Choice("A named volume", "It lives until `docker volume rm`.", right=True),
            Choice("A tmpfs", "It went with the container's end."),
            Choice("The folder of a bind mount", "It belongs to the computer, not to Docker.", right=True),
            Choice("A file written to / in the container", "That was the container's own layer."),
        ),
    ),
    Quiz(
        "06.q2",
        "`docker run -p 8090:80 IMAGE`, and the page does not come. In the container, `netstat -ltn` shows "
        "127.0.0.1:80. What helps?",
        (
            Choice("-p 127.0.0.1:8090:80", "That chooses an address of this computer, not of the container."),
            Choice("Another EXPOSE in the Dockerfile", "EXPOSE documents; it leads nothing anywhere."),
            Choice("The program listens on 0.0.0.0", "Then eth0 of the container is among its addresses.", right=True),
        ),
    ),
    Quiz(
        "06.q3",
        "`--cpus 0.5` on a computer with eight processors: what does a busy program get?",
        (
            Choice("Half of everything, four processors", "The number counts processors, not a part of all."),
            Choice(
                "50 ms of processor time in each 100 ms, in total",
                "And it waits for the rest of the period.",
                right=True,
            ),
            Choice("Half speed only while others are busy", "That would be --cpu-shares."),
        ),
    ),
    Quiz(
        "06.q4",
        "A monitoring tool asks you to mount /var/run/docker.sock into its container, read-only. What do you give it?",
        (
            Choice("The right to read the list of containers", "The API knows no read-only caller."),
            Choice(
                "What the engine's own user may do, on the whole machine",
                "`:ro` protects the socket's file; what is written through it is not affected.",
                right=True,
            ),
            Choice(
                "Nothing, as long as the tool isn't root in its container",
                "Nobody asks who it is in there: whoever may write to the socket has the engine do it.",
            ),
        ),
    ),
)
