"""Lesson 06's terminal picture."""

from labsupport.lessons.pictures import Terminal

PICTURES = (
    Terminal("volume", (
        "@docker pull busybox",
        "docker volume create pages",
        "docker run --rm -v pages:/book busybox sh -c 'echo \"met Ada today\" > /book/page'",
        "docker run --rm -v pages:/mine busybox cat /mine/page",
        "docker volume ls",
        "docker volume rm pages",
    )),
)  # fmt: skip
