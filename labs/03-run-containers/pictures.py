"""Lesson 03's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

TALK = '\'echo "oven on"; sleep 4; echo "cake ready"; sleep 3600\''

PICTURES = (
    Terminal("run-it", (
        "@docker pull busybox",
        ("docker run -it --rm --hostname box busybox sh", "hostname", "ps", "exit"),
    )),
    Terminal("exec-it", (
        "@docker run -d --name desk --hostname desk busybox sleep 3600",
        ("docker exec -it desk sh", "hostname", "ps aux", "exit"),
        "docker ps --filter name=desk",
    )),
    Terminal("container-ls", (
        "@docker run -d --name anna busybox sleep 3600",
        "docker container ls",
    )),
    Terminal("logs", (
        f"docker run -d --name oven busybox sh -c {TALK}",
        "@until docker logs oven | grep ready; do sleep 0.1; done",
        "docker logs oven",
    )),
    Terminal("logs-since", ("docker logs --since 3s oven", "docker logs --timestamps oven")),
    Terminal("run-p", ("@docker pull web", ("docker run --rm -p {port}:80 web", "^C"))),
    Terminal("kill", (
        "docker kill anna",
        "docker wait anna",
        "docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' anna",
    )),
    Terminal("prune", ("@docker kill oven", "docker container prune -f", "docker ps -a")),
)  # fmt: skip
