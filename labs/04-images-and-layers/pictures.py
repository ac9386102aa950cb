"""Lesson 04's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

OWN = "docker ps -s --format 'table {{.Names}}\\t{{.Size}}'"

PICTURES = (
    Terminal("images-q-no-trunc", ("@docker pull busybox", "@docker pull web", "docker images -q --no-trunc")),
    Terminal("already-exists", ("@docker pull lua:5.1", "docker pull lua:5.4")),
    Terminal("history", ("docker history lua:5.4",)),
    Terminal("copy-on-write", (
        "@docker run -d --name anna lua:5.4 sleep 3600",
        "@docker run -d --name ben lua:5.4 sleep 3600",
        "docker exec anna chmod 700 /bin/busybox",
        "docker diff anna",
        OWN,
    )),
    Terminal("commit", (
        "@docker run --name kitchen busybox sh -c 'echo soup > /menu'",
        'docker commit -m "soup on the menu" $(docker ps -aq --filter name=kitchen) inn:1',
        "docker history inn:1",
        "docker run --rm inn:1 cat /menu",
    )),
    Terminal("save-load", (
        "docker save -o inn.tar inn:1",
        "docker rmi inn:1",
        "docker load -i inn.tar",
        "@rm inn.tar",
    )),
    Terminal("rmi", ("docker tag inn:1 hotel:1", "docker rmi -f $(docker images -q inn:1)")),
)  # fmt: skip
