"""Lesson 02's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

PICTURES = (
    Terminal("ps-aux", (
        "@docker run -d --name box busybox sleep 3600",
        "docker exec box ps aux",
        "docker run --rm --pid host busybox ps aux | grep 'root *sleep 3600' | tail -1",
    )),
)  # fmt: skip
