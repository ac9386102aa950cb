"""Lesson 00's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

PICTURES = (
    Terminal("hello-world", ("docker run hello-world",)),
    Terminal("ps-a", (
        "@docker rm $(docker ps -aq)",
        "@docker run --name first hello-world",
        "@docker run --name second hello-world",
        "docker ps -a",
    )),
    Terminal("pull", ("docker pull busybox",)),
    Terminal("images", ("docker images",)),
    Terminal("images-q", ("docker images -q",)),
    Terminal("rm-first", ("docker rm first second", "docker ps -a")),
    Terminal("rmi-all", ("docker rmi -f $(docker images -q)", "docker images")),
)  # fmt: skip
