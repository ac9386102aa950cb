"""Lesson 05's terminal pictures, in the order in which they are recorded."""

from labsupport.lessons.pictures import Terminal

COPIES = (
    "@rm -rf /tmp/slow /tmp/moved && cp -r . /tmp/slow && cp -r . /tmp/moved"
    " && mv /tmp/moved/moved.Dockerfile /tmp/moved/Dockerfile"
)
HEALTH = "docker inspect --format '{{.State.Health.Status}}' till"


def until(status: str) -> str:
    return f'@until [ "$({HEALTH})" = {status} ]; do sleep 0.1; done'


PICTURES = (
    Terminal("rebuild-slow", (
        "@docker pull lua:5.4",
        COPIES,
        "@docker build -t primes /tmp/slow",
        "echo '-- a comment' >> /tmp/slow/factor.lua",
        "docker build -t primes /tmp/slow",
    ), folder="files/primes"),
    Terminal("rebuild", (
        "@docker build -t primes /tmp/moved",
        "echo '-- a comment' >> /tmp/moved/factor.lua",
        "docker build -t primes /tmp/moved",
    )),
    Terminal("stages", (
        "cat stages.Dockerfile",
        "@docker build -t primes:tiny -f stages.Dockerfile .",
        "docker images primes",
        "docker run primes:tiny 2027",
        "@rm -rf /tmp/slow /tmp/moved",
    ), folder="files/primes"),
    Terminal("health", (
        "@docker build -t clinic .",
        "docker run -d --name till clinic",
        HEALTH,
        until("healthy"),
        "docker ps --filter name=till",
        "docker exec till mv /www /gone",
        until("unhealthy"),
        "docker ps --filter name=till",
    ), folder="files/clinic"),
)  # fmt: skip
