"""Lesson 06's terminal pictures, in the order in which they are recorded."""

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
    Terminal("network", (
        "@docker pull web",
        "docker network create market",
        "docker run -d --name shop --network market web",
        "docker run --rm --network market busybox nslookup shop | grep Name",
        "@docker rm -f shop",
        "docker network rm market",
    )),
    Terminal("cap-drop", (
        "docker run --rm busybox grep CapEff /proc/1/status",
        "docker run --rm --cap-drop ALL busybox grep CapEff /proc/1/status",
        "docker run --rm --cap-drop ALL --cap-add CHOWN busybox grep CapEff /proc/1/status",
    )),
)  # fmt: skip
