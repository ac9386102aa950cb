"""Lesson 01's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

PAGE = "http://127.0.0.1:{port}/"

PICTURES = (
    Terminal("dockerfile", ("cat Dockerfile",), folder="files/bill"),
    Terminal("build", ("@docker pull lua:5.4", "docker build -t bill ."), folder="files/bill"),
    Terminal("run-own-image", ("docker run bill",)),
    Terminal("run-d", ("@docker pull busybox", "docker run -d --name box --hostname box busybox sleep 3600")),
    Terminal("exec", ("docker exec box hostname", "docker exec box ls /")),
    Terminal("ps", (
        "docker run -d --name anna busybox sleep 3600",
        "docker run -d --name ben busybox sleep 3600",
        "docker ps",
    )),
    Terminal("stop", ("docker stop -t 1 anna", "docker ps -a --filter name=anna")),
    Terminal("start", ("docker start anna", "docker ps --filter name=anna")),
    Terminal("inspect", ("docker inspect --format '{{json .Config}}' anna | python3 -m json.tool",)),
    Terminal("rm", ("docker rm -f anna", "docker ps -a --filter name=anna")),
    Terminal("run-d-p", (
        "@docker pull web",
        "docker run -d --name page -p {port}:80 web",
        f"@until curl -s -o /dev/null {PAGE}; do sleep 0.1; done",
        f"curl -s {PAGE} | grep '<h1>'",
    )),
)  # fmt: skip
